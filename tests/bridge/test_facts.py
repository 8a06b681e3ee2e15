"""Facts that meet: which stands, and when nobody can say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.facts import (
    TAGS,
    TICKET,
    TICKETS,
    TIE,
    CustomerFacts,
    Fact,
    Origin,
    counts,
    doubts_list,
    is_tie,
    meet,
    of_customer,
)
from tests.bridge.remotes.still_clock import NOW

ORIGINS: tuple[Origin, ...] = ("event", "reading", "agent")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def fact(
    value: object = "a@example.com",
    at_s: float = 0,
    *,
    field: str = "address",
    origin: Origin = "event",
    event_id: str = "e",
    subject: str = "user:7",
    zendesk_id: int | None = 7,
) -> Fact:
    return Fact(subject, field, value, after(at_s), origin, event_id, zendesk_id)


some_facts = st.builds(
    fact,
    st.sampled_from(["a", "b", None]),
    st.sampled_from([0, 0.4, 1, 1.7, 2, 3]),
    origin=st.sampled_from(ORIGINS),
    event_id=st.sampled_from(["e1", "e2", "e3"]),
)


def test_the_first_fact_stands_and_changes_the_value() -> None:
    new = fact()
    meeting = meet(None, new)
    assert (meeting.stands, meeting.changed, meeting.doubt_until) == (new, True, None)


def test_a_newer_fact_wins_and_an_older_one_changes_nothing() -> None:
    old, new = fact("a", 0), fact("b", 10)
    assert (meet(old, new).stands, meet(old, new).changed) == (new, True)
    assert (meet(new, old).stands, meet(new, old).changed) == (new, False)


def test_a_fact_told_again_with_the_same_value_changes_nothing_but_its_age() -> None:
    meeting = meet(fact("a", 0), fact("a", 10))
    assert (meeting.stands.at, meeting.changed, meeting.doubt_until) == (after(10), False, None)


@given(some_facts, some_facts)
def test_two_facts_come_to_the_same_in_either_order(one: Fact, other: Fact) -> None:
    first, second = meet(one, other), meet(other, one)
    assert first.stands.order == second.stands.order
    assert first.doubt_until == second.doubt_until
    if one.order != other.order:
        assert first.stands == second.stands
        assert one.value == other.value or first.changed != second.changed


@given(some_facts)
def test_a_fact_that_meets_itself_changes_nothing(one: Fact) -> None:
    meeting = meet(one, one)
    assert (meeting.stands, meeting.changed, meeting.doubt_until) == (one, False, None)


@pytest.mark.parametrize(
    ("one", "other", "is_doubtful"),
    [
        (fact("a", 0), fact("b", 0), True),  # two events of one second
        (fact("a", 0), fact("b", 1), False),  # whole seconds of one clock
        (fact("a", 0), fact("b", 0.7), True),  # a whole second that may be any moment of it
        (fact("a", 0.2), fact("b", 0.7), False),  # both carry fractions
        (fact("a", 0, origin="reading"), fact("b", 1.9), True),
        (fact("a", 0), fact("b", 1, origin="reading"), True),
        (fact("a", 0, origin="reading"), fact("b", 2), False),
        (fact("a", 0, origin="reading"), fact("b", 1, origin="reading"), True),
        (fact("a", 0, origin="agent"), fact("b", 0), False),
        (fact("a", 0, origin="agent"), fact("b", 0, origin="agent"), False),
        (fact("a", 0), fact("a", 0), False),  # they agree
    ],
)
def test_facts_closer_than_their_precision_leave_a_doubt(one: Fact, other: Fact, is_doubtful: bool) -> None:
    assert (meet(one, other).doubt_until is not None) == is_doubtful


@given(some_facts, some_facts)
def test_a_doubt_can_be_settled_two_seconds_after_the_later_fact(one: Fact, other: Fact) -> None:
    until = meet(one, other).doubt_until
    if until is None:
        assert one.value == other.value or not is_tie(one, other)
        return
    assert until == max(one.at, other.at) + TIE
    settling = Fact("user:7", "address", "c", until, "reading", "r", 7)
    assert meet(meet(one, other).stands, settling).doubt_until is None


def test_until_it_is_read_again_the_greater_id_stands() -> None:
    one, other = fact("a", event_id="e1"), fact("b", event_id="e2")
    assert meet(one, other).stands is other
    assert meet(other, one).stands is other


def test_a_list_ends_older_members_that_it_leaves_out() -> None:
    listed = fact(["vip"], 10, field=TAGS, origin="reading")
    assert counts(listed, "vip", after(0))
    assert not counts(listed, "new", after(0))
    assert not counts(listed, "new", after(10))
    assert counts(listed, "new", after(11))
    assert counts(None, "new", after(0))


@pytest.mark.parametrize(
    ("value", "at_s", "origin", "is_doubtful"),
    [
        (True, 9, "event", False),  # in the list, and true
        (False, 9, "event", True),  # taken away about when the list showed it
        (False, 5, "event", False),  # long before
        (False, 12, "event", False),  # long after
        (False, 9, "agent", False),
    ],
)
def test_a_list_and_a_tag_that_contradict_each_other_too_closely_leave_a_doubt(
    value: bool, at_s: float, origin: Origin, is_doubtful: bool
) -> None:
    listed = fact(["vip"], 10, field=TAGS, origin="reading")
    tag = fact(value, at_s, field="tag/vip", origin=origin)
    assert (doubts_list(listed, "vip", tag) is not None) == is_doubtful


def customer(*facts: Fact) -> CustomerFacts:
    return of_customer(facts)


def test_tags_are_unknown_until_a_complete_list_was_read() -> None:
    assert customer(fact(True, field="tag/vip")).tags() is None
    assert customer(fact([], field=TAGS)).tags() == []


def test_tags_are_those_of_the_list_and_what_changed_since_sorted() -> None:
    listed = fact(["b", "vip"], 10, field=TAGS, origin="reading")
    tags = [
        fact(True, 10, field="tag/vip", origin="reading"),
        fact(True, 10, field="tag/b", origin="reading"),
        fact(False, 20, field="tag/b"),
        fact(True, 20, field="tag/a"),
        fact(True, 0, field="tag/lost"),
    ]
    assert customer(listed, *tags).tags() == ["a", "vip"]


def test_tickets_are_counted_by_the_list_and_what_came_since() -> None:
    listed = fact([1, 2], 10, field=TICKETS, origin="reading")
    tickets = [
        fact({"id": number}, at_s, field=TICKET, subject=f"ticket:{number}")
        for number, at_s in ((1, 0), (3, 0), (4, 20))
    ]
    gone = fact(None, 20, field=TICKET, subject="ticket:2", zendesk_id=None)
    counted = customer(listed, *tickets, gone).counted_tickets()
    assert counted is not None
    assert sorted(one["id"] for one in counted) == [1, 4]
    assert customer(*tickets).counted_tickets() is None


def test_the_address_of_an_inactive_user_is_none_but_its_profile_is_sought_there() -> None:
    facts = customer(fact("a@example.com"), fact(False, field="active"))
    assert (facts.address(), facts.is_active()) == (None, False)
    assert facts.former_addresses() == ["a@example.com"]


def test_former_addresses_come_newest_first_without_the_present_one() -> None:
    facts = customer(
        fact("now@example.com", 30),
        fact(0, 10, field="former/first@example.com"),
        fact(0, 20, field="former/second@example.com"),
        fact(0, 5, field="former/now@example.com"),
    )
    assert facts.address() == "now@example.com"
    assert facts.former_addresses() == ["second@example.com", "first@example.com"]


def test_somebody_of_whom_nothing_is_known_is_active_and_has_no_address() -> None:
    nobody = customer()
    assert (nobody.is_active(), nobody.address(), nobody.former_addresses()) == (True, None, [])
    assert nobody.value("role", "end-user") == "end-user"
