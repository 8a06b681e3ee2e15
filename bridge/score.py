"""A customer's value, 1 to 4, from where the installation's marketer keeps it. Pure.

None means "not available": no number is ever made up for somebody of whom nothing sensible is known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from schemas import sailthru_values as values
from schemas.sailthru_records import Profile

LEAST, GREATEST = 1, 4
PERCENT = 100

SMART_LISTS = "smart_lists"


def score(profile: Profile, source: str, boundaries: Sequence[float]) -> int | None:
    """The score that `source` (the option `value_score`) gives this profile.

    `boundaries` are the three percentiles from which 2, 3 and 4 begin.
    """
    kind, _, rest = source.partition(":")
    match kind:
        case "var":
            return _of_scale(profile.vars.get(rest))
        case "percentile":
            return _of_percentile(_percentile(profile, rest), boundaries)
        case "smart_lists":
            return _of_lists(profile.smart_lists, rest)
    return None


def asked_fields(source: str) -> tuple[str, ...]:
    """What a reading must ask for beyond the usual, so that `score` can tell."""
    return ("smart_lists",) if source.startswith(f"{SMART_LISTS}:") else ()


def _of_scale(value: Any) -> int | None:
    found = values.whole(value)
    return found if found is not None and LEAST <= found <= GREATEST else None


def _percentile(profile: Profile, name: str) -> Any:
    """The var of that name; else the prediction of that name, should Sailthru ever show it."""
    if name in profile.vars:
        return profile.vars[name]
    found = profile.predictions.get(name)
    return found.get("percentile") if isinstance(found, Mapping) else found


def _of_percentile(value: Any, boundaries: Sequence[float]) -> int | None:
    found = values.number(value)
    if found is None or not 0 <= found <= PERCENT:
        return None
    return min(GREATEST, LEAST + bisect_right(sorted(boundaries), found))


def _of_lists(member_of: Sequence[str], rest: str) -> int | None:
    """The highest score of those lists that the person is in; in none of them, nothing is known."""
    scores = [_of_scale(text) for name, text in _listed(rest) if name in member_of]
    return max((one for one in scores if one is not None), default=None)


def _listed(rest: str) -> list[tuple[str, str]]:
    parts = (part.rpartition("=") for part in rest.split(","))
    return [(name.strip(), text.strip()) for name, _, text in parts]
