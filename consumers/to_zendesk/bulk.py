"""Bulk updates: what waits for a job, and what its end means for each user. Pure.

Zendesk answers a bulk update with the id of a job. The job stands as a wait in the ledger, with everything it
was to write, so whoever is there when it ends writes down how each user fared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bridge.clock import from_micros
from bridge.deciding.to_zendesk.steps import Call
from bridge.errors import BridgeError, Refused, SendAgain
from bridge.ledger.waits import Wait
from bridge.remotes.redaction import redact
from bridge.remotes.zendesk_errors import SYSTEM
from consumers.to_zendesk.calls import TOGETHER, AnyCall, Bulk, Push
from consumers.to_zendesk.outcomes import Alone, Done, Failed, Outcome
from schemas.zendesk_jobs import JobStatus

JOB = "job"  # the kind of wait
FIRST_LOOK_S = 1.0
LONGEST_PAUSE_S = 30.0
LONGEST_JOB_S = 600.0  # after which nobody waits for it any more
UNDER_WAY = Failed(BridgeError("under way"))  # until the job says more
JOB_LEASE_S = LONGEST_JOB_S + 2 * LONGEST_PAUSE_S


@dataclass(frozen=True)
class Written:
    """What a bulk update was to write of one user: names with fingerprints, as they are in its job's wait."""

    sent: Mapping[str, str]
    action: str = TOGETHER


@dataclass(frozen=True)
class Ended:
    """One row's step with its outcome: `lease` and `wanted` are those it was planned under."""

    zendesk_id: int
    lease: int
    wanted: int
    step: Call | Written
    outcome: Outcome


def of_push(push: Push, outcome: Outcome) -> Ended:
    """The end of a step that had a call of its own."""
    user = push.user
    return Ended(user.zendesk_id, user.lease, user.wanted, push.step, outcome)


def job_wait(bulk: Bulk, job_id: str, now: int) -> Wait:
    """The job, to be asked about a little later."""
    moment = from_micros(now)
    pushes = [
        [push.user.zendesk_id, push.user.lease, push.user.wanted, dict(push.step.sent)]
        for push in bulk.pushes
    ]
    return Wait(
        bulk.installation.id,
        f"job:{job_id}",
        JOB,
        due_at=moment + timedelta(seconds=FIRST_LOOK_S),
        since=moment,
        detail={"pushes": pushes},
    )


def pause_s(wait: Wait) -> float:
    """How long until the next look at a job: 1, 2, 4 … s."""
    return float(min(LONGEST_PAUSE_S, FIRST_LOOK_S * 2 ** min(wait.tries + 1, 10)))


def is_overdue(wait: Wait, now: int) -> bool:
    """Whether nobody waits for the job any more."""
    return from_micros(now) - wait.since >= timedelta(seconds=LONGEST_JOB_S)


def fared(waiting: Sequence[Ended], status: JobStatus) -> list[Ended]:
    """How each user of an ended job fared; of one it does not name nobody knows."""
    return [_with(one, _outcome(status, one.zendesk_id, index)) for index, one in enumerate(waiting)]


def unknown(waiting: Iterable[Ended], reason: str) -> list[Ended]:
    """Nobody knows what became of any of them."""
    return [_with(one, Failed(SendAgain(SYSTEM, reason))) for one in waiting]


def failed(bulk: Bulk, error: Exception) -> list[Ended]:
    """The call for all of them failed. Who is to blame for a refusal shows when each is written alone."""
    outcome: Outcome = Alone(str(error)) if isinstance(error, Refused) else Failed(error)
    return [_with(one, outcome) for one in of_bulk(bulk)]


def waiting_for(wait: Wait) -> list[Ended]:
    """Those whom a job is to write, in the order in which they were sent; not ended yet."""
    return [
        Ended(number, lease, wanted, Written(sent), UNDER_WAY)
        for number, lease, wanted, sent in wait.detail.get("pushes", ())
    ]


def of_bulk(bulk: Bulk) -> list[Ended]:
    """As `waiting_for`, of a bulk update that needs no job's wait."""
    users = [push.user for push in bulk.pushes]
    return [
        Ended(user.zendesk_id, user.lease, user.wanted, Written(push.step.sent), UNDER_WAY)
        for user, push in zip(users, bulk.pushes, strict=True)
    ]


def _with(one: Ended, outcome: Outcome) -> Ended:
    return Ended(one.zendesk_id, one.lease, one.wanted, one.step, outcome)


def _outcome(status: JobStatus, user_id: int, index: int) -> Outcome:
    told = status.of(user_id, index)
    if told is None:
        return Failed(SendAgain(SYSTEM, "not_told" if status.state == "completed" else "job_failed"))
    if told.is_done:
        return Done()
    return Alone(f"{SYSTEM} refused in a job: {redact(f'{told.error} {told.details}')}")


def concerned(call: AnyCall) -> list[tuple[int, int]]:
    """Whom a call is about: (installation id, Zendesk id) of each."""
    number = call.installation.id
    if isinstance(call, Push):
        return [(number, call.user.zendesk_id)]
    if isinstance(call, Bulk):
        return [(number, push.user.zendesk_id) for push in call.pushes]
    return [(number, one.zendesk_id) for one in waiting_for(call.wait)]
