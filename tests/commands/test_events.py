"""`bridge events`, over rows that the ledger's own functions wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.clock import to_micros
from bridge.ledger import customers, events
from bridge.ledger.customers import Mark
from bridge.ledger.events import APPLIED, IGNORED, KEPT, KeptEvent
from bridge.services import Services
from schemas.event import Event
from tests.commands.conftest import FILE, Terminal

AT = datetime(2024, 11, 22, 9, 55, 16, tzinfo=UTC)
SID = "5f7a1c0d9e8b7a6c5d4e3f21"
LONG_ID = "01JDA3V8Q0-4f6c-4f0e-9d2c-9a1b2c3d4e5f"[:36]


def event(id: str, **changed: Any) -> Event:  # noqa: A002
    standard = Event(
        id=id,
        installation="acme",
        lane="zendesk",
        type="user.tags_changed",
        subject="user:7",
        source="webhook",
        occurred_at=AT,
        received_at=AT,
        data={"added": ["vip"]},
    )
    return replace(standard, **changed)


def hint(id: str, at: datetime, **data: object) -> Event:  # noqa: A002
    named = {"action": "optout", "email": None, "sid": None} | data
    return event(
        id, lane="sailthru", type="postback.optout", subject="", source="postback", received_at=at, data=named
    )


@pytest.fixture
def story(terminal: Terminal, services: Services) -> Terminal:
    """Two installations; a customer of the first with events of both directions, and hints about nobody."""
    terminal.add()
    terminal.add("other", FILE.replace("acme-key", "other-key"))
    services.directory.ask_now("other")
    numbers = {one.name: one.id for one in services.directory.all()}
    now = services.ledger.now()
    rows = [
        KeptEvent(event("tags"), 7, 1, APPLIED),
        KeptEvent(event(LONG_ID, type="ticket.created", subject="ticket:991"), 7, 2, KEPT),
        KeptEvent(hint("matched", now - timedelta(hours=1), sid=SID), 7, None, KEPT),
        KeptEvent(hint("unmatched", now, email="zoë_1@example.com"), None, None, IGNORED, "not in Zendesk"),
        KeptEvent(hint("similar", now, email="zoëx1@example.com"), None, None, IGNORED, "not in Zendesk"),
        KeptEvent(event("eight", subject="user:8"), 8, 1, APPLIED),
    ]
    with services.ledger.writing() as connection:
        customers.add(connection, numbers["acme"], [7])
        customers.mark_owed(connection, numbers["acme"], [Mark(7, "jane@example.com")], to_micros(AT))
        (jane,) = customers.locked(connection, numbers["acme"], [7]).values()
        customers.save(connection, [replace(jane, sid=SID)])
        events.keep(connection, numbers["acme"], rows, to_micros(now))
        events.keep(connection, numbers["other"], [KeptEvent(event("theirs"), 7, 1, APPLIED)], to_micros(now))
    return terminal


def listed(terminal: Terminal, *words: str) -> set[str]:
    return {row["id"] for row in terminal.said("events", "list", *words)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--direction to-zendesk", {"matched", "unmatched", "similar"}),
        ("--direction to-sailthru --installation acme", {"tags", LONG_ID, "eight"}),
        ("--type ticket", {LONG_ID}),
        ("--type ticket.created", {LONG_ID}),
        ("--type postback.optout --outcome kept", {"matched"}),
        ("--type tick", set()),
        ("--outcome ignored", {"unmatched", "similar"}),
        ("--source postback --outcome kept", {"matched"}),
        ("--source trigger", set()),
        ("--installation other", {"theirs"}),
        ("--customer jane@example.com", {"tags", LONG_ID, "matched"}),
        ("--customer JANE@example.com --direction to-zendesk", {"matched"}),
        (f"--customer {SID}", {"tags", LONG_ID, "matched"}),
        ("--customer 7 --installation acme", {"tags", LONG_ID, "matched"}),
        ("--customer 7 --installation other", {"theirs"}),
        ("--customer 8", {"eight"}),
        ("--customer zoë_1@example.com", {"unmatched"}),
        ("--customer nobody@example.com", set()),
        ("--customer %", set()),
        ("--since 2h", {"matched", "unmatched", "similar"}),
        ("--since 30m", {"unmatched", "similar"}),
        ("--since 2h --until 30m", {"matched"}),
        ("--until 2024-11-22T09:55:16Z --installation acme", set()),
        ("--since 2024-11-22T10:55:16+01:00 --until 2024-11-22T09:55:17 --installation other", {"theirs"}),
        ("--until 1999-01-01", set()),
        ("--since 999999w --customer 8", {"eight"}),
    ],
)
def test_events_are_found_by_what_is_asked(story: Terminal, words: str, expected: set[str]) -> None:
    assert listed(story, *words.split()) == expected


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "yesterday"),
        ("--since", "3"),
        ("--until", "3y"),
        ("--since", ""),
        ("--until", "2026-13-01"),
        ("--direction", "zendesk"),
        ("--outcome", "done"),
        ("--source", "mail"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(story: Terminal, words: tuple[str, str]) -> None:
    assert story.run("events", "list", *words).exit_code == 2


def test_an_event_is_listed_with_all_that_a_program_needs(story: Terminal) -> None:
    (row,) = story.said("events", "list", "--customer", "zoë_1@example.com")
    received_at = row.pop("received_at")
    assert received_at.endswith("Z")
    assert row == {
        "id": "unmatched",
        "installation": "acme",
        "lane": "sailthru",
        "direction": "to-zendesk",
        "type": "postback.optout",
        "subject": "",
        "source": "postback",
        "customer": None,
        "applied_at": None,
        "outcome": "ignored",
        "reason": "not in Zendesk",
    }


def test_the_list_fits_into_eighty_columns_with_ids_in_one_piece(story: Terminal) -> None:
    printed = story.run("events", "list").stdout
    assert max(map(len, printed.splitlines())) <= 80
    assert LONG_ID in printed
    assert "unmatched  ignored: not in Zendesk" in printed
    assert story.run("events", "list", "--type", "nothing").stdout == "There are no such events.\n"


def test_an_event_is_shown_with_its_data(story: Terminal) -> None:
    assert story.said("events", "show", "tags")["data"]["added"] == ["vip"]
    assert story.run("events", "show", "tags").exit_code == 0
    assert story.run("events", "show", "nowhere").exit_code == 1


def test_an_id_that_two_installations_have_needs_a_name(story: Terminal, services: Services) -> None:
    other = services.directory.ask_now("other")
    assert other is not None
    with services.ledger.writing() as connection:
        events.keep(connection, other.id, [KeptEvent(event("tags"), 7, 1, APPLIED)], services.ledger.micros())
    assert story.run("events", "show", "tags").exit_code == 1
    assert story.said("events", "show", "tags", "--installation", "other")["installation"] == "other"
