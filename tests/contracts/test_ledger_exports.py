"""Walks through exports, backfills and their leases, over both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bridge.clock import to_micros
from bridge.directory import Directory
from bridge.facts import ADDRESS, CREATED, TICKET, Fact
from bridge.forgotten import Forgotten
from bridge.holder import new_holder
from bridge.ledger import backfills, customers, exports, facts, passes, waits
from bridge.ledger.backfills import CUSTOMERS, Backfill
from bridge.ledger.customers import Mark
from bridge.ledger.exports import BACKFILL, RECONCILE, Walk
from bridge.ledger.ledger import Ledger
from bridge.ledger.waits import Wait
from bridge.vault import Vault
from consumers.exporting.keeping import keep_backfilled, keep_reconciled
from consumers.exporting.releasing import Room, release
from tests.bridge.installing import KEY
from tests.bridge.remotes.still_clock import NOW

T = to_micros(NOW)
LATER = T + 86_400_000_000


def test_a_walk_goes_on_only_from_where_it_was_read(ledger: Ledger, acme: int) -> None:
    begun = Walk(acme, RECONCILE, "users", since=T)
    first = replace(begun, cursor="one", pages=1, records=10, sent_at=T)
    with ledger.writing() as connection:
        exports.begin(connection, [begun, Walk(acme, BACKFILL, "users", since=0)])
        assert exports.advance(connection, begun, first)
        assert not exports.advance(connection, begun, replace(first, cursor="other"))
    with ledger.reading() as connection:
        assert exports.walk(connection, acme, RECONCILE, "users") == first
        assert exports.walk(connection, acme, RECONCILE, "tickets") is None
        assert [one.purpose for one in exports.walks(connection, acme, BACKFILL)] == [BACKFILL]
    with ledger.writing() as connection:
        exports.forget(connection, acme, RECONCILE)
        assert exports.walks(connection, acme, RECONCILE) == []


def test_a_wait_is_taken_by_one_whether_or_not_it_is_due(ledger: Ledger, acme: int) -> None:
    tomorrow = NOW + timedelta(days=1)
    hold = timedelta(minutes=1)
    with ledger.writing() as connection:
        waits.add(connection, [Wait(acme, "users", "reconcile", due_at=tomorrow, since=NOW)])
        taken = waits.take(connection, acme, "users", "reconcile", NOW, hold=hold)
        assert taken is not None
        assert waits.take(connection, acme, "users", "reconcile", NOW, hold=hold) is None
        assert waits.take(connection, acme, "tickets", "reconcile", NOW, hold=hold) is None
        assert waits.take(connection, acme, "users", "reconcile", NOW + hold, hold=hold) is not None
        assert waits.subjects_of(connection, "reconcile") == {(acme, "users")}


def test_the_lease_of_a_process_that_is_dead_is_free(ledger: Ledger) -> None:
    until = NOW + timedelta(minutes=1)
    alive = new_holder()
    machine, _pid, rest = alive.split("|", 2)
    dead = f"{machine}|99999999|{rest}"
    with ledger.writing() as connection:
        assert passes.hold(connection, "backfill/1", dead, until=until, now=NOW)
        assert not passes.hold(connection, "backfill/1", alive, until=until, now=NOW)
        passes.let_go_of_dead(connection, "backfill/1")
        assert passes.hold(connection, "backfill/1", alive, until=until, now=NOW)
        passes.let_go_of_dead(connection, "backfill/1")
        assert not passes.hold(connection, "backfill/1", dead, until=until, now=NOW)
        passes.let_go(connection, "backfill/1", alive)
        assert passes.hold(connection, "backfill/1", dead, until=until, now=NOW)


def nobody(ledger: Ledger) -> Forgotten:
    """Nobody was forgotten here."""
    return Directory(ledger, Vault([KEY])).forgotten


def told(number: int) -> list[Fact]:
    """What an export says of a user."""
    stated = {ADDRESS: f"u{number}@example.com", CREATED: "2026-01-01T00:00:00Z"}
    return [
        Fact(f"user:{number}", name, value, NOW, "reading", "r", number) for name, value in stated.items()
    ]


def ticket(number: int, of: int | None) -> Fact:
    value = None if of is None else {"id": number, "requester_id": of, "status": "open"}
    return Fact(f"ticket:{number}", TICKET, value, NOW, "reading", "r", of)


def test_who_came_by_an_export_is_owed_nothing_until_handed_over(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        keep_backfilled(connection, acme, [*told(7), *told(8)], NOW, are_users=True, forgotten=nobody(ledger))
        keep_backfilled(
            connection,
            acme,
            [ticket(1, 7), ticket(2, 7), ticket(3, None)],
            NOW,
            are_users=False,
            forgotten=nobody(ledger),
        )
        assert backfills.due_now(connection, acme, LATER, most=10) == 0
        assert backfills.customers_left(connection, acme, 7) == 1
        begun = Backfill(acme, 1, CUSTOMERS, since=0, started_at=T)
        first = release(connection, (acme, "acme"), begun, NOW, listed_at=NOW, room=Room(1))
        assert (first.count, first.is_last, first.backfill.released_to) == (1, False, 7)
        backfills.put(connection, first.backfill)
        assert backfills.one(connection, acme) == first.backfill
        last = release(connection, (acme, "acme"), first.backfill, NOW, listed_at=NOW, room=Room(1))
        assert (last.count, last.is_last, last.backfill.released) == (1, True, 2)
        assert backfills.due_now(connection, acme, T, most=10) == 2
        assert backfills.outcomes(connection, acme, "backfill", 0) == {"kept": 2}
    with ledger.reading() as connection:
        known = facts.of_customers(connection, acme, [7, 8])
        seen = customers.seen(connection, acme, [7, 8])
        one = customers.one(connection, acme, 7)
    assert [len(known[number].counted_tickets() or ()) for number in (7, 8)] == [2, 0]
    assert seen == {7, 8}
    assert one is not None
    assert (one.address, one.owed, one.wanted) == ("u7@example.com", True, 1)


def test_what_is_new_of_a_known_customer_waits_for_its_turn_but_not_for_ever(
    ledger: Ledger, acme: int
) -> None:
    with ledger.writing() as connection:
        customers.add(connection, acme, [7])
        customers.mark_owed(connection, acme, [Mark(7, None)], T)
        (jane,) = customers.locked(connection, acme, [7]).values()
        customers.save(
            connection, [replace(jane, owed=False, owed_at=None, read_at=T, seen_at=T, due_at=None)]
        )
        keep_backfilled(connection, acme, told(7)[1:], NOW, are_users=True, forgotten=nobody(ledger))
        (jane,) = customers.locked(connection, acme, [7]).values()
        assert (jane.owed, jane.wanted) == (True, 2)
        assert backfills.due_now(connection, acme, T, most=10) == 0
        assert backfills.due_now(connection, acme, LATER, most=10) == 1
        # And a newer fact makes it due at once
        keep_reconciled(connection, (acme, "acme"), [ticket(1, 7)], NOW, forgotten=nobody(ledger))
        assert backfills.due_now(connection, acme, T, most=10) == 1
