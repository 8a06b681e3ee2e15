"""What a reading of a Sailthru profile states: every fact that Sailthru owns, said or not said. Pure.

All of them each time, so that one reading replaces the other as a whole: what a profile no longer says is
None, and no longer true.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from bridge.facts import Fact
from bridge.profiles import MOMENTS, STATED, profile_values
from schemas import sailthru_values as values
from schemas.installation import Options
from schemas.sailthru_records import Profile


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
    return _of_user(number, profile_values(profile, options, zone=zone), at, reading_id)


def profile_is_gone(number: int, at: datetime, reading_id: str) -> tuple[Fact, ...]:
    """There is no profile any more that could say anything."""
    return _of_user(number, dict.fromkeys(STATED), at, reading_id)


def lacks_offsets(profile: Profile) -> bool:
    """Whether some time in it can only be told by the account's time zone."""
    times = [
        *profile.lists.values(),
        *profile.purchased,
        *(profile.activity.get(theirs) for theirs in MOMENTS.values()),
    ]
    return any(values.has_no_offset(one) for one in times)


def _of_user(number: int, stated: Mapping[str, Any], at: datetime, reading_id: str) -> tuple[Fact, ...]:
    subject = f"user:{number}"
    return tuple(
        Fact(subject, name, value, at, "reading", reading_id, number) for name, value in stated.items()
    )
