"""The receiver as tests hold it: the real app, a real ledger, the embedded broker, a clock moved by hand.

Zendesk's side signs with its own few lines, so that a misunderstanding in ours cannot hide.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection
from werkzeug.test import TestResponse

from bridge.broker.contract import Broker, Outgoing, Publisher
from bridge.broker.embedded import EmbeddedBroker
from bridge.clock import Clock
from bridge.directory import Directory
from bridge.errors import Unavailable
from bridge.ledger import installations
from bridge.ledger.engine import open_engine
from bridge.ledger.hasty import HastyLedger
from bridge.ledger.ledger import Ledger, answers
from bridge.ledger.tables import metadata
from bridge.rate_board import RateBoard
from bridge.remotes.accounts import Remotes
from bridge.vault import Vault
from receiver.app import create_app
from receiver.console.parts import ConsoleParts
from receiver.parts import Parts
from receiver.sidebar.parts import SidebarParts
from schemas.event import Event, from_bytes
from schemas.installation import InstallationSettings, SailthruAccount, ZendeskAccount
from tests.payloads import SECRET, SIGNED_AT

JSON = "application/json; charset=utf-8"
METRICS_TOKEN = "a token that only prometheus has"


@dataclass
class HandClock:
    """A clock that only the test moves."""

    at: datetime = SIGNED_AT
    seconds: float = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds


class LeavingLedger(Ledger):
    """A ledger that can be away, and counts how often it was read."""

    is_away = False
    readings = 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        if self.is_away:
            raise Unavailable("ledger", "gone")
        self.readings += 1
        with super().reading() as connection:
            yield connection


@dataclass
class LeavingAcceptance:
    """Publishes to a real broker; `vice` makes it fail, `way` is what it says else."""

    publisher: Publisher
    vice: Exception | None = None
    way: str = "published"

    def keep(self, outgoing: Outgoing) -> str:
        if self.vice is not None:
            raise self.vice
        self.publisher.publish(outgoing)
        return self.way


def settings(*secrets: str) -> InstallationSettings:
    """An installation's settings with these webhook secrets."""
    return InstallationSettings(
        ZendeskAccount("https://acme.zendesk.com", "client", "secret", webhook_secrets=tuple(secrets)),
        SailthruAccount("https://api.sailthru.com", "key", "secret"),
    )


def signed(body: bytes, *, secret: str = SECRET, timestamp: str = "2026-11-22T09:55:18Z") -> dict[str, str]:
    """The headers with which Zendesk sends that body."""
    mac = hmac.new(secret.encode(), timestamp.encode("latin-1") + body, hashlib.sha256)
    return {
        "X-Zendesk-Webhook-Signature": base64.b64encode(mac.digest()).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
        "Content-Type": JSON,
    }


@dataclass
class Door:
    """Speaks the domain: send a delivery, look at what was kept."""

    client: FlaskClient
    clock: Any  # moved by hand, where a test does not hand in its own
    ledger: LeavingLedger
    vault: Vault
    broker: Broker
    acceptance: LeavingAcceptance
    parts: Parts
    away: set[str] = field(default_factory=set)

    def send(
        self, body: bytes | dict[str, Any], *, hook: str = "acme/zendesk/events", **how: Any
    ) -> TestResponse:
        """Send a body, signed well unless `headers` says otherwise."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = how.pop("headers", None)
        return self.client.post(
            f"/hooks/{hook}", data=raw, headers=signed(raw) if headers is None else headers, **how
        )

    def kept(self) -> list[Event]:
        """Every event that stands in the broker; taking removes it."""
        found: list[Event] = []
        consumer = self.broker.consumer()
        while messages := consumer.take(0):
            found.extend(from_bytes(message.body) for message in messages)
            consumer.acknowledge(messages)
        consumer.close()
        return found

    def add(self, name: str, *secrets: str) -> None:
        """Keep one more installation."""
        with self.ledger.writing() as connection:
            installations.add(
                connection, self.vault, name=name, settings=settings(*secrets), at=self.clock.now()
            )

    def give_secrets(self, name: str, *secrets: str) -> None:
        """Replace the webhook secrets of an installation."""
        with self.ledger.writing() as connection:
            found = installations.by_name(connection, self.vault, name=name)
            assert found is not None
            given = replace(found.settings, zendesk=replace(found.settings.zendesk, webhook_secrets=secrets))
            installations.replace(connection, self.vault, id=found.id, settings=given, at=self.clock.now())

    def give_sailthru(self, name: str, key: str, secret: str) -> None:
        """Replace the Sailthru account of an installation."""
        with self.ledger.writing() as connection:
            found = installations.by_name(connection, self.vault, name=name)
            assert found is not None
            account = replace(found.settings.sailthru, api_key=key, api_secret=secret)
            given = replace(found.settings, sailthru=account)
            installations.replace(connection, self.vault, id=found.id, settings=given, at=self.clock.now())


def open_door(folder: Path, *, secrets: Sequence[str] = (SECRET,), clock: Clock | None = None) -> Door:
    """A receiver with one installation, `acme`."""
    clock = clock or HandClock()
    ledger = LeavingLedger(open_engine(f"sqlite:///{folder / 'bridge.db'}"), clock)
    metadata.create_all(ledger.engine)
    vault, broker, numbers = Vault(["x" * 32]), EmbeddedBroker(ledger), itertools.count(1)
    acceptance, away = LeavingAcceptance(broker.publisher()), set[str]()
    parts = Parts(
        directory=Directory(ledger, vault),
        acceptance=acceptance,
        clock=clock,
        new_id=lambda: f"fresh-{next(numbers)}",
        broker_answers=lambda: "broker" not in away,
        ledger_answers=lambda: answers(ledger),
        sidebar=sidebar_parts(ledger, clock),
        console=console_parts(ledger, clock, vault, broker),
        metrics_token=METRICS_TOKEN,
    )
    client = create_app(parts).test_client()
    door = Door(client, clock, ledger, vault, broker, acceptance, parts, away)
    door.add("acme", *secrets)
    return door


def sidebar_parts(ledger: Ledger, clock: Clock) -> SidebarParts:
    """What the sidebar stands on."""
    return SidebarParts(ledger, Remotes(clock=clock, on_rate=RateBoard().put), secret_keys=["x" * 32])


def console_parts(ledger: Ledger, clock: Clock, vault: Vault, broker: Broker) -> ConsoleParts:
    """What the console stands on."""
    return ConsoleParts(
        HastyLedger(ledger),
        broker,
        broker.publisher(),
        Directory(ledger, vault),
        Remotes(clock=clock, on_rate=RateBoard().put),
        clock,
        secret_keys=["x" * 32],
    )


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """Lend a receiver with one installation, `acme`, whose secret is that of the recorded payloads."""
    opened = open_door(tmp_path)
    yield opened
    opened.broker.close()
    opened.ledger.engine.dispose()
