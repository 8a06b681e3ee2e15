"""What the user fields are called in Zendesk, where everybody who works there reads it."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.setting_up.wanted import FieldWanted

TITLES = {
    "sailthru_optout": "Sailthru: opt-out",
    "sailthru_engagement": "Sailthru: engagement",
    "sailthru_value_score": "Sailthru: value score",
    "sailthru_last_open": "Sailthru: last open",
    "sailthru_last_click": "Sailthru: last click",
    "sailthru_last_pageview": "Sailthru: last page view",
    "sailthru_lists": "Sailthru: lists",
    "sailthru_signup": "Sailthru: sign-up",
}
DESCRIPTION = "Kept current by the Sailthru bridge; what is typed here is overwritten."


def wanted_fields(kinds: Iterable[tuple[str, str]]) -> tuple[FieldWanted, ...]:
    """Fields of these keys and types, as they are asked for."""
    return tuple(FieldWanted(key, kind, TITLES[key], DESCRIPTION) for key, kind in kinds)
