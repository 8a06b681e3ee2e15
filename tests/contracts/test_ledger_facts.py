"""Facts in the ledger, over both databases: stored, loaded, and never lost between two writers."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event as Signal

import pytest

from bridge.deciding.merging import Merge
from bridge.facts import TAGS, TICKET, TICKETS, Fact
from bridge.ledger import facts
from bridge.ledger.ledger import Ledger
from bridge.ledger.writing import lock_subjects
from tests.bridge.remotes.still_clock import NOW
from tests.contracts.side_by_side import together, wait_until_blocked

TICKET_VALUE = {"id": 991, "requester_id": 7, "subject": "Naïve “quotes” \U0001f600 \x01", "updated_at": None}


def address(value: str | None, second: int = 0, *, number: int = 7) -> Fact:
    at = NOW + timedelta(seconds=second)
    return Fact(f"user:{number}", "address", value, at, "event", f"event-{second}", number)


def test_a_fact_comes_back_as_it_was_stored(ledger: Ledger, acme: int) -> None:
    stored = [
        address("jane@example.com"),
        Fact("user:7", "tag/größe 42", True, NOW + timedelta(microseconds=1), "reading", "r", 7),
        Fact("user:7", TAGS, ["b", "a"], NOW, "reading", "r", 7),
        Fact("user:7", TICKETS, [991, 2**62], NOW, "reading", "r", 7),
        Fact("ticket:991", TICKET, TICKET_VALUE, NOW, "agent", "e", 7),
        Fact("ticket:992", TICKET, None, NOW, "event", "e", None),
    ]
    with ledger.writing() as connection:
        facts.store(connection, acme, stored)
    with ledger.reading() as connection:
        loaded = facts.of_subjects(connection, acme, ["user:7", "ticket:991", "ticket:992", "user:8"])
    assert sorted(loaded, key=lambda one: (one.subject, one.field)) == sorted(
        stored, key=lambda one: (one.subject, one.field)
    )


def test_a_stored_fact_replaces_the_one_that_stood(ledger: Ledger, acme: int) -> None:
    moved = Fact("ticket:991", TICKET, {**TICKET_VALUE, "requester_id": 8}, NOW, "event", "later", 8)
    with ledger.writing() as connection:
        facts.store(connection, acme, [replace(moved, value=TICKET_VALUE, zendesk_id=7, event_id="e")])
        facts.store(connection, acme, [moved])
    with ledger.reading() as connection:
        assert facts.of_subjects(connection, acme, ["ticket:991"]) == [moved]
        by_customer = facts.of_customers(connection, acme, [7, 8])
    assert by_customer[7].tickets == {}
    assert by_customer[8].tickets == {991: moved}


def test_a_customer_is_loaded_with_its_tickets_and_without_those_of_others(ledger: Ledger, acme: int) -> None:
    mine = Fact("ticket:991", TICKET, TICKET_VALUE, NOW, "event", "e", 7)
    with ledger.writing() as connection:
        facts.store(
            connection, acme, [address("jane@example.com"), address("joe@example.com", number=8), mine]
        )
    with ledger.reading() as connection:
        loaded = facts.of_customers(connection, acme, [7, 9])
    assert loaded[7].address() == "jane@example.com"
    assert loaded[7].tickets == {991: mine}
    assert (loaded[9].fields, loaded[9].tickets) == ({}, {})
    assert set(loaded) == {7, 9}


def test_facts_of_more_subjects_than_one_statement_takes_are_loaded(ledger: Ledger, acme: int) -> None:
    many = [address(f"{number}@example.com", number=number) for number in range(1, 1202)]
    with ledger.writing() as connection:
        facts.store(connection, acme, many)
    with ledger.reading() as connection:
        assert len(facts.of_subjects(connection, acme, (one.subject for one in many))) == 1201
        assert len(facts.of_fields(connection, acme, (one.subject for one in many), "address")) == 1201
        assert facts.of_fields(connection, acme, ["user:1"], "active") == []


def test_two_installations_never_see_each_others_facts(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        facts.store(connection, acme, [address("jane@example.com")])
        assert facts.of_subjects(connection, acme + 1, ["user:7"]) == []


def keep(
    ledger: Ledger, installation_id: int, new: Fact, held: Signal | None = None, go: Signal | None = None
) -> None:
    """What a consumer does with a fact: hold the subject, look, merge, store."""
    with ledger.writing() as connection:
        lock_subjects(connection, installation_id, [new.subject])
        merged = Merge.of(facts.of_subjects(connection, installation_id, [new.subject]))
        if held and go:
            held.set()
            go.wait(20)
        merged.take(new)
        facts.store(connection, installation_id, list(merged.written.values()))


def standing(ledger: Ledger, installation_id: int) -> Fact:
    with ledger.reading() as connection:
        (fact,) = facts.of_fields(connection, installation_id, ["user:7"], "address")
    return fact


def test_two_writers_side_by_side_never_lose_the_newer_fact(ledger: Ledger, acme: int) -> None:
    order = list(range(40))
    random.Random(7).shuffle(order)

    def keep_both(one: int, other: int) -> None:
        together(
            lambda: keep(ledger, acme, address(f"{one}@example.com", one)),
            lambda: keep(ledger, acme, address(f"{other}@example.com", other)),
        )

    for one, other in zip(order[::2], order[1::2], strict=True):
        keep_both(one, other)
    assert standing(ledger, acme) == address("39@example.com", 39)


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_a_writer_waits_for_the_one_who_holds_the_subject(ledger: Ledger, acme: int) -> None:
    held, go = Signal(), Signal()
    newer, older = address("new@example.com", 9), address("old@example.com", 1)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(keep, ledger, acme, newer, held, go)
        assert held.wait(10)
        second = pool.submit(keep, ledger, acme, older)
        wait_until_blocked(ledger)
        go.set()
        first.result(20)
        second.result(20)
    assert standing(ledger, acme) == newer


def test_two_writers_that_need_the_same_subjects_never_wait_in_a_circle(ledger: Ledger, acme: int) -> None:
    subjects = [f"user:{number}" for number in range(60)]

    def hold(order: list[str]) -> None:
        for _ in range(10):
            with ledger.writing() as connection:
                lock_subjects(connection, acme, order)
                facts.store(
                    connection, acme, [address("a@example.com", number=int(one[5:])) for one in order]
                )

    together(lambda: hold(subjects), lambda: hold(subjects[::-1]))
    with ledger.reading() as connection:
        assert len(facts.of_subjects(connection, acme, subjects)) == 60
