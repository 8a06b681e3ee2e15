"""What a reading of a Sailthru profile states: every fact that Sailthru owns, said or not said. Pure.

All of them each time, so that one reading replaces the other as a whole: what a profile no longer says is
None, and no longer true.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from bridge import facts
from bridge.facts import Fact
from consumers.score import asked_fields, score
from schemas import sailthru_values as values
from schemas.installation import Options
from schemas.sailthru_records import Profile

# Documented names only; whoever is asked for more may answer nothing at all.
FIELDS = ("keys", "vars", "lists", "engagement", "optout_email", "activity", "lifetime")
MOMENTS = {
    facts.SIGNUP: "signup_time",
    facts.LAST_OPEN: "open_time",
    facts.LAST_CLICK: "click_time",
    facts.LAST_PAGEVIEW: "view_time",
    facts.LAST_PURCHASE: "purchase_time",
    facts.LAST_LOGIN: "login_time",
}
STATED = (
    facts.OPTOUT,
    facts.ENGAGEMENT,
    facts.SCORE,
    facts.LISTS,
    *MOMENTS,
    facts.LIFETIME,
    facts.PREDICTIONS,
)


def fields_for(options: Options) -> tuple[str, ...]:
    """Which fields of a profile a reading asks for."""
    return (*FIELDS, *asked_fields(options.value_score))


def profile_facts(
    number: int,
    profile: Profile,
    options: Options,
    at: datetime,
    reading_id: str,
    *,
    zone: tzinfo = UTC,
) -> tuple[Fact, ...]:
    """Everything that this profile of customer `number` says, true at `at`.

    `zone` is the account's, for times that come without an offset.
    """
    stated: dict[str, Any] = {
        facts.OPTOUT: values.optout(profile.optout_email),
        facts.ENGAGEMENT: values.engagement(profile.engagement),
        facts.SCORE: score(profile, options.value_score, options.score_boundaries),
        facts.LISTS: values.sign_ups(profile.lists, zone),
        facts.LIFETIME: values.lifetime(profile.lifetime),
        facts.PREDICTIONS: _predictions(profile.vars, options),
    }
    stated |= {name: values.moment(profile.activity.get(theirs), zone) for name, theirs in MOMENTS.items()}
    return _of_user(number, stated, at, reading_id)


def profile_is_gone(number: int, at: datetime, reading_id: str) -> tuple[Fact, ...]:
    """There is no profile any more that could say anything."""
    return _of_user(number, dict.fromkeys(STATED), at, reading_id)


def lacks_offsets(profile: Profile) -> bool:
    """Whether some time in it can only be told by the account's time zone."""
    times = [*profile.lists.values(), *(profile.activity.get(theirs) for theirs in MOMENTS.values())]
    return any(values.has_no_offset(one) for one in times)


def _predictions(held: Mapping[str, Any], options: Options) -> dict[str, float | int] | None:
    found = {name: values.number(held.get(name)) for name in options.predictions}
    plain = {name: _plain(one) for name, one in found.items() if one is not None}
    return plain or None


def _plain(number: float) -> float | int:
    """Whole numbers as such, so that 3 and 3.0 are one fact."""
    return int(number) if number.is_integer() else number


def _of_user(number: int, stated: Mapping[str, Any], at: datetime, reading_id: str) -> tuple[Fact, ...]:
    subject = f"user:{number}"
    return tuple(
        Fact(subject, name, value, at, "reading", reading_id, number) for name, value in stated.items()
    )
