"""When a profile is read: some seconds after the last change, though not long after the first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from bridge.ledger.waits import Wait
from bridge.settings import Settings
from consumers import patience
from consumers.patience import PATIENT, Cause, Patience, due_at, joined, wait_for
from consumers.turns import next_turn
from tests.bridge.remotes.still_clock import NOW


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def hint(seconds: float) -> Wait:
    moment = at(seconds)
    return wait_for(1, Cause(7, hinted_at=moment), PATIENT, moment)


def hints(*seconds: float) -> Wait:
    return reduce(lambda old, new: joined(old, new, PATIENT), [hint(one) for one in seconds])


def test_a_hint_is_due_when_it_has_settled() -> None:
    assert (hint(0).due_at, hint(0).since) == (at(5), at(0))


def test_a_later_hint_pushes_it_back_but_not_beyond_half_a_minute() -> None:
    assert hints(0, 3).due_at == at(8)
    assert hints(0, 3, 7, 11).due_at == at(16)
    assert hints(*range(0, 40, 4)).due_at == at(30)


def test_hints_that_come_in_another_order_are_due_at_the_same_time() -> None:
    assert hints(7, 0, 3).due_at == hints(0, 3, 7).due_at == at(12)


def test_a_ticket_or_the_clock_asks_at_once() -> None:
    assert wait_for(1, Cause(7, opened=(991,)), PATIENT, NOW).due_at == NOW
    assert wait_for(1, Cause(7, is_refresh=True), PATIENT, NOW).due_at == NOW


def test_a_hint_that_was_held_up_has_settled_when_it_comes() -> None:
    assert wait_for(1, Cause(7, hinted_at=at(-60)), PATIENT, NOW).due_at == NOW


def test_tickets_come_together_and_only_the_clock_alone_is_not_urgent() -> None:
    first = wait_for(1, Cause(7, opened=(2,)), PATIENT, at(0))
    both = joined(first, wait_for(1, Cause(7, opened=(1, 2)), PATIENT, at(1)), PATIENT)
    assert patience.opened(both) == (1, 2)
    assert patience.opened(patience.without(both, (2,))) == (1,)
    clock = wait_for(1, Cause(7, is_refresh=True), PATIENT, at(0))
    assert not patience.is_urgent(clock)
    assert not patience.is_urgent(joined(clock, clock, PATIENT))
    assert patience.is_urgent(joined(clock, hint(1), PATIENT))
    assert patience.is_urgent(joined(first, clock, PATIENT))


def test_our_own_write_counts_like_a_hint() -> None:
    asked = wait_for(1, Cause(7, opened=(1,)), PATIENT, at(0))
    assert due_at(asked, PATIENT, not_before=at(1), pushed_at=at(0)) == at(5)
    assert due_at(asked, PATIENT, not_before=at(1), pushed_at=at(-60)) == at(1)
    assert due_at(hint(0), PATIENT, not_before=at(0), pushed_at=at(3)) == at(8)
    assert due_at(asked, PATIENT, not_before=at(29), pushed_at=at(28)) == at(30)


def test_a_new_cause_does_not_wait_for_a_try_that_was_put_off() -> None:
    put_off = replace(hint(0), due_at=at(900), tries=7)
    again = joined(put_off, hint(20), PATIENT)
    assert (again.due_at, again.tries, again.version) == (at(25), 0, 1)


@given(st.lists(st.floats(0, 29), min_size=1, max_size=12))
def test_the_due_time_is_never_before_the_last_hint_settled_nor_later_than_the_ceiling(
    seconds: list[float],
) -> None:
    ordered = sorted(seconds)
    due = hints(*ordered).due_at
    assert due == min(at(ordered[-1]) + PATIENT.settle, at(ordered[0]) + PATIENT.most)


def test_the_operator_says_how_patient_we_are() -> None:
    made = patience.patience_of(Settings(("k",), sailthru_settle_s=7, refresh_open_s=60))
    minute, day = timedelta(minutes=1), timedelta(days=1)
    assert made == Patience(timedelta(seconds=7), timedelta(seconds=30), minute, day)
    assert patience.patience_of(Settings(("k",))) == PATIENT


@given(
    number=st.integers(1, 2**63 - 1),
    every_s=st.integers(60, 604_800),
    after_s=st.integers(0, 10**7),
)
def test_turns_come_once_in_each_round_whenever_one_asks(number: int, every_s: int, after_s: int) -> None:
    every, now = timedelta(seconds=every_s), at(after_s)
    turn = next_turn(1, number, every, now)
    assert now < turn <= now + every
    assert next_turn(1, number, every, turn) == turn + every
    assert next_turn(1, number, every, turn - timedelta(microseconds=1)) == turn


def test_a_thousand_customers_have_their_turns_all_over_the_day() -> None:
    day = timedelta(days=1)
    hours = [0] * 24
    for number in range(1000, 2000):
        hours[next_turn(1, number, day, NOW).hour] += 1
    assert min(hours) > 20
    assert max(hours) < 70
