"""Two installations in one ledger: the trouble of one is not the other's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

import pytest

from bridge.clock import to_micros
from bridge.ledger import directions, installations, tables
from bridge.ledger.directions import HALTED, Direction
from bridge.ledger.installations import Installation
from consumers.preparing import Job
from consumers.pusher import Pusher
from sandbox import Sandbox
from schemas.event import Event
from schemas.zendesk_events import read_delivery
from tests.consumers.world import settings_for
from tests.scenarios.conftest import Open
from tests.scenarios.story import Story


@pytest.fixture
def other_box(story: Story) -> Iterator[Sandbox]:
    with Sandbox.start(now=story.clock.now, seed=9) as box:
        yield box


@pytest.fixture
def other(story: Story, other_box: Sandbox) -> Installation:
    """A second pair of accounts, `globex`, in the same ledger."""
    with story.world.ledger.writing() as connection:
        settings = settings_for(other_box, create_profiles=True)
        return installations.add(
            connection, story.world.vault, name="globex", settings=settings, at=story.clock.now()
        )


def told_by(box: Sandbox, number: int, story: Story) -> Event:
    body = box.zendesk.render("user.created", number).body
    (event,) = read_delivery(body, installation="globex", received_at=story.clock.now()).events
    return event


@pytest.mark.parametrize("status", [503, 401])
def test_a_sailthru_in_trouble_stops_only_its_own_installation(
    story: Story, other: Installation, other_box: Sandbox, status: int
) -> None:
    ann = story.person("ann@example.com")
    body = {"error": 3, "errormsg": "Invalid key"} if status == 401 else None
    story.sailthru.faults.answer(status, body, path="/user", times=None)
    story.clock.move(10)
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    story.later(600)
    # The other one is served at once, meanwhile
    bob = other_box.zendesk.create_user("bob@example.com", created_at=story.clock.now()).id
    story.world.publish([told_by(other_box, bob, story)])
    story.world.work()
    profile = other_box.sailthru.profile("bob@example.com")
    assert profile is not None
    assert profile.vars["zendesk_id"] == bob
    assert other.name == "globex"
    assert story.letters() == []
    # And the first one goes on by itself
    story.sailthru.faults.clear()
    story.later(70)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]


def test_a_zendesk_in_trouble_stops_only_its_own_readings(
    story: Story, other: Installation, other_box: Sandbox
) -> None:
    story.zendesk.faults.answer(401, {"error": "invalid_token"}, times=None)
    story.sailthru.create_profile("ann@example.com")
    ann = story.stranger("ann@example.com")
    story.publish(story.zendesk.render("user.created", ann).body)
    story.world.work()
    story.later(300)
    bob = other_box.zendesk.create_user("bob@example.com", created_at=story.clock.now()).id
    story.world.publish([told_by(other_box, bob, story)])
    story.world.work()
    assert other_box.sailthru.profile("bob@example.com") is not None
    assert story.letters() == []
    story.zendesk.faults.clear()
    story.later(120)
    assert story.world.vars("ann@example.com")["zendesk_id"] == ann
    assert other.name == "globex"


def test_events_of_a_removed_installation_are_nobodys(
    story: Story, other: Installation, other_box: Sandbox
) -> None:
    ann = story.person("ann@example.com")
    bob = other_box.zendesk.create_user("bob@example.com").id
    event = told_by(other_box, bob, story)
    with story.world.ledger.writing() as connection:
        installations.remove(connection, id=other.id, at=story.clock.now())
    story.clock.move(10)
    story.zendesk.add_tags(ann.id, ["vip"])
    good = story.world.told()
    story.world.publish([event, replace(event, id="another", installation="never-known"), *good])
    story.world.work()
    story.later(60)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert other_box.sailthru.calls.count() == 0
    assert other_box.zendesk.calls.count() == 0
    assert story.letters() == []
    assert [depth.depth for depth in story.world.depths()] == [0] * 6


def test_what_is_owed_to_a_removed_installation_is_not_sent(open_story: Open) -> None:
    story = open_story()
    ann = story.person("ann@example.com")
    story.clock.move(10)
    story.sailthru.faults.answer(503, None, path="/user", times=None)
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    with story.world.ledger.writing() as connection:
        installations.remove(connection, id=story.world.installation.id, at=story.clock.now())
    story.sailthru.faults.clear()
    story.clock.move(10)
    story.forget()
    story.later(600)
    assert story.calls() == (0, 0, 0)


class HeldPool(Executor):
    """Takes calls, and makes none of them: as slow as a Sailthru can be."""

    def __init__(self) -> None:
        self.calls: list[Job] = []

    def submit(self, _call: Callable[..., Any], /, *args: Any, **_kwargs: Any) -> Future[Any]:
        self.calls.append(args[0])
        return Future()


def many_owed(story: Story, installation: Installation, count: int) -> None:
    """So many linked customers whose vars changed."""
    now = to_micros(story.clock.now())
    row = {"state": "ok", "read_at": now, "seen_at": now, "owed": True, "owed_at": now, "due_at": now}
    rows = [
        {"installation_id": installation.id, "zendesk_id": 5000 + number, "sid": f"{number:024}", **row}
        for number in range(count)
    ]
    with story.world.ledger.writing() as connection:
        connection.execute(tables.customers.insert(), rows)


def test_a_slow_sailthru_never_has_all_the_calls_while_there_are_others(
    story: Story, other: Installation
) -> None:
    # given a pusher all of whose calls would be taken by one installation
    process, pool = story.world.processes[-1], HeldPool()
    pusher = Pusher(process.pusher.parts, pool, size=8)
    story.later(5)
    many_owed(story, story.world.installation, 40)
    for _ in range(3):
        pusher.step()
    assert len(pool.calls) == 6
    # when one event of another comes
    many_owed(story, other, 1)
    pusher.step()
    # then its call begins at once
    assert [job.installation.name for job in pool.calls[6:]] == ["globex"]


def test_one_call_alone_tries_a_sailthru_that_is_away(story: Story) -> None:
    process, pool = story.world.processes[-1], HeldPool()
    pusher = Pusher(process.pusher.parts, pool, size=8)
    now = to_micros(story.clock.now())
    many_owed(story, story.world.installation, 5)
    with story.world.ledger.writing() as connection:
        away = Direction(story.world.installation.id, "sailthru", HALTED, "bad key", now, 9, probe_at=now)
        directions.put(connection, away)
    for _ in range(3):
        pusher.step()
        Pusher(process.pusher.parts, pool, size=8).step()  # nor in another process
        story.clock.move(2)
    assert len(pool.calls) == 1
    story.clock.move(60)
    pusher.step()
    assert len(pool.calls) == 2
