"""What a Sailthru profile states, in the values of the facts that Sailthru owns. Pure.

All of them each time, so that one reading replaces the other as a whole: what a profile no longer says is
None, and no longer true.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any

from bridge import facts
from bridge.score import asked_fields, score
from schemas import sailthru_values as values
from schemas.installation import Options
from schemas.sailthru_records import Profile

# Documented names only; whoever is asked for more may answer nothing at all.
FIELDS = ("keys", "vars", "lists", "engagement", "optout_email", "activity", "lifetime", "purchases")
MOMENTS = {
    facts.SIGNUP: "signup_time",
    facts.LAST_OPEN: "open_time",
    facts.LAST_CLICK: "click_time",
    facts.LAST_PAGEVIEW: "view_time",
    facts.LAST_LOGIN: "login_time",
}
STATED = (
    facts.OPTOUT,
    facts.ENGAGEMENT,
    facts.SCORE,
    facts.LISTS,
    facts.LAST_PURCHASE,
    *MOMENTS,
    facts.LIFETIME,
    facts.PREDICTIONS,
)


def fields_for(options: Options) -> tuple[str, ...]:
    """Which fields of a profile a reading asks for."""
    return (*FIELDS, *asked_fields(options.value_score))


def profile_values(profile: Profile, options: Options, *, zone: tzinfo = UTC) -> dict[str, Any]:
    """Everything that this profile says, by the field of the fact that holds it.

    `zone` is the account's, for times that come without an offset.
    """
    stated: dict[str, Any] = {
        facts.OPTOUT: values.optout(profile.optout_email),
        facts.ENGAGEMENT: values.engagement(profile.engagement),
        facts.SCORE: score(profile, options.value_score, options.score_boundaries),
        facts.LISTS: values.sign_ups(profile.lists, zone),
        facts.LAST_PURCHASE: values.latest(profile.purchased, zone),
        facts.LIFETIME: values.lifetime(profile.lifetime),
        facts.PREDICTIONS: _predictions(profile.vars, options),
    }
    moments = {name: values.moment(profile.activity.get(theirs), zone) for name, theirs in MOMENTS.items()}
    return stated | moments


def _predictions(held: Mapping[str, Any], options: Options) -> dict[str, float | int] | None:
    found = {name: values.number(held.get(name)) for name in options.predictions}
    plain = {name: _plain(one) for name, one in found.items() if one is not None}
    return plain or None


def _plain(number: float) -> float | int:
    """Whole numbers as such, so that 3 and 3.0 are one fact."""
    return int(number) if number.is_integer() else number
