"""The values in a Sailthru profile, each in one spelling. What makes no sense is None, never a guess.

Sailthru writes times as mail does (`Wed, 17 Aug 2016 05:58:07 -0400`), numbers now and then as texts, and
has words of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from schemas.spelling import iso

OPTOUTS = {"none": "none", "basic": "basic", "all": "all", "blast": "basic"}
ENGAGEMENTS = frozenset(
    ("new", "engaged", "active", "passive", "disengaged", "dormant", "hardbounce", "optout")
)
LIFETIME = {
    "messages": "lifetime_message",
    "opens": "lifetime_open",
    "clicks": "lifetime_click",
    "pageviews": "lifetime_pv",
    "purchases": "lifetime_purchase",
    "revenue_cents": "lifetime_purchase_price",
}
GREATEST = 2**63 - 1
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)
_OFFSET = re.compile(r"([+-]\d{2}:?\d{2}|Z|GMT|UTC?)\s*(\([^)]*\))?\s*$", re.IGNORECASE)
_NEVER = datetime(1971, 1, 1, tzinfo=UTC)  # "0000-00-00" and zero seconds are how systems write "never"


def moment(value: Any, zone: tzinfo = UTC) -> str | None:
    """A time as `2026-11-22T09:55:16Z`; one without an offset is of `zone`. None: never, or no time."""
    at = _moment(value, zone)
    if at is None:
        return None
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        return None
    return iso(at) if at >= _NEVER else None


def latest(times: Iterable[Any], zone: tzinfo = UTC) -> str | None:
    """The latest of several times, as `moment` writes it; None when there is none."""
    return max((one for one in (moment(each, zone) for each in times) if one is not None), default=None)


def has_no_offset(value: Any) -> bool:
    """Whether this is a time of which only the account's time zone tells which moment it is."""
    return isinstance(value, str) and not _OFFSET.search(value) and _moment(value, UTC) is not None


def _moment(value: Any, zone: tzinfo) -> datetime | None:
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        return _written(value, zone) if isinstance(value, str) else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _written(text: str, zone: tzinfo) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = parsedate_to_datetime(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def number(value: Any) -> float | None:
    """A number, or a text that is one; never NaN, infinite or a yes or no."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) <= GREATEST and math.isfinite(value) else None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return None


def whole(value: Any) -> int | None:
    """A whole number, also written as a text or with `.0`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= GREATEST else None
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None


def count(value: Any) -> int | None:
    """How often, or how much: a whole number that is not below zero."""
    found = whole(value)
    return found if found is not None and found >= 0 else None


def optout(value: Any) -> str | None:
    """`none`, `basic` or `all`; None where the reply does not say, or says what nobody knows.

    `blast`, the word of old for mailings to a list, is today's `basic`.
    """
    return OPTOUTS.get(value.strip().lower()) if isinstance(value, str) else None


def engagement(value: Any) -> str | None:
    """One of the eight levels, also where a page writes `Hard Bounce` or `opt-out`."""
    if not isinstance(value, str):
        return None
    word = re.sub(r"[\s_-]", "", value).lower()
    return word if word in ENGAGEMENTS else None


def sign_ups(value: Any, zone: tzinfo = UTC) -> dict[str, str | None]:
    """List -> when the person joined it, None where that cannot be read. A list left is not in it.

    Names stand to the letter, for a list of another name would be made; one that no ledger can store is left
    out.
    """
    if not isinstance(value, Mapping):
        return {}
    return {
        name: moment(joined, zone)
        for name, joined in value.items()
        if joined not in (0, "0") and isinstance(name, str) and name.strip() and not _UNSTORABLE.search(name)
    }


def lifetime(value: Any) -> dict[str, int] | None:
    """Totals under our own names, those that the reply has; None when it has none of them."""
    if not isinstance(value, Mapping):
        return None
    found = {ours: count(value.get(theirs)) for ours, theirs in LIFETIME.items()}
    return {name: total for name, total in found.items() if total is not None} or None
