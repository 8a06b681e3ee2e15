"""`bridge customers show`: both directions of one customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.clock import iso, to_micros
from bridge.customer import Known
from bridge.deciding.projection import digest
from bridge.facts import ADDRESS, HEALTH, LISTS, OPTOUT, SCORE, SYNC, TICKET, TICKETS, Fact
from bridge.ledger import customers, events, facts, zendesk_users
from bridge.ledger.customers import Mark
from bridge.ledger.events import APPLIED, IGNORED, KeptEvent
from bridge.ledger.zendesk_users import Mark as WayBack
from bridge.services import Services
from tests.commands.conftest import Terminal
from tests.commands.test_events import SID, event, hint

AT = datetime(2026, 11, 22, 9, 55, 16, tzinfo=UTC)
TOMORROW = AT + timedelta(days=1)
STATED: dict[str, Any] = {
    ADDRESS: "jane@example.com",
    OPTOUT: "basic",
    SCORE: 4,
    LISTS: {"News \x1b[31m": None},
    TICKETS: [991],
}


def fact(field: str, value: Any, **changed: Any) -> Fact:
    return replace(Fact("user:7", field, value, AT, "reading", "", 7), **changed)


@pytest.fixture
def jane(terminal: Terminal, services: Services) -> Terminal:
    """A customer who is linked, has a ticket just opened, and is owed a push to Zendesk."""
    terminal.add()
    acme = services.directory.ask_now("acme")
    assert acme is not None
    ticket = {
        "id": 991,
        "requester_id": 7,
        "status": "open",
        "subject": "Where is my parcel?",
        "channel": "web",
        "created_at": iso(AT),
        "updated_at": iso(AT),
        "public": True,
    }
    stated = [fact(field, value) for field, value in STATED.items()]
    stated += [fact(HEALTH, "neutral", origin="agent"), fact(TICKET, ticket, subject="ticket:991")]
    with services.ledger.writing() as connection:
        customers.add(connection, acme.id, [7])
        customers.mark_owed(connection, acme.id, [Mark(7, "jane@example.com")], to_micros(AT))
        (row,) = customers.locked(connection, acme.id, [7]).values()
        customers.save(connection, [replace(row, sid=SID)])
        facts.store(connection, acme.id, stated)
        zendesk_users.add(connection, acme.id, {7: to_micros(TOMORROW)})
        zendesk_users.note_read(connection, acme.id, {7: to_micros(AT)})
        zendesk_users.mark_owed(connection, acme.id, [WayBack(7, to_micros(AT), (991,))], to_micros(AT))
        (user,) = zendesk_users.locked(connection, acme.id, [7]).values()
        known = {
            "sailthru_optout": Known(digest("basic"), to_micros(AT)),
            "sailthru_value_score": Known("", 0),
            "tag": Known("low/2", to_micros(AT)),
        }
        zendesk_users.save(connection, [replace(user, known=known)])
        kept = [KeptEvent(event(f"tags-{number}"), 7, 1, APPLIED) for number in range(30)]
        events.keep(connection, acme.id, kept, to_micros(TOMORROW))
        lone = KeptEvent(hint("optout", AT, sid=SID), 7, None, IGNORED, "no profile")
        events.keep(connection, acme.id, [lone], to_micros(AT))
    return terminal


@pytest.mark.parametrize("known_as", ["7", "jane@example.com", SID])
def test_the_way_back_is_shown_too(jane: Terminal, known_as: str) -> None:
    zendesk = jane.said("customers", "show", known_as)["zendesk"]
    held = {row.pop("field"): row for row in zendesk.pop("fields")}
    assert zendesk == {
        "read_at": iso(AT),
        "refresh_at": iso(TOMORROW),
        "has_open_ticket": False,
        "owed": True,
        "owed_since": iso(AT),
        "due_at": iso(AT),
        "pushed_at": None,
        "version": {"wanted": 1, "paid": 0},
        "failures": 0,
        "tickets_to_tag": [991],
        "not_written": None,
    }
    assert held == {
        "sailthru_optout": {"should_hold": "basic", "holds": "yes", "since": iso(AT)},
        "sailthru_value_score": {"should_hold": 4, "holds": "unknown", "since": None},
        "sailthru_lists": {"should_hold": "News \x1b[31m", "holds": "never sent", "since": None},
        "tag sailthru_highvalue": {"should_hold": True, "holds": "no", "since": iso(AT)},
    }


def test_why_nothing_is_written_to_zendesk_is_said(jane: Terminal, services: Services) -> None:
    acme = services.directory.ask_now("acme")
    assert acme is not None
    with services.ledger.writing() as connection:
        facts.store(connection, acme.id, [fact(SYNC, False, origin="agent")])
    assert jane.said("customers", "show", "7")["zendesk"]["not_written"] == "sync off"


def test_facts_stand_with_their_owners(jane: Terminal) -> None:
    rows = jane.said("customers", "show", "7")["facts"]
    owners = {row["field"]: row["owner"] for row in rows}
    assert [row["owner"] for row in rows] == ["Zendesk"] * 3 + ["agent"] + ["Sailthru"] * 3
    assert (owners[ADDRESS], owners[TICKET], owners[HEALTH], owners[SCORE]) == (
        "Zendesk",
        "Zendesk",
        "agent",
        "Sailthru",
    )
    assert {row["at"] for row in rows} == {iso(AT)}


def test_a_busy_direction_does_not_push_the_other_out_of_sight(jane: Terminal) -> None:
    rows = jane.said("customers", "show", "7")["events"]
    assert len(rows) == 21
    (back,) = [row for row in rows if row["direction"] == "to-zendesk"]
    assert (back["type"], back["outcome"], back["reason"]) == ("postback.optout", "ignored", "no profile")


def test_people_see_every_part_in_eighty_columns_and_nothing_paints_the_terminal(jane: Terminal) -> None:
    printed = jane.run("customers", "show", "7").stdout
    for words in (
        "facts that Zendesk owns",
        "facts that an agent owns",
        "facts that Sailthru owns",
        "\nSailthru\n",
        "\nZendesk\n",
        "tickets_to_tag",
        "[991]",
        "ticket:991",
        "sailthru/score",
        "ignored: no profile",
    ):
        assert words in printed
    assert "\x1b" not in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_an_unlinked_customer_has_no_way_back_yet(terminal: Terminal, services: Services) -> None:
    terminal.add()
    acme = services.directory.ask_now("acme")
    assert acme is not None
    with services.ledger.writing() as connection:
        customers.add(connection, acme.id, [8])
    assert terminal.said("customers", "show", "8")["zendesk"] is None
    assert "not linked to a profile" in terminal.run("customers", "show", "8").stdout
