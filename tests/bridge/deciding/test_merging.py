"""Merging: any order, any number of times, the same facts; where nobody can tell, always a doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bridge.deciding.merging import Merge
from bridge.facts import TAGS, TICKET, TICKETS, CustomerFacts, Fact, Origin, is_tie, of_customer
from tests.bridge.test_facts import after, fact

SECONDS = st.sampled_from([0, 1, 2, 3, 5, 8])
ORIGINS: st.SearchStrategy[Origin] = st.sampled_from(["event", "reading"])


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Facts about user 7, user 8 and a ticket that moves between them; each of an event of its own."""
    made = [draw(one_fact(f"e{number}")) for number in range(draw(st.integers(1, 7)))]
    return [one for group in made for one in group]


ADDRESSES = st.sampled_from(["a@x.example", "b@x.example", "c@x.example", None])


@st.composite
def one_fact(draw: st.DrawFn, event_id: str) -> list[Fact]:
    """What one event or reading states."""
    at_s, origin = draw(SECONDS), draw(ORIGINS)
    kind = draw(st.sampled_from(["address", "active", "tag", "tags", "ticket", "tickets"]))
    match kind:
        case "address":
            made = [fact(draw(ADDRESSES), at_s, origin=origin, event_id=event_id)]
        case "active":
            made = [fact(draw(st.booleans()), at_s, field="active", origin=origin, event_id=event_id)]
        case "tag":
            name = f"tag/{draw(st.sampled_from('xy'))}"
            made = [fact(draw(st.booleans()), at_s, field=name, event_id=event_id)]
        case "tags":
            made = tags_read(draw(st.sets(st.sampled_from("xy"))), at_s, event_id)
        case "ticket":
            holder = draw(st.sampled_from([7, 8, None]))
            made = [ticket(holder, at_s, origin=origin, event_id=event_id)]
        case _:
            made = tickets_read(draw(st.sampled_from([7, 8])), at_s, event_id, has_ticket=draw(st.booleans()))
    return made


def tags_read(names: set[str], at_s: float, event_id: str) -> list[Fact]:
    read: dict[str, Any] = {"origin": "reading", "event_id": event_id}
    members = [fact(True, at_s, field=f"tag/{name}", **read) for name in sorted(names)]
    return [*members, fact(sorted(names), at_s, field=TAGS, **read)]


def tickets_read(holder: int, at_s: float, event_id: str, *, has_ticket: bool) -> list[Fact]:
    ids = [991] if has_ticket else []
    whose: dict[str, Any] = {"subject": f"user:{holder}", "zendesk_id": holder}
    listed = fact(ids, at_s, field=TICKETS, origin="reading", event_id=event_id, **whose)
    member = ticket(holder, at_s, origin="reading", event_id=event_id)
    return [member, listed] if has_ticket else [listed]


def ticket(holder: int | None, at_s: float, *, origin: Origin = "event", event_id: str = "e") -> Fact:
    value = None if holder is None else {"id": 991, "requester_id": holder}
    return fact(
        value, at_s, field=TICKET, origin=origin, event_id=event_id, subject="ticket:991", zendesk_id=holder
    )


def merged(facts: Sequence[Fact]) -> Merge:
    merge = Merge({})
    for one in facts:
        merge.take_all([one])
    return merge


def seen(merge: Merge, number: int) -> tuple[Any, ...]:
    """All that the vars and the search can see of one customer."""
    known: CustomerFacts = of_customer(one for one in merge.standing.values() if one.zendesk_id == number)
    return (
        known.address(),
        known.is_active(),
        known.former_addresses(),
        known.tags(),
        known.counted_tickets(),
    )


@settings(max_examples=300)
@given(st.data(), histories())
def test_facts_in_any_order_any_number_of_times_stand_the_same(
    data: st.DataObject, history: list[Fact]
) -> None:
    shuffled = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history), max_size=4))))
    in_order, otherwise = merged(history), merged(shuffled)
    for number in (7, 8):
        assert seen(in_order, number) == seen(otherwise, number)
    assert {key: one.value for key, one in in_order.standing.items() if not key[1].startswith("former/")} == {
        key: one.value for key, one in otherwise.standing.items() if not key[1].startswith("former/")
    }


