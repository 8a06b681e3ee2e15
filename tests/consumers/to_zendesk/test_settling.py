"""What an outcome means for the row of the way back."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.clock import to_micros
from bridge.customer import Known
from bridge.deciding.projection import digest
from bridge.deciding.to_zendesk.steps import AskFields, Call, Rest, SetFields, TagTicket, TagUser
from bridge.errors import BadCredentials, Refused, SendAgain, TryLater
from bridge.remotes.zendesk_errors import NotFound
from bridge.zendesk_user import REFUSED, TAG, ZendeskUser
from consumers.to_zendesk.bulk import Written
from consumers.to_zendesk.outcomes import Alone, Done, Failed, FieldsRead, JobTold, Outcome
from consumers.to_zendesk.settling import PACE, TOGETHER_TRIES, Settled, at_rest, lost_lease, settle
from consumers.verdicts import Dead, Halt, Later
from schemas.zendesk_jobs import JobStatus
from tests.bridge.deciding.to_zendesk.told import AT, NUMBER

NOW = to_micros(AT)
SECOND = 1_000_000
FIELDS = SetFields({"sailthru_optout": "all"})
TAGGING = TagUser("high/4", adds=True)
TICKET = TagTicket(991, "high/4", adds=True)
INVALID = Refused("zendesk", "invalid", detail="HTTP 422")
LOST = SendAgain("zendesk", "connection_lost")


def user(**more: Any) -> ZendeskUser:
    doubted = {"sailthru_optout": Known("", 0)}
    values = {"wanted": 2, "owed": True, "owed_at": NOW, "lease": 3, "lease_until": NOW + 9, "known": doubted}
    return ZendeskUser(1, NUMBER, **{**values, **more})


def after(step: Call | Written, outcome: Outcome, *, has_news: bool = False, **row: Any) -> Settled:
    return settle(user(**row), step, outcome, has_news=has_news, now=NOW)


def test_a_confirmed_write_is_known_and_the_next_step_is_due_at_once() -> None:
    settled = after(FIELDS, Done(), failures=2, failing_since=NOW - 5)
    row = settled.user
    assert row.known["sailthru_optout"] == Known(digest("all"), NOW)
    assert (row.failures, row.failing_since, row.lease_until, row.pushed_at) == (0, None, None, NOW)
    assert (row.owed, row.due_at) == (True, NOW)


def test_each_write_to_a_user_makes_the_next_change_wait() -> None:
    once = after(FIELDS, Done()).user
    twice = settle(once, TAGGING, Done(), has_news=False, now=NOW).user
    assert (once.not_before, twice.not_before) == (NOW + PACE, NOW + 2 * PACE)
    assert after(FIELDS, Done(), has_news=True).user.due_at == NOW + PACE


def test_a_ticket_is_tagged_once_and_is_no_write_to_the_user() -> None:
    row = after(TICKET, Done(), opened=(990, 991)).user
    assert (row.opened, row.not_before) == ((990,), 0)
    assert row.known["ticket/991"].digest == "high/4"


@pytest.mark.parametrize("error", [INVALID, NotFound("zendesk", "not_found")])
def test_a_ticket_that_takes_no_tag_is_passed_over(error: Refused) -> None:
    settled = after(TICKET, Failed(error), opened=(991,))
    assert (settled.user.opened, settled.letter, settled.verdict) == ((), None, None)
    assert (settled.user.due_at, settled.refusal) == (NOW, str(error))


def test_a_user_who_is_not_there_rests_without_a_letter() -> None:
    settled = after(FIELDS, Failed(NotFound("zendesk", "not_found")))
    assert (settled.is_gone, settled.letter, settled.user.owed) == (True, None, False)


def test_a_refused_value_is_a_letter_and_the_tag_goes_on() -> None:
    settled = after(FIELDS, Failed(INVALID))
    assert settled.letter == ("invalid", str(INVALID))
    assert isinstance(settled.verdict, Dead)
    assert settled.user.known[REFUSED].digest == digest(FIELDS.values)
    assert (settled.user.owed, settled.user.due_at) == (True, NOW)


def test_a_refused_tag_is_a_letter_and_the_row_rests() -> None:
    settled = after(TAGGING, Failed(Refused("zendesk", "forbidden")))
    assert settled.letter is not None
    assert (settled.user.owed, settled.user.due_at) == (False, None)


def test_a_refusal_that_names_a_field_has_the_fields_read_again_first() -> None:
    named = Refused("zendesk", "invalid", detail="HTTP 422: sailthru_optout is unknown")
    first = after(FIELDS, Failed(named))
    assert (first.doubts_fields, first.letter, first.user.due_at) == (True, None, NOW)
    second = settle(first.user, FIELDS, Failed(named), has_news=False, now=NOW)
    assert (second.doubts_fields, second.letter) == (False, ("invalid", str(named)))


def test_fields_that_may_not_be_read_are_none() -> None:
    settled = after(AskFields(), Failed(Refused("zendesk", "forbidden")))
    assert (settled.fields, settled.verdict, settled.user.owed) == ((), None, True)
    assert after(AskFields(), FieldsRead(())).fields == ()


def test_an_unknown_outcome_is_owed_now_and_once_more() -> None:
    settled = after(FIELDS, Failed(LOST))
    assert isinstance(settled.verdict, Later)
    assert (settled.user.due_at, settled.resend) == (NOW, ("sailthru_optout",))
    assert after(TICKET, Failed(LOST)).resend == ()


def test_a_wait_never_shortens_the_pace() -> None:
    settled = after(FIELDS, Failed(TryLater("zendesk", "server_error")), not_before=NOW + PACE)
    assert (settled.user.due_at, settled.user.not_before) == (NOW + SECOND, NOW + PACE)


def test_bad_credentials_blame_nobody() -> None:
    settled = after(FIELDS, Failed(BadCredentials("zendesk")))
    assert isinstance(settled.verdict, Halt)
    assert (settled.user.owed, settled.user.failures) == (True, 0)


def test_whom_a_job_refuses_is_written_alone() -> None:
    settled = after(Written({"sailthru_optout": "x"}), Alone("sailthru_optout is odd"))
    assert settled.user.failures == TOGETHER_TRIES
    assert (settled.user.owed, settled.doubts_fields, settled.letter) == (True, True, None)


def test_a_write_no_step_can_come_to_is_a_bug() -> None:
    with pytest.raises(TypeError, match="set_fields"):
        after(FIELDS, JobTold(JobStatus("a", "queued")))


def test_who_lost_the_lease_leaves_doubt_and_moves_the_number_on() -> None:
    settled = lost_lease(user(known={TAG: Known("low/2", NOW)}), TAGGING, NOW)
    assert settled.user.known[TAG].digest == ""
    assert (settled.user.lease, settled.user.owed, settled.resend) == (4, True, (TAG,))


def test_at_rest_nothing_is_left_to_do() -> None:
    known = {"ticket/991": Known("high/4", NOW), TAG: Known("high/4", 5), "sailthru_optout": Known("x", 5)}
    row = at_rest(user(known=known, opened=(991,)), Rest(settled={TAG: "high/4"}), NOW)
    assert row.known == {TAG: Known("high/4", 5), "sailthru_optout": Known("x", 5)}
    assert (row.paid, row.owed, row.owed_at, row.due_at, row.opened) == (2, False, None, None, ())
