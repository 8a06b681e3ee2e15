"""What an attempt sent to Sailthru and what came back, fit to be kept and shown. Pure.

Names of fields always; values only where they say nothing about a person that our own ids do not say.
Tickets become a number, addresses are shortened; secrets never come near.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bridge.deciding.steps import AskHolder, Call, CheckHolder, Create, LookUp, ReadBack, Write
from bridge.errors import BadCredentials, BridgeError, Refused, SendAgain, TryLater
from bridge.logs import masked
from consumers.consent import Edit
from consumers.outcomes import Failed, Found, Holder, NotFound, Outcome

MOST_LISTED = 20
SHOWN_VARS = frozenset(
    (
        "zendesk_profile_url",
        "zendesk_tags",
        "zendesk_created",
        "zendesk_sync",
        "zendesk_active",
        "zendesk_id",
        "zendesk_ticket_count",
        "zendesk_health",
    )
)


def request_of(step: Call) -> dict[str, Any]:
    """What a step asks, redacted."""
    if isinstance(step, CheckHolder):
        return {"call": f"GET /users/{step.zendesk_id}"}
    if isinstance(step, Write | Create):
        return {"call": "POST /user", **_whom(step), "vars": shown(step.vars, SHOWN_VARS)}
    return {"call": "GET /user", **_whom(step)}


def _whom(step: LookUp | Create | Write | AskHolder | ReadBack) -> dict[str, Any]:
    match step:
        case Write(sid=sid, email=str(moved)):
            return {"sid": sid, "email": masked(moved)}
        case Write(sid=sid) | ReadBack(sid=sid) | LookUp(id=sid, key="sid"):
            return {"sid": sid}
        case LookUp(id=address) | AskHolder(address=address) | Create(address=address):
            return {"email": masked(address)}


def request_of_edit(sid: str, edit: Edit) -> dict[str, Any]:
    """What an agent's change of lists or opt-out asks."""
    said = {"optout_email": edit.optout, "lists": dict(edit.lists)}
    return {"call": "POST /user", "sid": sid} | {name: value for name, value in said.items() if value}


def reply_of(outcome: Outcome) -> dict[str, Any]:
    """What came back, redacted."""
    match outcome:
        case Found(profile):
            return {"sid": profile.sid, "email": masked(profile.email) if profile.email else None}
        case NotFound():
            return {"found": False}
        case Holder(is_active):
            return {"active": is_active}
        case Failed(error):
            return failure_of(error)


def failure_of(error: Exception) -> dict[str, Any]:
    """Why a call failed: the remotes have redacted what the vendor said; of a bug only its name is told."""
    match error:
        case SendAgain():
            told = {"no_answer": error.reason, "detail": error.detail}
        case TryLater():
            told = {"later": error.reason, "detail": error.detail}
        case Refused():
            told = {"refused": error.reason, "code": error.code, "detail": error.detail}
        case BadCredentials():
            told = {"credentials": "not accepted", "detail": error.detail}
        case BridgeError():
            told = {"failed": str(error)}
        case _:
            told = {"bug": type(error).__name__}
    return {name: value for name, value in told.items() if value}


def shown(values: Mapping[str, Any], safe: Collection[str]) -> dict[str, Any]:
    """The values by name: those of `safe` names as they are, of the others only their kind and size."""
    return {name: _short(value) if name in safe else shape(value) for name, value in values.items()}


def shape(value: Any) -> str:
    """What kind of value it is, and how large."""
    if value is None:
        return "empty"
    if isinstance(value, Mapping | list):
        return f"{len(value)} entries"
    return f"{len(value)} characters" if isinstance(value, str) else type(value).__name__


def _short(value: Any) -> Any:
    if isinstance(value, list) and len(value) > MOST_LISTED:
        return [*value[:MOST_LISTED], f"and {len(value) - MOST_LISTED} more"]
    return value
