"""What commands and gauges read, over both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.clock import to_micros
from bridge.customer import NO_PROFILE
from bridge.ledger import actions, customers, dead, directions, event_lists, events, letters, looking
from bridge.ledger.customers import Mark
from bridge.ledger.dead import DeadLetter
from bridge.ledger.directions import HALTED, Direction
from bridge.ledger.event_lists import EventFilter
from bridge.ledger.events import KEPT, KeptEvent
from bridge.ledger.ledger import Ledger
from bridge.ledger.letters import DeadFilter
from bridge.ledger.looking import Waiting
from bridge.ledger.tables import customers as customers_table
from bridge.ledger.tables import spool
from bridge.vault import Vault
from schemas.event import Event
from tests.bridge.installing import KEY, add, ledger_at
from tests.bridge.remotes.still_clock import StillClock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    url = (
        f"sqlite:///{tmp_path / 'ledger.db'}"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgres_url"))
    )
    made = ledger_at(url, StillClock())
    yield made
    made.engine.dispose()


@pytest.fixture
def acme(ledger: Ledger) -> int:
    return add(ledger, Vault([KEY]), "acme").id


def test_the_spool_is_counted_by_lane_and_reason(ledger: Ledger) -> None:
    row = {"installation": "acme", "lane": "zendesk", "message_id": "m", "type": "t", "body": b"x"}
    with ledger.writing() as connection:
        for at, reason in ((30, "parked"), (20, "parked"), (10, "broker_away")):
            connection.execute(spool.insert().values(**row, reason=reason, kept_at=at))
        assert looking.spooled(connection) == {
            ("zendesk", "parked"): Waiting(2, 20),
            ("zendesk", "broker_away"): Waiting(1, 10),
        }


def test_the_age_of_what_is_owed_leaves_out_who_waits_for_others(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        customers.add(connection, acme, [1, 2])
        customers.mark_owed(connection, acme, [Mark(1, None)], 10)
        customers.mark_owed(connection, acme, [Mark(2, None)], 20)
        assert looking.owed(connection) == Waiting(2, 10)
        first = customers_table.c.zendesk_id == 1
        connection.execute(customers_table.update().where(first).values(state=NO_PROFILE))
        assert looking.owed(connection) == Waiting(2, 20)
        directions.put(connection, Direction(acme, "sailthru", HALTED, "bad_credentials", 0, 1, 0))
        assert looking.owed(connection) == Waiting(2, None)
        assert looking.halted(connection) == [("acme", "sailthru")]


def test_dead_letters_are_filtered_and_paged(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        for number, reason in ((1, "email_taken"), (2, "refused"), (3, "refused")):
            letter = DeadLetter(acme, "zendesk", "push", reason=reason, error="x", zendesk_id=number)
            dead.bury(connection, letter, 10 + number)
        assert looking.dead_by_reason(connection) == {
            ("zendesk", "email_taken"): 1,
            ("zendesk", "refused"): 2,
        }
        refused = DeadFilter(installation_id=acme, reason="refused", lane="zendesk", type="push")
        (first,) = letters.some(connection, refused, limit=1)
        (second,) = letters.some(connection, refused, limit=5, after=first.id)
        assert (first.zendesk_id, second.zendesk_id) == (2, 3)
        assert letters.some(connection, DeadFilter(zendesk_id=1, reason="refused"), limit=5) == []


def test_a_customer_is_found_by_each_of_its_names(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        customers.add(connection, acme, [7, 8])
        customers.mark_owed(connection, acme, [Mark(7, "jane@example.com")], 10)
        connection.execute(
            customers_table.update().where(customers_table.c.zendesk_id == 8).values(sid="5f0a")
        )
        for wanted, found in (("7", 7), ("Jane@Example.com", 7), ("5f0a", 8)):
            assert looking.customers_known_as(connection, wanted) == [(acme, found)]
        for wanted in ("9", "9" * 40, "", "nobody@example.com"):
            assert looking.customers_known_as(connection, wanted, installation_id=acme) == []
        assert looking.attempts_on(connection, acme, 7, limit=5) == []
        assert event_lists.newest_events(connection, EventFilter(zendesk_id=7, outcome="kept"), limit=5) == []
        assert looking.event(connection, acme, "none") is None


def test_an_action_is_noted(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        actions.note(connection, 5, operator="me", action="dead_dropped", target="dead letter 1")
        assert looking.names(connection) == {acme: "acme"}


def test_events_are_found_by_whom_they_are_about_even_when_nobody_was_matched(
    ledger: Ledger, acme: int
) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    hint = Event("hint", "acme", "sailthru", "postback.optout", "", "postback", at, at)
    rows = [
        (replace(hint, id="stranger", data={"action": "optout", "email": "zoë_%@b.com", "sid": None}), None),
        (replace(hint, id="matched", data={"action": "optout", "email": None, "sid": "5F7a"}), 7),
        (replace(hint, id="ticket", lane="zendesk", type="ticket.created", source="webhook"), 8),
    ]
    with ledger.writing() as connection:
        customers.add(connection, acme, [7])
        customers.mark_owed(connection, acme, [Mark(7, "ann@b.com")], 10)
        kept = [KeptEvent(event, whose, None, KEPT) for event, whose in rows]
        events.keep(connection, acme, kept, 10)
    start = to_micros(at)
    with ledger.reading() as connection:
        for wanted, found in (
            (EventFilter(known_as="ZOË_%@b.com"), ["stranger"]),
            (EventFilter(known_as="zoëx%@b.com"), []),
            (EventFilter(known_as="ann@b.com"), ["matched"]),
            (EventFilter(known_as="8"), ["ticket"]),
            (EventFilter(known_as="8", installation_id=acme + 1), []),
            (EventFilter(type="postback", lanes=("sailthru",)), ["stranger", "matched"]),
            (EventFilter(type="ticket_created"), []),
            (EventFilter(since=start, until=start + 1, source="webhook"), ["ticket"]),
            (EventFilter(until=start), []),
        ):
            assert [row.id for row in event_lists.newest_events(connection, wanted, limit=9)] == found
