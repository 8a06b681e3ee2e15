"""What an attempt sent to Zendesk and what came back, fit to be kept and shown. Pure."""

from __future__ import annotations

from typing import Any

from bridge.deciding.to_zendesk.steps import AskFields, Call, SetFields, TagTicket, TagUser
from bridge.deciding.way_back import HIGH_VALUE_TAG
from consumers.telling import failure_of, shown
from consumers.to_zendesk.outcomes import Alone, Done, Failed, FieldsRead, JobTold, Outcome

SHOWN_FIELDS = frozenset(
    (
        "sailthru_optout",
        "sailthru_engagement",
        "sailthru_value_score",
        "sailthru_last_open",
        "sailthru_last_click",
        "sailthru_last_pageview",
        "sailthru_signup",
    )
)


def request_of(number: int, step: Call, *, is_together: bool) -> dict[str, Any]:
    """What a step asks of user `number`, redacted; `is_together`: in one call for many."""
    match step:
        case SetFields(values):
            path = "/users/update_many" if is_together else f"/users/{number}"
            return {"call": f"PUT {path}", "user_fields": shown(values, SHOWN_FIELDS)}
        case TagUser():
            return {"call": f"{_verb(adds=step.adds)} /users/{number}/tags", "tags": [HIGH_VALUE_TAG]}
        case TagTicket():
            path = f"/tickets/{step.ticket_id}/tags"
            return {"call": f"{_verb(adds=step.adds)} {path}", "tags": [HIGH_VALUE_TAG]}
        case AskFields():
            return {"call": "GET /user_fields"}


def reply_of(outcome: Outcome) -> dict[str, Any]:
    """What came back, redacted."""
    match outcome:
        case Done():
            return {"ok": True}
        case FieldsRead(fields):
            return {"fields": len(fields)}
        case JobTold(status):
            return {"job": status.state}
        case Alone(error):
            return {"refused": error}
        case Failed(error):
            return failure_of(error)


def _verb(*, adds: bool) -> str:
    return "PUT" if adds else "DELETE"
