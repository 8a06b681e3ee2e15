"""What an event's facts met, as it is told to people."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from bridge.clock import to_micros
from bridge.facts import Fact, meet
from bridge.meetings import FIRST, MOST_KEPT, NEWER, OLDER, SAME, TIE_LOST, Met, from_record, met, to_record
from tests.bridge.remotes.still_clock import NOW

OLD_AT = to_micros(NOW)


def fact(value: Any, *, s: float = 0, event: str = "e1", field: str = "address") -> Fact:
    return Fact("user:7", field, value, NOW + timedelta(seconds=s), "event", event, 7)


def told(old: Fact | None, new: Fact) -> Met:
    return met(old, new, meet(old, new).stands)


def test_the_first_word_about_a_field_met_nothing() -> None:
    assert told(None, fact("a@b.com")) == Met("user:7", "address", FIRST, "a@b.com")


def test_a_newer_value_says_what_it_replaced_and_whose_word_that_was() -> None:
    assert told(fact("a@b.com"), fact("c@b.com", s=60, event="e2")) == Met(
        "user:7", "address", NEWER, "c@b.com", "a@b.com", OLD_AT, "e1"
    )


def test_an_older_value_says_what_stood_on() -> None:
    late = told(fact("a@b.com"), fact("c@b.com", s=-60, event="e2"))
    assert (late.verdict, late.value, late.before) == (OLDER, "c@b.com", "a@b.com")


def test_two_of_the_same_second_are_a_tie() -> None:
    assert told(fact("a@b.com", event="e2"), fact("c@b.com", event="e1")).verdict == TIE_LOST


def test_a_known_ticket_tells_only_what_differs() -> None:
    old, new = {"id": 991, "status": "open", "subject": "?"}, {"id": 991, "status": "solved", "subject": "?"}
    changed = told(fact(old, field="ticket"), fact(new, s=60, field="ticket"))
    assert (changed.value, changed.before) == ({"status": "solved"}, {"status": "open"})
    again = told(fact(old, field="ticket"), fact(old, s=60, field="ticket"))
    assert (again.verdict, again.value) == (SAME, None)


def test_what_is_kept_is_short_and_reads_back() -> None:
    mets = [Met("user:7", "tag/vip", FIRST, value=True), told(fact("a"), fact("b", s=9))]
    record = json.loads(json.dumps(to_record(mets)))
    assert record[0] == ["user:7", "tag/vip", FIRST, True]
    assert from_record(record) == mets
    assert len(to_record(mets * MOST_KEPT)) == MOST_KEPT
