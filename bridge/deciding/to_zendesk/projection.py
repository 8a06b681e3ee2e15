"""What Zendesk should hold of a customer, by the facts alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.deciding.projection import is_customer
from bridge.deciding.way_back import SOLVED
from bridge.facts import (
    ENGAGEMENT,
    LAST_CLICK,
    LAST_OPEN,
    LAST_PAGEVIEW,
    LISTS,
    OPTOUT,
    SCORE,
    SIGNUP,
    SYNC,
    CustomerFacts,
)
from schemas.installation import Options

LONGEST_TEXT = 65_000  # of a text of several lines; Zendesk takes no more than 65,535


@dataclass(frozen=True)
class UserField:
    """A custom field of a user in Zendesk, and the fact that it shows.

    `type` is the vendor's word. Of an activity only the date counts, and only while somebody may look at it.
    """

    key: str
    type: str
    fact: str
    is_activity: bool = False


USER_FIELDS = (
    UserField("sailthru_optout", "text", OPTOUT),
    UserField("sailthru_engagement", "text", ENGAGEMENT),
    UserField("sailthru_value_score", "integer", SCORE),
    UserField("sailthru_last_open", "date", LAST_OPEN, is_activity=True),
    UserField("sailthru_last_click", "date", LAST_CLICK, is_activity=True),
    UserField("sailthru_last_pageview", "date", LAST_PAGEVIEW, is_activity=True),
    UserField("sailthru_lists", "textarea", LISTS),
    UserField("sailthru_signup", "date", SIGNUP),
)


@dataclass(frozen=True)
class WantedUser:
    """What Zendesk should hold: custom fields by key (None: empty), and whether the customer is valuable.

    A field that is not in it is left alone. `is_high_value` is None when no score is available: then the tag
    is left as it stands.
    """

    fields: Mapping[str, Any]
    score: int | None
    is_high_value: bool | None


def zendesk_user(facts: CustomerFacts, options: Options) -> WantedUser:
    """What the customer's Zendesk user should hold of its profile."""
    has_open = bool(open_tickets(facts))
    fields = {
        field.key: _written(field, facts.value(field.fact))
        for field in USER_FIELDS
        if field.fact in facts.fields and (has_open or not field.is_activity)
    }
    score = facts.value(SCORE)
    return WantedUser(fields, score, None if score is None else score >= options.high_value_at)


def why_nothing(facts: CustomerFacts) -> str:
    """Why nothing is to be written of this customer, in a few words; empty where something is."""
    if not is_customer(facts):
        return "staff"
    if not facts.is_active():
        return "inactive"
    return "sync off" if facts.value(SYNC, default=True) is False else ""


def open_tickets(facts: CustomerFacts) -> list[int]:
    """The customer's tickets that are not solved, in order."""
    tickets = facts.counted_tickets() or ()
    return sorted(ticket["id"] for ticket in tickets if ticket["status"] not in SOLVED)


def _written(field: UserField, value: Any) -> Any:
    """The value of a fact in the form of the field."""
    if value is None:
        return None
    if field.type == "date":
        return value[:10]
    return _lines(value) if field.type == "textarea" else value


def _lines(names: Mapping[str, Any]) -> str | None:
    """One name a line, in order; a text that would be too long ends with a whole name."""
    lines = sorted(" ".join(name.split()) for name in names)
    while lines and sum(map(len, lines)) + len(lines) > LONGEST_TEXT:
        lines.pop()
    return "\n".join(lines) or None
