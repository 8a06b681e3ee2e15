"""Makes the calls of the way back: one to Zendesk each, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Clock
from bridge.deciding.steps import ZENDESK
from bridge.deciding.to_zendesk.steps import AskFields, Call, SetFields, TagTicket, TagUser
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.errors import BadCredentials, BridgeError, Refused, TryLater
from bridge.facts import CustomerFacts
from bridge.ledger.installations import Installation
from bridge.ledger.waits import Wait
from bridge.metrics import count_remote_request
from bridge.remotes.accounts import Remotes
from bridge.remotes.zendesk import Zendesk
from bridge.zendesk_user import ZendeskUser
from consumers.to_zendesk.outcomes import Done, Failed, FieldsRead, JobTold, Outcome

TOGETHER = "set_fields_of_many"  # the action of a bulk update


@dataclass(frozen=True)
class Push:
    """A step about to be taken under the lease that `user` carries, planned by `facts`."""

    installation: Installation
    user: ZendeskUser
    facts: CustomerFacts
    step: Call


@dataclass(frozen=True)
class Bulk:
    """Fields of many users in one call. The steps are all `SetFields`; a job carries them out later."""

    installation: Installation
    pushes: tuple[Push, ...]


@dataclass(frozen=True)
class JobLook:
    """Ask how a bulk job stands. `wait` says which, and what it was to write."""

    installation: Installation
    wait: Wait

    @property
    def job_id(self) -> str:
        return self.wait.subject.partition(":")[2]


AnyCall = Push | Bulk | JobLook


@dataclass(frozen=True)
class Result:
    """A call with what came of it, and how long that took."""

    call: AnyCall
    outcome: Outcome
    seconds: float


def make(remotes: Remotes, call: AnyCall, clock: Clock) -> Result:
    """Make the call. Every error becomes a `Failed`: it is the ledger's to say what follows."""
    began = clock.monotonic()
    try:
        outcome = _outcome(remotes.zendesk(call.installation), call)
    except Exception as error:  # noqa: BLE001 - the boundary of a push: what is unforeseen gets a verdict too
        outcome = Failed(error)
    seconds = clock.monotonic() - began
    count_remote_request(ZENDESK, told(outcome), seconds=seconds)
    return Result(call, outcome, seconds)


def _outcome(zendesk: Zendesk, call: AnyCall) -> Outcome:
    if isinstance(call, JobLook):
        return JobTold(zendesk.job_status(call.job_id))
    if isinstance(call, Bulk):
        values = {
            push.user.zendesk_id: push.step.values for push in call.pushes if isinstance(push.step, SetFields)
        }
        return JobTold(zendesk.set_fields_of_many(values))
    return _take(zendesk, call.user.zendesk_id, call.step)


def _take(zendesk: Zendesk, number: int, step: Call) -> Outcome:
    match step:
        case AskFields():
            return FieldsRead(zendesk.user_fields())
        case SetFields(values):
            zendesk.set_user_fields(number, values)
        case TagUser():
            change = zendesk.add_user_tags if step.adds else zendesk.remove_user_tags
            change(number, [HIGH_VALUE_TAG])
        case TagTicket():
            change = zendesk.add_ticket_tags if step.adds else zendesk.remove_ticket_tags
            change(step.ticket_id, [HIGH_VALUE_TAG])
    return Done()


def told(outcome: Outcome) -> str:
    """What a metric says of it."""
    if not isinstance(outcome, Failed):
        return "ok"
    error = outcome.error
    if isinstance(error, (TryLater, Refused)):
        return error.reason
    if isinstance(error, BadCredentials):
        return "bad_credentials"
    return "unavailable" if isinstance(error, BridgeError) else "bug"