@given(st.data(), histories())
def test_facts_merged_together_stand_as_facts_merged_one_by_one(
    data: st.DataObject, history: list[Fact]
) -> None:
    together = Merge({})
    together.take_all(data.draw(st.permutations(history)))
    for number in (7, 8):
        assert seen(together, number) == seen(merged(history), number)


addresses = st.lists(
    st.tuples(st.sampled_from(["a@x.example", "b@x.example"]), st.sampled_from([0, 0.5, 1, 2]), ORIGINS),
    min_size=2,
    max_size=5,
)


@settings(max_examples=300)
@given(st.data(), addresses)
def test_where_nobody_can_tell_which_was_later_every_order_leaves_a_doubt(
    data: st.DataObject, drawn: list[tuple[str, float, Any]]
) -> None:
    told = [
        fact(value, at_s, origin=origin, event_id=f"e{number}")
        for number, (value, at_s, origin) in enumerate(drawn)
    ]
    assume(_is_undecided(told))
    assert merged(data.draw(st.permutations(told))).doubts


def _is_undecided(facts: Sequence[Fact]) -> bool:
    """Whether each fact of the last value is too close to the last one of another value."""
    last = max(facts, key=lambda one: one.order)
    others = [one for one in facts if one.value != last.value]
    if not others:
        return False
    rival = max(others, key=lambda one: one.order)
    return all(is_tie(one, rival) for one in facts if one.value == last.value and one.order > rival.order)


def test_a_fact_rewritten_with_the_same_value_owes_nothing() -> None:
    merge = Merge.of([fact("a@x.example", 0)])
    merge.take(fact("a@x.example", 9))
    assert merge.touched == set()
    assert [one.at for one in merge.written.values()] == [after(9)]


def test_an_older_fact_is_neither_stored_nor_owed() -> None:
    merge = Merge.of([fact(True, 9, field="tag/vip")])
    merge.take(fact(False, 0, field="tag/vip"))
    assert (merge.written, merge.touched, merge.doubts) == ({}, set(), {})


def test_a_ticket_that_moves_leaves_one_customer_and_joins_the_other_and_both_owe() -> None:
    merge = Merge.of([ticket(7, 0)])
    merge.take(ticket(8, 9))
    assert merge.touched == {7, 8}


def test_a_deleted_ticket_is_owed_by_whoever_had_it() -> None:
    merge = Merge.of([ticket(7, 0)])
    merge.take(ticket(None, 9))
    assert merge.touched == {7}


def test_an_address_that_was_replaced_is_a_former_one_whichever_came_first() -> None:
    one, other = fact("old@x.example", 0), fact("new@x.example", 9)
    for order in ((one, other), (other, one)):
        merge = merged(order)
        assert of_customer(merge.standing.values()).former_addresses() == ["old@x.example"]
        assert merge.reopened == {7}


def test_a_list_doubts_a_member_that_left_about_when_it_was_read() -> None:
    listed = fact(["vip"], 10, field=TAGS, origin="reading")
    left = fact(False, 11, field="tag/vip")
    for order in ((listed, left), (left, listed)):
        assert merged(order).doubts == {"user:7": after(13)}


def test_a_ticket_list_doubts_the_ticket_and_not_the_user() -> None:
    listed = fact([], 10, field=TICKETS, origin="reading")
    for order in ((listed, ticket(7, 11)), (ticket(7, 11), listed)):
        assert merged(order).doubts == {"ticket:991": after(13)}


def test_a_list_makes_its_customer_owe_even_if_nothing_in_it_is_new() -> None:
    merge = Merge({})
    merge.take(fact([], 0, field=TICKETS, origin="reading"))
    assert merge.touched == {7}
