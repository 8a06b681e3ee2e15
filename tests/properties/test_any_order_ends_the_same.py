"""Whatever the order, the number and the delay of deliveries, the profiles end as Zendesk has it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sandbox import Sandbox
from sandbox.sailthru import Sailthru
from sandbox.zendesk import Zendesk
from schemas.event import Event
from tests.consumers.world import ManualClock, World
from tests.properties.histories import PEOPLE, Account, Deed, histories

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]


class Play:
    """One history, played on one Zendesk; the worlds that hear of it have a Sailthru each."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.folder = folder
        self.zendesk = Zendesk(self.clock.now)
        self.zendesk.server.start()
        self.sailthrus: list[Sailthru] = []
        self.account = Account(self.zendesk, self.clock.move)
        self.account.open()
        self.clock.move(60)

    def world(self, **options: Any) -> World:
        """A bridge that begins to listen now, with a profile for everybody at the first address."""
        sailthru = Sailthru(self.clock.now)
        sailthru.server.start()
        self.sailthrus.append(sailthru)
        for name in PEOPLE:
            sailthru.create_profile(f"{name}@first.example", vars={"first_name": name})
        sailthru.lift_quota()
        self.zendesk.lift_quota()
        box = Sandbox(self.zendesk, sailthru)
        folder = self.folder / str(len(self.sailthrus))
        folder.mkdir()
        return World.make(folder, box, self.clock, **options)

    def expected(self) -> dict[str, dict[str, Any]]:
        """By first name: what each profile must be, told from Zendesk's final state alone."""
        return {name: self._expected(user) for name, user in zip(PEOPLE, self.account.users, strict=True)}

    def _expected(self, number: int) -> dict[str, Any]:
        user = self.zendesk.user(number)
        tickets = [self.zendesk.ticket(one) for one in self.account.tickets]
        mine = sorted(str(one.id) for one in tickets if one.requester_id == number)
        statuses = {str(one.id): one.status for one in tickets if one.requester_id == number}
        if not user.active:
            return {"active": False, "tickets": mine, "statuses": statuses}
        return {
            "active": True,
            "tags": sorted(user.tags),
            "tickets": mine,
            "statuses": statuses,
            "email": user.email,
        }

    def close(self) -> None:
        self.zendesk.stop()
        for sailthru in self.sailthrus:
            sailthru.stop()


def profiles(world: World, touched: set[int], account: Account) -> dict[str, dict[str, Any]]:
    """By first name: what Sailthru holds, for those whom anything happened to."""
    found = {}
    for profile in world.box.sailthru.profiles():
        name = profile.vars["first_name"]
        if account.users[PEOPLE.index(name)] in touched:
            found[name] = _shown(profile)
    return found


def _shown(profile: Any) -> dict[str, Any]:
    held = profile.vars
    tickets = {key: one for key, one in held.get("zendesk_tickets", {}).items() if one is not None}
    assert held.get("zendesk_ticket_count") == len(tickets)
    shown = {
        "active": held.get("zendesk_active"),
        "tickets": sorted(tickets),
        "statuses": {key: one["status"] for key, one in tickets.items()},
    }
    if shown["active"]:
        shown |= {"tags": held.get("zendesk_tags"), "email": profile.email}
    return shown


@contextmanager
def playing() -> Iterator[Play]:
    with tempfile.TemporaryDirectory() as folder:
        play = Play(Path(folder))
        try:
            yield play
        finally:
            play.close()


def _touched(events: list[Event]) -> set[int]:
    numbers: set[int] = set()
    for event in events:
        user, ticket = event.data.get("user"), event.data.get("ticket")
        if user:
            numbers.add(user["id"])
        if ticket and ticket["requester_id"]:
            numbers.add(ticket["requester_id"])
        if event.data.get("previous_requester_id"):
            numbers.add(event.data["previous_requester_id"])
    return numbers


def greet(play: Play, world: World) -> None:
    """Everybody is told of once, and linked to the profile at the first address."""
    for user in play.account.users:
        play.zendesk.add_tags(user, ["greeted"])
    world.publish(world.told())
    world.settle(10)


def play_in_order(play: Play, world: World, history: list[Deed]) -> list[Event]:
    """Each deed is told, kept and pushed before the next one happens."""
    events = []
    for deed in history:
        play.clock.move(deed.pause_s)
        play.account.do(deed)
        told = world.told()
        events += told
        world.publish(told)
        world.work()
    world.settle(150)
    return events


def play_mixed(world: World, events: list[Event], chance: random.Random, hearing: str) -> None:
    """Long after it all happened the events come, shuffled, a third of them twice."""
    mixed = events + chance.sample(events, len(events) // 3)
    chance.shuffle(mixed)
    for event in mixed:
        world.publish([event])
        if hearing == "in groups" and chance.random() < 0.4:
            chance.choice(world.processes).step()
    world.settle(150)


def tell(events: list[Event]) -> None:
    for event in events:
        note(f"{event.occurred_at:%H:%M:%S} {event.type} {dict(event.data)}")


def expected_of(play: Play, touched: set[int]) -> dict[str, dict[str, Any]]:
    everybody = play.expected()
    return {
        name: everybody[name]
        for name, user in zip(PEOPLE, play.account.users, strict=True)
        if user in touched
    }


ANY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
hearings = st.sampled_from(["late", "in groups"])


@ANY
@given(history=histories(without=("trade", "delete")), seed=st.integers(0, 2**16), hearing=hearings)
def test_a_mixed_up_history_ends_as_in_order_for_profiles_never_linked_before(
    history: list[Deed], seed: int, hearing: str
) -> None:
    with playing() as play:
        in_order = play.world()
        in_order.listen()
        events = play_in_order(play, in_order, history)
        tell(events)
        touched = _touched(events)
        assert profiles(in_order, touched, play.account) == expected_of(play, touched)

        late = play.world()
        play_mixed(late, events, random.Random(seed), hearing)
        assert profiles(late, touched, play.account) == expected_of(play, touched)


@ANY
@given(history=histories(), seed=st.integers(0, 2**16), hearing=hearings)
def test_a_mixed_up_history_with_traded_addresses_ends_as_in_order(
    history: list[Deed], seed: int, hearing: str
) -> None:
    with playing() as play:
        in_order, late = play.world(), play.world()
        late.add_process()
        in_order.listen()
        greet(play, in_order)
        late.publish(late.told())
        late.settle(10)
        everybody = set(play.account.users)
        events = play_in_order(play, in_order, history)
        tell(events)
        assert profiles(in_order, everybody, play.account) == expected_of(play, everybody)

        play_mixed(late, events, random.Random(seed), hearing)
        assert profiles(late, everybody, play.account) == expected_of(play, everybody)
