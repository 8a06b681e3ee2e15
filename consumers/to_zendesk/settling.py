"""What an outcome means for the row of the way back, and what else follows. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.customer import Known
from bridge.deciding.projection import digest
from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.deciding.to_zendesk.steps import TICKET_PREFIX, AskFields, Call, Rest, SetFields, TagTicket
from bridge.errors import Refused
from bridge.remotes.zendesk_errors import NotFound
from bridge.zendesk_user import REFUSED, ZendeskUser
from consumers.to_zendesk.bulk import Written
from consumers.to_zendesk.outcomes import Alone, Done, Failed, FieldsRead, Outcome
from consumers.verdicts import Dead, Later, Verdict, verdict, wait_s
from schemas.zendesk_jobs import UserFieldRecord

MICROS = 1_000_000
PACE = 15 * MICROS  # Zendesk takes about five updates of one user a minute
TOGETHER_TRIES = 2  # a row that failed so often goes alone, and so spoils no bulk update


@dataclass(frozen=True)
class Settled:
    """What follows.

    `letter` is (reason, error); `resend` what is written once more a minute later; `is_gone`: Zendesk has no
    such user; `fields`: what the account has; `doubts_fields`: they are to be read again; `refusal`: what
    Zendesk said and was passed over.
    """

    user: ZendeskUser
    verdict: Verdict | None = None
    letter: tuple[str, str] | None = None
    resend: tuple[str, ...] = ()
    is_gone: bool = False
    fields: tuple[UserFieldRecord, ...] | None = None
    doubts_fields: bool = False
    refusal: str = ""


def settle(user: ZendeskUser, step: Call | Written, outcome: Outcome, *, has_news: bool, now: int) -> Settled:
    """The row after `step` came to `outcome`. `has_news`: facts changed since the step was planned."""
    free = replace(user, lease_until=None)
    match outcome:
        case Done():
            return Settled(_confirmed(free, step, has_news=has_news, now=now))
        case FieldsRead(fields):
            return Settled(free, fields=fields)
        case Alone(error):
            return _alone(free, error, now)
        case Failed(error):
            return _failed(free, step, error, now)
        case _:
            raise TypeError(f"{step.action} cannot come to {type(outcome).__name__}")


def _confirmed(user: ZendeskUser, step: Call | Written, *, has_news: bool, now: int) -> ZendeskUser:
    known = {**user.known, **{name: Known(mark, now) for name, mark in step.sent.items()}}
    if isinstance(step, (SetFields, Written)):
        known.pop(REFUSED, None)
    done = replace(user, known=known, failures=0, failing_since=None, pushed_at=now)
    if isinstance(step, TagTicket):
        return _going_on(_without(done, step.ticket_id), now)
    paced = replace(done, not_before=max(user.not_before, now) + PACE)
    # What is left of one change follows at once; the next change waits, and whatever comes meanwhile with it.
    return _going_on(paced, paced.not_before if has_news else now)


def _going_on(user: ZendeskUser, due_at: int) -> ZendeskUser:
    return replace(user, owed=True, due_at=due_at)


def _without(user: ZendeskUser, ticket_id: int) -> ZendeskUser:
    return replace(user, opened=tuple(number for number in user.opened if number != ticket_id))


def _alone(user: ZendeskUser, error: str, now: int) -> Settled:
    failures = max(user.failures + 1, TOGETHER_TRIES)
    due_at = now + int(wait_s(0) * MICROS)
    waiting = replace(
        user,
        failures=failures,
        failing_since=user.failing_since or now,
        owed=True,
        due_at=due_at,
        not_before=due_at,
    )
    return Settled(
        waiting,
        verdict=Later(wait_s(0), "refused_in_job"),
        doubts_fields=_names_a_field(error),
        refusal=error,
    )


def _failed(user: ZendeskUser, step: Call | Written, error: Exception, now: int) -> Settled:
    if isinstance(error, Refused):
        return _refused(user, step, error, now)
    return _by_verdict(user, step, error, now)


def _refused(user: ZendeskUser, step: Call | Written, error: Refused, now: int) -> Settled:
    if isinstance(step, TagTicket):
        # Deleted, or closed for good: it needs no tag, and the customer waits for nobody.
        passed = {**user.known, **{name: Known(mark, now) for name, mark in step.sent.items()}}
        skipped = replace(_without(user, step.ticket_id), known=passed)
        return Settled(_going_on(skipped, now), refusal=str(error))
    if isinstance(step, AskFields):
        # Whoever may not see the fields writes none; the tag goes on.
        return Settled(user, fields=(), refusal=str(error))
    if isinstance(error, NotFound):
        rested = replace(user, owed=False, owed_at=None, due_at=None, failures=0, failing_since=None)
        return Settled(rested, is_gone=True, refusal=str(error))
    if isinstance(step, SetFields) and _names_a_field(error.detail) and user.failures < TOGETHER_TRIES:
        return _doubting_fields(user, error, now)
    return _by_verdict(user, step, error, now)


def _names_a_field(text: str) -> bool:
    return any(field.key in text for field in USER_FIELDS)


def _doubting_fields(user: ZendeskUser, error: Refused, now: int) -> Settled:
    """The account may have lost a field since its fields were read: once more, after reading them again."""
    failing = replace(user, failures=TOGETHER_TRIES, failing_since=user.failing_since or now)
    return Settled(
        _going_on(failing, now),
        verdict=Later(0.0, "field_refused"),
        doubts_fields=True,
        refusal=str(error),
    )


def _by_verdict(user: ZendeskUser, step: Call | Written, error: Exception, now: int) -> Settled:
    failing_since = user.failing_since or now
    decided = verdict(error, failures=user.failures, failing_s=(now - failing_since) / MICROS)
    failing = replace(user, failures=user.failures + 1, failing_since=failing_since)
    if isinstance(decided, Later):
        due_at = now + int(decided.after_s * MICROS)
        waiting = replace(failing, owed=True, due_at=due_at, not_before=max(due_at, user.not_before))
        return Settled(waiting, verdict=decided, resend=sent_again(step) if decided.is_unknown else ())
    if isinstance(decided, Dead):
        return Settled(_given_up(user, step, now), verdict=decided, letter=(decided.reason, decided.error))
    return Settled(_going_on(user, now), verdict=decided)


def _given_up(user: ZendeskUser, step: Call | Written, now: int) -> ZendeskUser:
    """Of fields that are refused the tag need not know; a refused tag was the last thing left."""
    given_up = replace(user, failures=0, failing_since=None)
    if not isinstance(step, SetFields):
        return replace(given_up, owed=False, owed_at=None, due_at=None)
    known = {**user.known, REFUSED: Known(digest(step.values), now)}
    return _going_on(replace(given_up, known=known), now)


def sent_again(step: Call | Written) -> tuple[str, ...]:
    """What goes once more a minute after an unknown outcome; of a ticket, now is enough."""
    return () if isinstance(step, TagTicket) else tuple(step.sent)


def lost_lease(user: ZendeskUser, step: Call | Written, now: int) -> Settled:
    """Another pusher took the row over meanwhile, and nobody knows whose write landed last.

    So what was sent is owed again, now and a minute later. The number grows, so that the other one finds out
    in its turn.
    """
    doubted = replace(user, known=user.doubting(step.sent), lease=user.lease + 1)
    return Settled(_going_on(doubted, now), resend=sent_again(step))


def at_rest(user: ZendeskUser, rest: Rest, now: int) -> ZendeskUser:
    """The row with nothing to send now."""
    known = {name: one for name, one in user.known.items() if not name.startswith(TICKET_PREFIX)}
    fresh = {
        name: Known(mark, now)
        for name, mark in rest.settled.items()
        if name not in known or known[name].digest != mark
    }
    return replace(
        user,
        known=known | fresh,
        opened=(),
        paid=user.wanted,
        owed=False,
        owed_at=None,
        due_at=None,
        lease_until=None,
        failures=0,
        failing_since=None,
    )
