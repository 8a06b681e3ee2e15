"""What an outcome means for the customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.clock import to_micros
from bridge.customer import EMAIL, REFUSED, Conflict, Customer, Known, Link
from bridge.deciding.planning import MERGED_INTO, REPLACED
from bridge.deciding.projection import digest
from bridge.deciding.steps import AskHolder, Call, CheckHolder, Create, LookUp, ReadBack, Write, sent_keys
from bridge.errors import BadCredentials, Refused, SendAgain, TryLater
from consumers.failing import lost_lease
from consumers.linking import Neighbour
from consumers.outcomes import Failed, Found, Holder, NotFound, Outcome
from consumers.settled import Around, Settled
from consumers.settling import settle
from consumers.verdicts import MOST_BUGS, Halt
from tests.bridge.remotes.still_clock import NOW
from tests.consumers.test_linking import JANE, NEW, profile, somebody

T = to_micros(NOW)
SECOND = 1_000_000
SENT = {"zendesk_id": 7, "zendesk_tickets": {"991": {"id": 991}}}
WRITE = Write("5f0a", SENT, expected=JANE)
MOVE = Write("5f0a", {}, email=NEW, expected=NEW)


def linked(**changed: Any) -> Neighbour:
    base: dict[str, Any] = {
        "sid": "5f0a", "lease": 3, "lease_until": T, "failures": 2, "failing_since": T - SECOND,
        "known": {EMAIL: Known(JANE, T)}, "link": Link(once=True, last_sid="5f0a", tried=(f"email:{JANE}",)),
    }  # fmt: skip
    return somebody(7, NEW, former=(JANE,), **(base | changed))


def after(step: Call, outcome: Outcome, me: Neighbour | None = None, **around: Any) -> Settled:
    return settle(Around(me or linked(), **around), step, outcome, merges=False, now=T)


def under_way(me: Neighbour, step: Call) -> Neighbour:
    """As the ledger has the customer while the call is made."""
    return replace(me, customer=replace(me.customer, known=me.customer.doubting(sent_keys(step))))


def test_before_a_write_all_that_it_touches_is_in_doubt() -> None:
    doubted = under_way(linked(), Write("5f0a", SENT, email=NEW)).customer
    assert {name: known.digest for name, known in doubted.known.items()} == {
        EMAIL: "", "zendesk_id": "", "zendesk_tickets": "",
    }  # fmt: skip
    assert doubted.possible_addresses() == (JANE, NEW)
    assert doubted.known["zendesk_tickets"].keys == ("991",)
    assert sent_keys(LookUp(JANE, "email")) == {}


def test_a_confirmed_write_is_known_and_frees_the_customer() -> None:
    settled = after(WRITE, Found(profile("5f0a", JANE)), under_way(linked(), WRITE))
    customer = settled.customer
    assert customer.known["zendesk_id"] == Known(digest(7), T)
    assert customer.known["zendesk_tickets"] == Known(digest(SENT["zendesk_tickets"]), T, ("991",))
    assert (customer.lease_until, customer.failures, customer.failing_since) == (None, 0, None)
    assert (customer.pushed_at, customer.owed, customer.due_at) == (T, True, T)


def test_a_confirmed_move_frees_the_old_address_and_closes_its_letters() -> None:
    settled = after(MOVE, Found(profile("5f0a", NEW)), under_way(linked(), MOVE))
    assert settled.customer.known_address() == NEW
    assert settled.freed == (JANE,)
    assert set(settled.closes) == {"email_conflict", "email_taken"}


@pytest.mark.parametrize("reply", [profile("5f0b", JANE), profile("5f0a", "other@example.com")])
def test_a_reply_about_another_profile_or_address_unlinks(reply: Any) -> None:
    settled = after(WRITE, Found(reply))
    assert (settled.customer.sid, settled.customer.known) == (None, {})
    assert settled.customer.failures == 3
    assert settled.pause_s > 0


def test_replies_about_others_again_and_again_are_a_dead_letter() -> None:
    settled = after(WRITE, Found(profile("5f0b")), linked(failures=MOST_BUGS))
    assert settled.letter is not None
    assert settled.letter[0] == "unexpected_reply"


def test_a_profile_that_is_gone_is_searched_anew() -> None:
    settled = after(WRITE, Failed(Refused("sailthru", "profile_gone")))
    assert (settled.customer.sid, settled.customer.link.last_sid) == (None, "5f0a")
    assert (settled.letter, settled.verdict) == (None, None)


def test_an_address_that_another_profile_has_is_asked_about() -> None:
    settled = after(MOVE, Failed(Refused("sailthru", "email_conflict")), under_way(linked(), MOVE))
    assert settled.customer.link.conflict == Conflict(NEW, "ask", rounds=1, until=T)
    assert settled.customer.known_address() == JANE  # refused: it is where it was
    assert settled.letter is None


def test_a_refused_stepping_stone_is_not_tried_again() -> None:
    standing = Conflict(NEW, "aside", aside="old@example.com", asides=("old@example.com",), rounds=2)
    aside = Write("5f0a", {}, email="old@example.com", expected="old@example.com", is_aside=True)
    me = linked(link=Link(conflict=standing))
    conflict = after(aside, Failed(Refused("sailthru", "email_conflict")), me).customer.link.conflict
    assert conflict is not None
    assert (conflict.step, conflict.aside, conflict.asides, conflict.rounds) == (
        "ask", None, ("old@example.com",), 3,
    )  # fmt: skip


def test_a_refusal_is_a_dead_letter_and_the_customer_rests() -> None:
    settled = after(WRITE, Failed(Refused("sailthru", "bad_request")))
    assert (settled.customer.state, settled.customer.owed) == (REFUSED, False)
    assert settled.letter == ("bad_request", "sailthru refused: bad_request")


def test_a_busy_remote_is_tried_later_and_the_fields_stay_in_doubt() -> None:
    me = under_way(linked(), WRITE)
    settled = after(WRITE, Failed(TryLater("sailthru", "timeout")), me)
    assert (settled.customer.due_at, settled.customer.not_before) == (T + 4 * SECOND, T + 4 * SECOND)
    assert settled.customer.known == me.customer.known
    assert (settled.customer.failures, settled.resend) == (3, ())


def test_an_unknown_outcome_is_sent_once_more_a_minute_later() -> None:
    settled = after(WRITE, Failed(SendAgain("sailthru", "timeout")), linked(failures=0))
    assert set(settled.resend) == set(SENT)
    assert settled.customer.due_at == T


def test_bad_credentials_halt_and_cost_the_customer_no_attempt() -> None:
    settled = after(WRITE, Failed(BadCredentials("sailthru")))
    assert isinstance(settled.verdict, Halt)
    assert (settled.customer.failures, settled.customer.owed) == (2, True)


def test_a_lost_lease_leaves_all_that_was_sent_in_doubt_now_and_in_a_minute() -> None:
    settled = lost_lease(replace(linked().customer, lease=9), WRITE, T)
    assert settled.customer.lease == 10  # so that the other pusher finds out in its turn
    assert settled.customer.known["zendesk_id"].digest == ""
    assert set(settled.resend) == set(SENT)
    assert (settled.customer.owed, settled.customer.due_at) == (True, T)


SEARCHING = somebody(7, JANE)


def test_a_place_without_a_profile_is_not_looked_at_twice() -> None:
    settled = after(LookUp(JANE, "email", ("sid:x",)), NotFound(), SEARCHING)
    assert settled.customer.link.tried == ("sid:x", f"email:{JANE}")


def test_a_found_profile_is_linked() -> None:
    assert after(LookUp(JANE, "email"), Found(profile()), SEARCHING).customer.sid == "5f0a"


def test_a_former_address_that_leads_to_anothers_profile_leaves_the_link_as_it_is() -> None:
    me = linked()
    owner = somebody(8, JANE, sid="5f0b")
    settled = after(LookUp(JANE, "email"), Found(profile("5f0b", JANE)), me, linked_to=owner)
    assert (settled.customer.sid, settled.others) == ("5f0a", ())


def test_a_created_profile_is_linked_with_all_that_was_sent() -> None:
    step = Create(JANE, SENT)
    customer = after(step, Found(profile("5f0c", JANE)), SEARCHING).customer
    assert (customer.sid, customer.link.made_sid) == ("5f0c", "5f0c")
    assert customer.known["zendesk_id"] == Known(digest(7), T)


def test_a_profile_created_over_somebody_elses_is_left_to_its_owner_who_owes_it_again() -> None:
    owner = somebody(8, JANE, sid="5f0c", known={"zendesk_id": Known(digest(8), T)}, lease=2)
    settled = after(Create(JANE, SENT), Found(profile("5f0c", JANE)), SEARCHING, linked_to=owner)
    (spoilt,) = settled.others
    assert settled.customer.sid is None
    assert (spoilt.known["zendesk_id"].digest, spoilt.owed, spoilt.lease) == ("", True, 3)


def test_a_ticket_left_out_of_a_write_is_looked_for_later() -> None:
    known = {EMAIL: Known(JANE, T), "zendesk_tickets": Known("x", T, ("991", "992"))}
    settled = after(WRITE, Found(profile("5f0a", JANE)), under_way(linked(known=known), WRITE))
    assert settled.customer.link.gone_keys == ("992",)
    assert settled.customer.link.check_at > T


@pytest.mark.parametrize(
    ("held", "learned"),
    [({"991": {}}, REPLACED), ({"991": {}, "992": {"id": 992}}, MERGED_INTO), (None, REPLACED)],
)
def test_a_read_back_tells_how_sailthru_treats_objects(held: Any, learned: str) -> None:
    me = linked(link=Link(gone_keys=("992",), check_at=T))
    settled = after(ReadBack("5f0a", ("992",)), Found(profile("5f0a", JANE, zendesk_tickets=held)), me)
    assert (settled.learned, settled.customer.link.gone_keys) == (learned, ())
    is_owed = "zendesk_tickets" in settled.customer.known
    assert is_owed == (learned == MERGED_INTO)


def test_the_holders_user_decides_whether_it_is_merged() -> None:
    me = linked(link=Link(conflict=Conflict(NEW, "check", holder_id=8)))
    for outcome, step in (
        (Holder(is_active=False), "merge"),
        (NotFound(), "merge"),
        (Holder(is_active=True), "blocked"),
    ):
        conflict = after(CheckHolder(8), outcome, me).customer.link.conflict
        assert conflict is not None
        assert conflict.step == step


def test_whoever_turns_out_to_hold_the_address_is_there() -> None:
    me = linked(link=Link(conflict=Conflict(NEW, "ask")))
    settled = after(AskHolder(NEW), Found(profile("5f0a", NEW)), me)
    assert (settled.customer.known_address(), settled.customer.link.conflict) == (NEW, None)
    assert "email_conflict" in settled.closes


def test_a_step_and_an_outcome_that_do_not_fit_are_our_fault() -> None:
    with pytest.raises(TypeError):
        after(WRITE, NotFound())


def test_nobody_is_leased_after_an_answer() -> None:
    row: Customer = after(WRITE, Found(profile("5f0a", JANE))).customer
    assert row.lease_until is None
