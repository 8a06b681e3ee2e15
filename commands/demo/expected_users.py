"""What each Zendesk user must hold, told from the state of the Sailthru stand-in.

Written apart from the product's own projection, so that a mistake in that one shows here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from commands.demo.differing import ZENDESK, Difference
from commands.demo.scene import Record, Scene

SCORE_VAR = "customer_value_score"
HIGH_VALUE_TAG = "sailthru_highvalue"
HIGH_VALUE_AT = 4

# The user fields that the demo makes in Zendesk, with their types.
USER_FIELDS = {
    "sailthru_optout": "text",
    "sailthru_engagement": "text",
    "sailthru_value_score": "integer",
    "sailthru_last_open": "date",
    "sailthru_last_click": "date",
    "sailthru_last_pageview": "date",
    "sailthru_lists": "textarea",
    "sailthru_signup": "date",
}
ACTIVITIES = {
    "sailthru_last_open": "open_time",
    "sailthru_last_click": "click_time",
    "sailthru_last_pageview": "view_time",
}


@dataclass(frozen=True)
class ExpectedUser:
    """One user: all that the bridge must have written. `is_high` is None when no score is known."""

    id: int
    address: str
    fields: Mapping[str, Any]
    is_high: bool | None
    tagged_tickets: tuple[int, ...] = ()


def expected_user(user: Record, profile: Record, scene: Scene) -> ExpectedUser:
    """What a user must hold of a profile; dates of activity only while somebody works on a ticket."""
    fields = {
        "sailthru_optout": profile["optout_email"],
        "sailthru_engagement": profile["engagement"],
        "sailthru_value_score": profile["vars"].get(SCORE_VAR),
        "sailthru_lists": "\n".join(sorted(profile["lists"])) or None,
        "sailthru_signup": _day(profile["activity"].get("signup_time")),
    }
    if scene.has_unsolved(user["id"]):
        fields |= {name: _day(profile["activity"].get(theirs)) for name, theirs in ACTIVITIES.items()}
    score = fields["sailthru_value_score"]
    return ExpectedUser(
        user["id"], profile["email"], fields, None if score is None else score >= HIGH_VALUE_AT
    )


def user_differences(expected: ExpectedUser, scene: Scene) -> Iterator[Difference]:
    """All that differs between what must be and the user that Zendesk holds."""
    user = scene.users[expected.id]
    for name, value in expected.fields.items():
        if user["user_fields"].get(name) != value:
            yield _differs(expected, name, value, user["user_fields"].get(name))
    if expected.is_high is not None and (HIGH_VALUE_TAG in user["tags"]) is not expected.is_high:
        words = "with" if expected.is_high else "without"
        yield _differs(expected, "tags", f"{words} {HIGH_VALUE_TAG}", user["tags"])
    for number in expected.tagged_tickets:
        tags = scene.tickets[number]["tags"]
        if HIGH_VALUE_TAG not in tags:
            yield _differs(expected, f"tags of {number}", f"with {HIGH_VALUE_TAG}", tags)


def _differs(expected: ExpectedUser, field: str, must_be: Any, is_now: Any) -> Difference:
    return Difference(expected.address, field, must_be, is_now, ZENDESK)


def _day(moment: str | None) -> str | None:
    return None if moment is None else datetime.fromisoformat(moment).astimezone(UTC).date().isoformat()
