"""Who owns a profile, and what follows when another one holds the address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.clock import to_micros
from bridge.customer import EMAIL, EMAIL_CONFLICT, EMAIL_TAKEN, Conflict, Customer, Known, Link
from bridge.facts import of_customer
from consumers import conflicts, linking
from consumers.conflicts import MOST_ROUNDS, Ruling
from consumers.linking import Neighbour
from schemas.sailthru_records import Profile
from tests.bridge.remotes.still_clock import NOW
from tests.bridge.test_facts import fact

T = to_micros(NOW)
JANE, NEW = "jane@example.com", "new@example.com"


def somebody(
    number: int, address: str | None = JANE, at_s: float = 0, *, is_active: bool = True,
    former: tuple[str, ...] = (), **changed: Any,
) -> Neighbour:  # fmt: skip
    told = [
        fact(address, at_s, subject=f"user:{number}", zendesk_id=number),
        fact(is_active, at_s, field="active", subject=f"user:{number}", zendesk_id=number),
    ]
    told += [fact(T, 0, field=f"former/{one}", subject=f"user:{number}", zendesk_id=number) for one in former]
    return Neighbour(replace(Customer(1, number, read_at=T), **changed), of_customer(told))


def profile(sid: str = "5f0a", email: str | None = JANE, **held: Any) -> Profile:
    return Profile(sid, email, NOW, vars=held)


def claim(me: Neighbour, *around: Neighbour, linked_to: Neighbour | None = None) -> linking.Linked:
    return linking.claim(me, profile(), f"email:{JANE}", linked_to, [me, *around], T)


def test_a_found_profile_is_linked_and_the_new_owner_owes_all_vars() -> None:
    linked = claim(somebody(7, known={"zendesk_id": Known("x", T)}))
    assert linked.is_mine
    assert (linked.customer.sid, linked.customer.known) == ("5f0a", {EMAIL: Known(JANE, T)})
    assert (linked.customer.link.once, linked.customer.link.last_sid) == (True, "5f0a")


@pytest.mark.parametrize(
    ("rival", "is_mine"),
    [
        (somebody(8, JANE, -5), True),  # an earlier fact
        (somebody(8, JANE, 5), False),  # a later fact
        (somebody(8, JANE, 0), False),  # the same moment, a greater id
        (somebody(6, JANE, 0), True),  # the same moment, a smaller id
        (somebody(8, JANE, 5, is_active=False), True),  # not active any more
        (somebody(8, "other@example.com", 5), True),  # another address
        (somebody(8, JANE, 5, sid="5f0b"), True),  # has a profile of its own
        (somebody(8, NEW, 5, former=(JANE,)), False),  # had it first, and its profile was never found
    ],
)
def test_one_customer_owns_the_profile_at_an_address(rival: Neighbour, is_mine: bool) -> None:
    linked = claim(somebody(7), rival)
    assert linked.is_mine == is_mine
    assert (linked.customer.sid == "5f0a") == is_mine
    assert linked.customer.link.is_taken == (not is_mine)


def test_of_two_who_want_a_profile_exactly_one_gets_it() -> None:
    for one, other in ((somebody(7), somebody(8)), (somebody(7, at_s=3), somebody(8))):
        assert claim(one, other).is_mine != claim(other, one).is_mine


def test_an_inactive_owner_gives_way_and_loses_its_link() -> None:
    owner = somebody(8, is_active=False, sid="5f0a", lease=4)
    linked = claim(somebody(7), linked_to=owner)
    (lost,) = linked.others
    assert linked.is_mine
    assert (lost.sid, lost.owed, lost.lease, lost.known) == (None, True, 5, {})


def test_an_owner_keeps_its_profile_while_it_is_about_to_move() -> None:
    linked = claim(somebody(7), linked_to=somebody(8, NEW, sid="5f0a"))
    assert not linked.is_mine
    assert linked.others == ()


def test_an_unlinked_customer_knows_nothing_but_what_it_was() -> None:
    before = somebody(7, sid="5f0a", known={EMAIL: Known(JANE, T)}).customer
    before = replace(before, link=Link(once=True, last_sid="5f0a", made_sid="5f0a", tried=("email:x",)))
    after = linking.unlink(before)
    assert (after.sid, after.known) == (None, {})
    assert after.link == Link(once=True, last_sid="5f0a", made_sid="5f0a")


ME = somebody(7, NEW, sid="5f07", known={EMAIL: Known(JANE, T)})
ASKED = Conflict(NEW, rounds=1)


def rule(
    holder: Profile | None, owner: Neighbour | None = None, *, merges: bool = False, **me: Any
) -> Ruling:
    mine = replace(ME, customer=replace(ME.customer, **me))
    return conflicts.rule(mine, ASKED, holder, owner, merges=merges, now=T)


def step_of(ruling: Ruling) -> str:
    assert ruling.conflict is not None
    return ruling.conflict.step


def test_whoever_holds_the_address_itself_is_there() -> None:
    ruling = rule(profile("5f07", NEW))
    assert (ruling.holds_already, ruling.conflict, ruling.reason) == (True, None, "")


def test_an_address_nobody_holds_is_tried_again_a_little_later_and_not_for_ever() -> None:
    ruling = rule(None)
    assert step_of(ruling) == "wait"
    assert ruling.conflict is not None
    assert ruling.conflict.until == T + 1_000_000
    tired = conflicts.rule(ME, replace(ASKED, rounds=MOST_ROUNDS), None, None, merges=False, now=T)
    assert (step_of(tired), tired.reason) == ("blocked", EMAIL_CONFLICT)


@pytest.mark.parametrize("merges", [True, False])
def test_a_living_other_customer_is_never_merged(merges: bool) -> None:
    ruling = rule(profile("5f08", NEW), somebody(8, NEW, sid="5f08"), merges=merges)
    assert (step_of(ruling), ruling.reason) == ("blocked", EMAIL_TAKEN)
    assert "7" in ruling.error
    assert "8" in ruling.error
    assert "@" not in ruling.error
    checked = conflicts.checked(ME, replace(ASKED, holder_id=8), is_active=True)
    assert checked.reason == EMAIL_TAKEN


def test_a_holder_that_is_about_to_move_goes_first() -> None:
    ruling = rule(profile("5f08", NEW), somebody(8, "third@example.com", sid="5f08", owed=False))
    (nudged,) = ruling.nudged
    assert step_of(ruling) == "wait"
    assert (nudged.zendesk_id, nudged.owed, nudged.due_at) == (8, True, T)


def test_two_that_wait_for_each_other_part_over_a_stepping_stone() -> None:
    other = somebody(8, JANE, sid="5f08", link=Link(conflict=Conflict(JANE, "wait", holder_id=7)))
    me = somebody(7, NEW, former=(JANE, "old@example.com"), sid="5f07", known=ME.customer.known)
    ruling = conflicts.rule(me, ASKED, profile("5f08", NEW), other, merges=False, now=T)
    assert ruling.conflict is not None
    assert (ruling.conflict.step, ruling.conflict.aside) == ("aside", "old@example.com")


def test_two_without_a_stepping_stone_end_as_a_letter_that_names_both() -> None:
    other = somebody(8, JANE, sid="5f08", link=Link(conflict=Conflict(JANE, "wait", holder_id=7)))
    ruling = conflicts.rule(
        ME, replace(ASKED, rounds=MOST_ROUNDS), profile("5f08", NEW), other, merges=True, now=T
    )
    assert (step_of(ruling), ruling.reason) == ("blocked", EMAIL_CONFLICT)
    assert "7" in ruling.error
    assert "8" in ruling.error


@pytest.mark.parametrize(
    ("merges", "held", "expected"),
    [
        (False, {}, "blocked"),
        (False, {"zendesk_id": 9}, "blocked"),
        (True, {}, "merge"),
        (True, {"zendesk_id": 9}, "check"),
        (True, {"zendesk_id": 7}, "merge"),
    ],
)
def test_a_profile_of_no_customer_is_merged_only_if_told_so_and_nobody_living_owns_it(
    merges: bool, held: dict[str, Any], expected: str
) -> None:
    assert step_of(rule(profile("5f99", NEW, **held), merges=merges)) == expected


@pytest.mark.parametrize(("merges", "expected"), [(True, "check"), (False, "blocked")])
def test_the_profile_of_an_inactive_customer_is_checked_in_zendesk_before_a_merge(
    merges: bool, expected: str
) -> None:
    gone = somebody(8, NEW, is_active=False, sid="5f08")
    assert step_of(rule(profile("5f08", NEW), gone, merges=merges)) == expected
    assert step_of(conflicts.checked(ME, replace(ASKED, holder_id=8), is_active=False)) == "merge"


def test_the_profile_that_the_bridge_made_for_this_very_customer_is_merged() -> None:
    assert step_of(rule(profile("5f99", NEW), link=Link(made_sid="5f99"))) == "merge"
