"""An agent's seat: the sidebar beside a whole bridge, with stand-ins for both systems behind it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.broker.embedded import EmbeddedBroker
from bridge.directory import Directory
from bridge.ledger import installations
from receiver.app import create_app
from receiver.parts import Parts
from receiver.sidebar.parts import SidebarParts
from sandbox import Sandbox
from schemas.event import Event, from_bytes
from tests.consumers.world import SECRET, ManualClock, World
from tests.receiver.door import LeavingAcceptance, console_parts
from tests.receiver.sidebar.desk import AUDIENCE, KEY, about, public_pem, rs256
from tests.scenarios.story import Story

AGENT = 123


@dataclass
class Seat:
    """Speaks the domain: look at a customer, act, see what came of it."""

    story: Story
    parts: Parts
    acceptance: LeavingAcceptance
    client: FlaskClient
    token: str = ""
    _clicks: itertools.count[int] = field(default_factory=itertools.count)

    def sit(self, agent: int | None = AGENT) -> None:
        """Zendesk opens the page for this agent."""
        self.token = self.opened(agent)

    def opened(self, agent: int | None = AGENT) -> str:
        now = int(self.story.clock.now().timestamp())
        url = self.story.zendesk.url
        claims = {"aud": AUDIENCE, "iss": urlsplit(url).netloc, "iat": now, "exp": now + 120}
        if agent is not None:
            claims["sub"] = f"{url}/api/v2/users/{agent}.json"
        response = self.client.post("/sidebar/acme", data={"token": rs256(claims)})
        return str(about(response)["token"])

    def call(self, method: str, path: str, **how: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.open(f"/sidebar/acme/api/{path}", method=method, headers=headers, **how)

    def look(self, user: int, *, fresh: bool = False) -> dict[str, Any]:
        """The customer as the page draws it."""
        response = self.call("GET", f"customer?user={user}&ticket=1{'&fresh=1' if fresh else ''}")
        assert response.status_code == 200, response.text
        return dict(response.json or {})

    def lists(self) -> list[str]:
        """The lists that the page offers."""
        response = self.call("GET", "lists")
        assert response.status_code == 200, response.text
        return list((response.json or {})["names"])

    def ask(self, user: int, kind: str, value: Any = None, **changed: Any) -> TestResponse:
        """One click."""
        body = {
            "key": f"click-{next(self._clicks):04}",
            "user": user,
            "kind": kind,
            "value": value,
            **changed,
        }
        return self.call("POST", "actions", json=body)

    def act(self, user: int, kind: str, value: Any = None, **changed: Any) -> dict[str, Any]:
        """One click that is accepted."""
        response = self.ask(user, kind, value, **changed)
        assert response.status_code == 202, response.text
        return dict((response.json or {})["action"])

    def published(self) -> list[Event]:
        """What stands in the queues; taking removes it."""
        consumer = EmbeddedBroker(self.story.world.ledger).consumer()
        found: list[Event] = []
        while messages := consumer.take(0):
            found.extend(from_bytes(message.body) for message in messages)
            consumer.acknowledge(messages)
        consumer.close()
        return found

    def read_calls(self) -> list[Any]:
        """What was read in Sailthru of profiles."""
        return list(self.story.sailthru.calls.matching("GET", "/user"))


def seat_at(story: Story) -> Seat:
    """A receiver beside the story's bridge."""
    world = story.world
    settings = world.installation.settings
    zendesk = replace(settings.zendesk, app_public_key=public_pem(KEY), app_audience=AUDIENCE)
    world.installation = replace(world.installation, settings=replace(settings, zendesk=zendesk))
    with world.ledger.writing() as connection:
        installations.replace(
            connection,
            world.vault,
            id=world.installation.id,
            settings=world.installation.settings,
            at=world.clock.now(),
        )
    broker = EmbeddedBroker(world.ledger)
    acceptance = LeavingAcceptance(broker.publisher())
    parts = Parts(
        directory=Directory(world.ledger, world.vault),
        acceptance=acceptance,
        clock=world.clock,
        new_id=lambda: "fresh",
        broker_answers=lambda: True,
        ledger_answers=lambda: True,
        sidebar=SidebarParts(world.ledger, world.remotes, secret_keys=[SECRET], reads_at_once=2),
        console=console_parts(world.ledger, world.clock, world.vault, broker),
    )
    seat = Seat(story, parts, acceptance, create_app(parts).test_client())
    seat.sit()
    return seat


@pytest.fixture
def seats(tmp_path: Path) -> Iterator[Any]:
    """Opens seats with the options of an installation."""
    worlds: list[World] = []

    def open_one(**options: Any) -> Seat:
        clock = ManualClock()
        box = Sandbox.start(now=clock.now)
        world = World.make(tmp_path / str(len(worlds)), box, clock, **options)
        worlds.append(world)
        world.listen()
        return seat_at(Story(world))

    yield open_one
    for world in worlds:
        world.remotes.close()
        world.box.stop()
        world.ledger.engine.dispose()


@pytest.fixture
def seat(seats: Any) -> Seat:
    opened: Seat = seats()
    return opened
