"""The way back in the ledger, over both databases: who is owed, who is held for others, who pushes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.clock import to_micros
from bridge.customer import Known
from bridge.ledger import zendesk_users
from bridge.ledger.ledger import Ledger
from bridge.ledger.zendesk_users import HOLD, TOGETHER, Mark, Tally
from bridge.vault import Vault
from bridge.zendesk_user import TAG, ZendeskUser
from tests.bridge.installing import KEY, add
from tests.bridge.remotes.still_clock import NOW
from tests.contracts.side_by_side import together

T = to_micros(NOW)
SECOND = 1_000_000


def link(ledger: Ledger, installation_id: int, *numbers: int) -> None:
    with ledger.writing() as connection:
        zendesk_users.add(connection, installation_id, dict.fromkeys(numbers, T + HOLD))


def mark(
    ledger: Ledger,
    installation_id: int,
    *numbers: int,
    at: int = T,
    hold: int = 0,
    opened: tuple[int, ...] = (),
) -> None:
    with ledger.writing() as connection:
        marks = [Mark(number, at + hold, opened) for number in numbers]
        zendesk_users.mark_owed(connection, installation_id, marks, at)


def owe(ledger: Ledger, installation_id: int, *numbers: int, at: int = T, hold: int = 0) -> None:
    link(ledger, installation_id, *numbers)
    mark(ledger, installation_id, *numbers, at=at, hold=hold)


def change(ledger: Ledger, installation_id: int, number: int, **changed: Any) -> ZendeskUser:
    with ledger.writing() as connection:
        (held,) = zendesk_users.locked(connection, installation_id, [number]).values()
        user = replace(held, **changed)
        zendesk_users.save(connection, [user])
    return user


def due(ledger: Ledger, installation_id: int, *, at: int = T, limit: int = 1000) -> list[int]:
    with ledger.writing() as connection:
        found = zendesk_users.claimable(connection, installation_id, at, limit=limit)
    return [one.zendesk_id for one in found]


def one(ledger: Ledger, installation_id: int, number: int) -> ZendeskUser:
    with ledger.reading() as connection:
        found = zendesk_users.one(connection, installation_id, number)
    assert found is not None
    return found


def test_a_customer_just_linked_is_owed_nothing(ledger: Ledger, acme: int) -> None:
    link(ledger, acme, 7)
    assert one(ledger, acme, 7) == ZendeskUser(acme, 7, refresh_at=T + HOLD)
    assert due(ledger, acme, at=T + HOLD) == []
    with ledger.reading() as connection:
        assert zendesk_users.one(connection, acme, 8) is None
        assert zendesk_users.next_due(connection, 0) is None


def test_a_customer_linked_again_stays_as_it_is(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    before = one(ledger, acme, 7)
    link(ledger, acme, 7)
    assert one(ledger, acme, 7) == before


def test_a_mark_on_one_who_is_not_linked_does_nothing(ledger: Ledger, acme: int) -> None:
    mark(ledger, acme, 7, opened=(991,))
    assert due(ledger, acme) == []


def test_each_change_wants_one_version_more_and_a_push_at_once(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    mark(ledger, acme, 7, at=T + 5)
    user = one(ledger, acme, 7)
    assert (user.wanted, user.owed, user.owed_at, user.due_at) == (2, True, T, T)
    assert due(ledger, acme) == [7]


def test_one_that_is_held_comes_forward_when_somebody_hurries(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, hold=HOLD)
    assert due(ledger, acme) == []
    mark(ledger, acme, 7, at=T + SECOND)
    mark(ledger, acme, 7, at=T + 2 * SECOND, hold=HOLD)
    assert one(ledger, acme, 7).due_at == T + SECOND
    assert due(ledger, acme, at=T + SECOND) == [7]


def test_an_old_due_time_of_one_who_is_not_owed_any_more_does_not_count(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    change(ledger, acme, 7, owed=False, owed_at=None)
    mark(ledger, acme, 7, at=T + 9, hold=HOLD)
    assert (one(ledger, acme, 7).owed_at, one(ledger, acme, 7).due_at) == (T + 9, T + 9 + HOLD)


def test_nobody_is_told_of_one_user_too_often(ledger: Ledger, acme: int) -> None:
    link(ledger, acme, 7)
    change(ledger, acme, 7, not_before=T + 15 * SECOND)
    mark(ledger, acme, 7)
    mark(ledger, acme, 7, at=T + SECOND)
    assert due(ledger, acme, at=T + 14 * SECOND) == []
    assert due(ledger, acme, at=T + 15 * SECOND) == [7]


def test_tickets_just_opened_are_gathered_until_the_push(ledger: Ledger, acme: int) -> None:
    link(ledger, acme, 7, 8)
    mark(ledger, acme, 7, 8, opened=(992,))
    mark(ledger, acme, 7, opened=(991, 992))
    mark(ledger, acme, 7)
    assert one(ledger, acme, 7).opened == (991, 992)
    assert one(ledger, acme, 8).opened == (992,)


def test_fewer_than_a_hundred_wait_for_more_of_them(ledger: Ledger, acme: int) -> None:
    numbers = range(1, TOGETHER)
    owe(ledger, acme, *numbers, hold=HOLD)
    assert due(ledger, acme, at=T + HOLD - 1) == []


def test_a_hundred_held_come_due_together_and_the_others_wait_on(ledger: Ledger, acme: int) -> None:
    for first in (1, 51, 101):
        owe(ledger, acme, *range(first, first + 50), at=T + first, hold=HOLD)
    assert sorted(due(ledger, acme, at=T + 101)) == list(range(1, 101))
    mark(ledger, acme, *range(1, 101), at=T + 102)  # no other hundred is held
    assert one(ledger, acme, 101).due_at == T + 101 + HOLD


def test_a_flood_that_nobody_hurries_comes_due_a_hundred_at_a_time(ledger: Ledger, acme: int) -> None:
    link(ledger, acme, *range(1, 251))
    with ledger.writing() as connection:
        zendesk_users.owe_all(connection, acme, T)
    first = due(ledger, acme)
    assert len(first) == TOGETHER
    for number in first:
        change(ledger, acme, number, owed=False, owed_at=None)
    with ledger.writing() as connection:
        assert zendesk_users.gather(connection, acme, T)
    second = due(ledger, acme)
    assert len(second) == TOGETHER
    assert not set(first) & set(second)
    for number in second:
        change(ledger, acme, number, owed=False, owed_at=None)
    with ledger.writing() as connection:
        assert not zendesk_users.gather(connection, acme, T)
    assert due(ledger, acme) == []


def test_when_the_first_has_been_held_for_its_time_the_others_go_along(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, hold=HOLD)
    owe(ledger, acme, 8, 9, at=T + SECOND, hold=HOLD)
    assert due(ledger, acme, at=T + HOLD) == [7, 8, 9]
    assert due(ledger, acme, at=T + HOLD, limit=2) == [7, 8]


def test_one_who_hurries_takes_nobody_along(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, 8, hold=HOLD)
    owe(ledger, acme, 9, at=T + SECOND)
    assert due(ledger, acme, at=T + SECOND) == [9]


def test_held_are_counted_by_installation(ledger: Ledger, acme: int) -> None:
    beta = add(ledger, Vault([KEY]), "beta").id
    owe(ledger, acme, *range(1, 61), hold=HOLD)
    owe(ledger, beta, *range(1, 61), hold=HOLD)
    assert due(ledger, acme, at=T + 1) == due(ledger, beta, at=T + 1) == []


def test_one_that_fails_is_not_counted_among_the_held(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 200)
    change(ledger, acme, 200, not_before=T + 9 * SECOND, due_at=T + 9 * SECOND)
    owe(ledger, acme, *range(1, TOGETHER), hold=HOLD)
    assert due(ledger, acme, at=T + 8 * SECOND) == []


def test_nobody_else_pushes_a_leased_row_until_the_lease_ends(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    change(ledger, acme, 7, lease=1, lease_until=T + 10)
    assert due(ledger, acme, at=T + 9) == []
    with ledger.reading() as connection:
        assert zendesk_users.installations_due(connection, T + 9) == []
        assert zendesk_users.installations_due(connection, T + 10) == [acme]
    assert due(ledger, acme, at=T + 10) == [7]


def test_installations_that_owe_are_listed_once_each_in_order(ledger: Ledger, acme: int) -> None:
    others = [add(ledger, Vault([KEY]), name).id for name in ("beta", "gamma", "delta")]
    for installation_id in (others[2], acme, others[0]):
        owe(ledger, installation_id, 7, 8)
    with ledger.reading() as connection:
        assert zendesk_users.installations_due(connection, T + SECOND) == sorted([acme, others[0], others[2]])


def test_a_saved_row_comes_back_whole(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    saved = change(
        ledger,
        acme,
        7,
        read_at=T - 1,
        refresh_at=None,
        has_open=True,
        wanted=2**62,
        paid=3,
        owed=False,
        owed_at=None,
        due_at=None,
        not_before=5,
        lease=9,
        lease_until=T,
        known={TAG: Known("5f", T), "sailthru_optout": Known("", T)},
        opened=(991, 992),
        failures=3,
        failing_since=T,
        pushed_at=T,
    )
    assert one(ledger, acme, 7) == saved


def test_after_an_outage_nobody_is_blamed(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, 8)
    change(ledger, acme, 7, failures=9, failing_since=T, not_before=T + HOLD, due_at=T + HOLD)
    with ledger.writing() as connection:
        zendesk_users.forgive(connection, acme, T + 1)
    user = one(ledger, acme, 7)
    assert (user.failures, user.failing_since, user.not_before, user.due_at) == (0, None, 0, T + 1)
    assert one(ledger, acme, 8).due_at == T


def test_profiles_are_read_again_in_the_order_they_are_due(ledger: Ledger, acme: int) -> None:
    link(ledger, acme, 7, 8, 9, 10)
    with ledger.writing() as connection:
        zendesk_users.set_refresh(connection, acme, {7: T + 3, 8: T + 1, 9: T + 9, 10: None})
        zendesk_users.note_read(connection, acme, {7: T - 5})
        zendesk_users.note_open(connection, acme, {7: True})
    assert (one(ledger, acme, 7).read_at, one(ledger, acme, 7).has_open) == (T - 5, True)

    def refreshed(limit: int) -> Sequence[int]:
        with ledger.writing() as connection:
            found = zendesk_users.due_for_refresh(connection, acme, T + 3, limit=limit)
        return [user.zendesk_id for user in found]

    assert refreshed(10) == [8, 7]
    assert refreshed(1) == [8]
    with ledger.reading() as connection:
        assert zendesk_users.tallies(connection) == {acme: Tally(linked=3, with_open=1)}


def take(ledger: Ledger, installation_id: int) -> list[int]:
    with ledger.writing() as connection:
        claimed = zendesk_users.claimable(connection, installation_id, T, limit=10)
        leased = [replace(one, lease=one.lease + 1, lease_until=T + SECOND) for one in claimed]
        zendesk_users.save(connection, leased)
    return [one.zendesk_id for one in claimed]


def test_two_pushers_side_by_side_never_take_the_same_row(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, *range(1, 101))
    taken: list[int] = []
    for _ in range(20):
        for group in together(lambda: take(ledger, acme), lambda: take(ledger, acme)):
            taken += group
    assert sorted(taken) == list(range(1, 101))
    assert {one(ledger, acme, number).lease for number in (1, 50, 100)} == {1}


def test_marks_made_side_by_side_are_all_counted(ledger: Ledger, acme: int) -> None:
    link(ledger, acme, 7, 8)

    def touch(*numbers: int) -> None:
        for number in range(15):
            mark(ledger, acme, *numbers, opened=(number + numbers[0] * 100,))

    together(lambda: touch(7, 8), lambda: touch(8, 7))
    assert (one(ledger, acme, 7).wanted, one(ledger, acme, 8).wanted) == (30, 30)
    assert len(one(ledger, acme, 8).opened) == 30
