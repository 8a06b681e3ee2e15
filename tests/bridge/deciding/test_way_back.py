"""Which changes concern Zendesk, which Sailthru, and which tickets were just opened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bridge import facts
from bridge.deciding.merging import Merge
from bridge.deciding.way_back import Opening, has_unsolved
from bridge.facts import Fact
from tests.bridge.remotes.still_clock import NOW


def fact(field: str, value: Any, at_s: float = 0, *, number: int | None = 7) -> Fact:
    return Fact("user:7", field, value, NOW + timedelta(seconds=at_s), "event", f"e{at_s}", number)


def reading(field: str, value: Any, at_s: float = 0) -> Fact:
    return Fact("user:7", field, value, NOW + timedelta(seconds=at_s), "reading", f"r{at_s}", 7)


def ticket(status: str, at_s: float = 0, *, number: int = 7, created_at: datetime = NOW) -> Fact:
    value = {"id": 991, "status": status, "created_at": created_at.isoformat(), "requester_id": number}
    return Fact("ticket:991", facts.TICKET, value, NOW + timedelta(seconds=at_s), "event", "e", number)


def merged(standing: list[Fact], *new: Fact) -> Merge:
    merge = Merge.of(standing)
    merge.take_all(new)
    return merge


def test_what_sailthru_says_concerns_zendesk_alone() -> None:
    merge = merged([], reading(facts.OPTOUT, "all"))
    assert (merge.mirrored, merge.touched, merge.doubts) == ({7}, set(), {})


def test_a_reading_with_the_same_value_concerns_nobody_but_counts_as_of_now() -> None:
    merge = merged([reading(facts.OPTOUT, "all")], reading(facts.OPTOUT, "all", 9))
    assert (merge.mirrored, merge.touched) == (set(), set())
    assert [one.at for one in merge.written.values()] == [NOW + timedelta(seconds=9)]


def test_two_readings_of_a_profile_are_no_tie_to_be_settled_in_zendesk() -> None:
    merge = merged([reading(facts.OPTOUT, "all")], reading(facts.OPTOUT, "none", 1))
    assert (merge.mirrored, merge.doubts) == ({7}, {})


def test_an_older_reading_changes_nothing() -> None:
    merge = merged([reading(facts.OPTOUT, "all", 9)], reading(facts.OPTOUT, "none", 4))
    assert (merge.mirrored, merge.written) == (set(), {})


@pytest.mark.parametrize(
    ("new", "concerns"),
    [
        (fact(facts.ACTIVE, value=False), True),
        (fact(facts.SYNC, value=False), True),
        (fact(facts.ROLE, "agent"), True),
        (fact("tag/sailthru_highvalue", value=True), True),
        (fact("tag/vip", value=True), False),
        (fact(facts.ADDRESS, "ann@example.com"), False),
        (fact(facts.HEALTH, "satisfied"), False),
        (fact(facts.TAGS, ["vip"]), False),
        (fact(facts.TAGS, ["sailthru_highvalue"]), True),
    ],
    ids=lambda one: one.field if isinstance(one, Fact) else str(one),
)
def test_of_what_zendesk_says_little_concerns_the_way_back(new: Fact, concerns: bool) -> None:
    merge = merged([], new)
    assert (merge.mirrored == {7}) is concerns
    assert merge.touched == {7}


def test_a_ticket_that_stays_unsolved_concerns_the_way_there_alone() -> None:
    merge = merged([ticket("new")], ticket("open", 9))
    assert (merge.mirrored, merge.touched, merge.openings) == (set(), {7}, [])


@pytest.mark.parametrize("status", ["solved", "closed", "deleted"])
def test_a_ticket_that_is_solved_concerns_zendesk_and_one_that_comes_back_is_opened(status: str) -> None:
    merge = merged([ticket("open")], ticket(status, 9))
    assert (merge.mirrored, merge.openings) == ({7}, [])
    back = merged([ticket(status)], ticket("open", 9))
    assert back.openings == [Opening(7, 991, NOW + timedelta(seconds=9))]


def test_a_new_ticket_was_opened_when_it_was_made() -> None:
    long_ago = NOW - timedelta(hours=2)
    (new,) = merged([], ticket("new", 9, created_at=NOW)).openings
    (old,) = merged([], ticket("open", 9, created_at=long_ago)).openings
    assert (new.at, old.at) == (NOW, long_ago)
    assert new.is_recent(NOW + timedelta(minutes=59))
    assert not old.is_recent(NOW)


def test_a_ticket_that_was_made_solved_opens_nothing() -> None:
    assert merged([], ticket("solved")).openings == []


def test_a_ticket_handed_over_is_opened_for_the_other_one_and_concerns_both() -> None:
    merge = merged([ticket("open")], ticket("open", 9, number=8))
    assert merge.mirrored == {7, 8}
    assert merge.openings == [Opening(8, 991, NOW + timedelta(seconds=9))]


def test_a_late_event_opens_nothing() -> None:
    assert merged([ticket("solved", 9)], ticket("open", 3)).openings == []


def test_a_customer_has_an_unsolved_ticket_or_not() -> None:
    assert has_unsolved([{"status": "solved"}, {"status": "pending"}])
    assert not has_unsolved([{"status": "solved"}, {"status": "closed"}])
    assert not has_unsolved([])
    assert not has_unsolved(None)
