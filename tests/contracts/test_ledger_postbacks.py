"""Postbacks in the ledger, over both databases: whose they are, and which reading answers them."""

from __future__ import annotations

from datetime import timedelta

from bridge.clock import to_micros
from bridge.customer import EMAIL, Customer, Known
from bridge.facts import FORMER_PREFIX, Fact
from bridge.ledger import customers, events, facts, postbacks
from bridge.ledger.events import TO_SAILTHRU, TO_ZENDESK, KeptEvent
from bridge.ledger.ledger import Ledger
from schemas.event import Event
from tests.bridge.remotes.still_clock import NOW

ANN = "ann@example.com"


def make(ledger: Ledger, acme: int, *rows: Customer) -> None:
    with ledger.writing() as connection:
        customers.add(connection, acme, [row.zendesk_id for row in rows])
        customers.save(connection, rows)


def had(ledger: Ledger, acme: int, number: int, address: str) -> None:
    fact = Fact(f"user:{number}", FORMER_PREFIX + address, 1, NOW, "event", "e", number)
    with ledger.writing() as connection:
        facts.store(connection, acme, [fact])


def postback(name: str, received_s: float, lane: str = "sailthru") -> Event:
    at = NOW + timedelta(seconds=received_s)
    return Event(name, "acme", lane, "postback.optout", "", "postback", at, at, {})


def micros(seconds: float) -> int:
    return to_micros(NOW + timedelta(seconds=seconds))


def test_a_customer_is_found_by_the_sid_of_its_own_installation(ledger: Ledger, acme: int) -> None:
    make(ledger, acme, Customer(acme, 7, address=ANN, sid="s7", state="ok", pushed_at=5))
    with ledger.reading() as connection:
        (found,) = postbacks.with_sid(connection, acme, "s7")
        assert (found.zendesk_id, found.sid, found.state, found.pushed_at) == (7, "s7", "ok", 5)
        assert postbacks.with_sid(connection, acme, "s8") == []
        assert postbacks.with_sid(connection, acme + 1, "s7") == []
        assert set(postbacks.linkages(connection, acme, [6, 7, 8])) == {7}


def test_customers_are_found_by_the_address_they_have_and_by_those_they_had(
    ledger: Ledger, acme: int
) -> None:
    known = {EMAIL: Known(ANN, 1)}
    make(
        ledger,
        acme,
        Customer(acme, 8, address=ANN),
        Customer(acme, 7, address="ann.new@example.com", sid="s7", known=known),
        Customer(acme, 9, address="cyd@example.com"),
    )
    had(ledger, acme, 7, ANN)
    with ledger.reading() as connection:
        found = postbacks.with_address(connection, acme, ANN)
        assert [one.zendesk_id for one in found] == [7, 8]
        assert ANN in found[0].known
        assert postbacks.with_address(connection, acme, "nobody@example.com") == []


def test_a_reading_answers_the_hints_that_had_settled_and_no_later_one(ledger: Ledger, acme: int) -> None:
    kept = [KeptEvent(postback(name, at_s), 7, None, "kept") for name, at_s in (("a", 0), ("b", 3), ("c", 9))]
    kept.append(KeptEvent(postback("other", 0), 8, None, "kept"))
    kept.append(KeptEvent(postback("ours", 0, lane="zendesk"), 7, None, "kept"))
    with ledger.writing() as connection:
        events.keep(connection, acme, kept, micros(9))
        postbacks.answer(connection, acme, 7, before=micros(3), version=4)
        assert events.apply_up_to(connection, acme, 7, 3, micros(10), lanes=TO_ZENDESK) == []
        applied = events.apply_up_to(connection, acme, 7, 4, micros(10), lanes=TO_ZENDESK)
        assert len(applied) == 2
        assert events.apply_up_to(connection, acme, 7, 99, micros(10), lanes=TO_SAILTHRU) == []
        assert events.unapplied(connection, acme) == 3


def test_hints_about_a_profile_that_is_gone_end_with_the_reason(ledger: Ledger, acme: int) -> None:
    kept = [KeptEvent(postback("a", 0), 7, None, "kept"), KeptEvent(postback("b", 0), 8, None, "kept")]
    with ledger.writing() as connection:
        events.keep(connection, acme, kept, micros(1))
        postbacks.end(connection, acme, 7, "profile gone")
        assert events.unapplied(connection, acme) == 1
