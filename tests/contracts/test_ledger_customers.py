"""Customers in the ledger, over both databases: who is owed, who is due, who pushes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from bridge.clock import to_micros
from bridge.customer import EMAIL, Conflict, Customer, Known, Link
from bridge.ledger import customers
from bridge.ledger.customers import Mark
from bridge.ledger.ledger import Ledger
from bridge.ledger.owing import Owing
from bridge.vault import Vault
from tests.bridge.installing import KEY, add
from tests.bridge.remotes.still_clock import NOW
from tests.contracts.side_by_side import together

T = to_micros(NOW)
SECOND = 1_000_000


def owe(ledger: Ledger, installation_id: int, *numbers: int, at: int = T) -> None:
    with ledger.writing() as connection:
        customers.add(connection, installation_id, numbers)
        marks = [Mark(number, f"{number}@example.com") for number in numbers]
        customers.mark_owed(connection, installation_id, marks, at)


def change(ledger: Ledger, installation_id: int, number: int, **changed: Any) -> Customer:
    with ledger.writing() as connection:
        (held,) = customers.locked(connection, installation_id, [number]).values()
        customer = replace(held, **changed)
        customers.save(connection, [customer])
    return customer


def due(
    ledger: Ledger, installation_id: int, *, at: int = T, limit: int = 100, before: int | None = None
) -> list[int]:
    with ledger.writing() as connection:
        found = customers.claimable(connection, installation_id, at, limit=limit, owed_before=before)
    return [one.zendesk_id for one in found]


def one(ledger: Ledger, installation_id: int, number: int) -> Customer:
    with ledger.reading() as connection:
        found = customers.one(connection, installation_id, number)
    assert found is not None
    return found


def test_a_customer_heard_of_for_the_first_time_is_owed_nothing(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        customers.add(connection, acme, [7])
        assert customers.one(connection, acme, 8) is None
        assert customers.locked(connection, acme, [7, 8]).keys() == {7}
    assert one(ledger, acme, 7) == Customer(acme, 7)
    assert due(ledger, acme) == []


def test_a_customer_heard_of_again_stays_as_it_is(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    before = one(ledger, acme, 7)
    with ledger.writing() as connection:
        customers.add(connection, acme, [7, 7])
    assert one(ledger, acme, 7) == before


def test_each_change_of_facts_wants_one_version_more_and_a_push_at_once(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    owe(ledger, acme, 7, at=T + 5)
    customer = one(ledger, acme, 7)
    assert (customer.wanted, customer.owed, customer.address) == (2, True, "7@example.com")
    assert (customer.owed_at, customer.due_at) == (T, T + 5)  # owed since the first change, due by the last


def test_a_new_fact_does_not_pull_a_push_before_its_wait_is_over(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    change(ledger, acme, 7, not_before=T + 60 * SECOND, due_at=T + 60 * SECOND)
    owe(ledger, acme, 7, at=T + SECOND)
    assert one(ledger, acme, 7).due_at == T + 60 * SECOND
    assert due(ledger, acme, at=T + 59 * SECOND) == []
    assert due(ledger, acme, at=T + 60 * SECOND) == [7]


def test_a_push_is_due_at_its_time_and_not_before(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, at=T)
    assert due(ledger, acme, at=T - 1) == []
    assert due(ledger, acme, at=T) == [7]


def test_nobody_else_pushes_a_leased_customer_until_the_lease_ends(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    change(ledger, acme, 7, lease=1, lease_until=T + 10)
    assert due(ledger, acme, at=T + 9) == []
    assert due(ledger, acme, at=T + 10) == [7]


def test_the_longest_due_come_first_and_no_more_than_asked_for(ledger: Ledger, acme: int) -> None:
    for second, number in enumerate((9, 7, 8)):
        owe(ledger, acme, number, at=T + second)
    assert due(ledger, acme, at=T + 9) == [9, 7, 8]
    assert due(ledger, acme, at=T + 9, limit=2) == [9, 7]


def test_in_a_backlog_only_those_owed_for_long_are_due(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, at=T)
    owe(ledger, acme, 8, at=T + 8)
    owe(ledger, acme, 9, at=T + 8)
    change(ledger, acme, 9, owed_at=None)  # it is looked at again by its due time, not for new facts
    assert sorted(due(ledger, acme, at=T + 9, before=T + 7)) == [7, 9]


def test_one_who_is_not_owed_is_never_due(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    change(ledger, acme, 7, owed=False)
    assert due(ledger, acme, at=T + SECOND) == []
    with ledger.reading() as connection:
        assert customers.next_due(connection, 0) is None
        assert customers.installations_due(connection, T + SECOND) == []


def test_the_next_push_is_the_first_that_comes_due_later(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, at=T + 3)
    owe(ledger, acme, 8, at=T + 1)
    with ledger.reading() as connection:
        assert customers.next_due(connection, T) == T + 1
        assert customers.next_due(connection, T + 1) == T + 3
        assert customers.next_due(connection, T + 3) is None


@pytest.mark.parametrize("soonest", [1000, 2])
def test_installations_are_due_once_each_in_order_however_large_the_crowd_of_one(
    ledger: Ledger, acme: int, soonest: int
) -> None:
    due = Owing.of("customers", soonest=soonest)
    others = [add(ledger, Vault([KEY]), name).id for name in ("beta", "gamma", "delta")]
    owe(ledger, acme, 7, 8, 9, at=T)
    owe(ledger, others[0], 7, at=T + 2)
    owe(ledger, others[1], 7, at=T + 9)
    owe(ledger, others[2], 7, at=T + 1)
    change(ledger, others[2], 7, lease=1, lease_until=T + 5)
    with ledger.reading() as connection:
        assert due.installations_due(connection, T + 3) == sorted([acme, others[0]])
        assert due.installations_due(connection, T + 5) == sorted([acme, others[0], others[2]])
        assert due.installations_due(connection, T - 1) == []


def test_a_saved_customer_comes_back_whole(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    conflict = Conflict("new@example.com", "aside", "", "5f", 8, T, "a@example.com", ("a@example.com",), 3)
    saved = change(
        ledger,
        acme,
        7,
        sid="5f0a",
        state="ok",
        read_at=T,
        seen_at=T + 1,
        wanted=2**62,
        owed=False,
        owed_at=None,
        due_at=None,
        not_before=5,
        lease=9,
        lease_until=T,
        known={EMAIL: Known("jane@example.com", T), "zendesk_tickets": Known("", T, ("991", "992"))},
        link=Link(
            once=True,
            last_sid="5f0a",
            made_sid="5f0b",
            tried=("email:jane@example.com",),
            is_taken=True,
            looked_at=T,
            conflict=conflict,
            gone_keys=("991",),
            check_at=T,
        ),
        failures=3,
        failing_since=T,
        pushed_at=T,
    )
    assert one(ledger, acme, 7) == saved
    with ledger.reading() as connection:
        assert customers.by_sid(connection, acme, "5f0a") == saved
        assert customers.at_address(connection, acme, "7@example.com") == [saved]
        assert customers.by_sid(connection, acme, "5f0b") is None
        assert customers.at_address(connection, acme, "8@example.com") == []


def test_only_those_read_with_all_their_tickets_were_seen(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, 8)
    change(ledger, acme, 7, read_at=T)
    change(ledger, acme, 8, seen_at=T)
    with ledger.reading() as connection:
        assert customers.seen(connection, acme, [7, 8, 9]) == {8}


def test_a_profile_belongs_to_one_customer_of_an_installation(ledger: Ledger, acme: int) -> None:
    beta = add(ledger, Vault([KEY]), "beta").id
    owe(ledger, acme, 7, 8)
    owe(ledger, beta, 7)
    change(ledger, acme, 7, sid="5f0a")
    change(ledger, beta, 7, sid="5f0a")
    with pytest.raises(IntegrityError):
        change(ledger, acme, 8, sid="5f0a")
    assert one(ledger, acme, 8).sid is None


def take(ledger: Ledger, installation_id: int) -> list[int]:
    """What a pusher does: claim, and lease what it claimed."""
    with ledger.writing() as connection:
        claimed = customers.claimable(connection, installation_id, T, limit=10)
        leased = [replace(one, lease=one.lease + 1, lease_until=T + SECOND) for one in claimed]
        customers.save(connection, leased)
    return [one.zendesk_id for one in claimed]


def test_two_pushers_side_by_side_never_take_the_same_customer(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, *range(1, 101))
    taken: list[int] = []
    for _ in range(20):
        for group in together(lambda: take(ledger, acme), lambda: take(ledger, acme)):
            taken += group
    assert sorted(taken) == list(range(1, 101))
    assert {one(ledger, acme, number).lease for number in (1, 50, 100)} == {1}


def test_changes_counted_side_by_side_are_all_counted(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, 8)

    def touch(*numbers: int) -> None:
        for _ in range(15):
            owe(ledger, acme, *numbers)

    together(lambda: touch(7, 8), lambda: touch(8, 7))
    assert (one(ledger, acme, 7).wanted, one(ledger, acme, 8).wanted) == (31, 31)
