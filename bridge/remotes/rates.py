"""What a reply says about the quota: how much is left, and how long to wait. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

# Every spelling that has been seen, in the order in which we believe them.
LIMIT_HEADERS = (
    "x-rate-limit-limit", "x-ratelimit-limit", "x-rate-limit",
    "ratelimit-limit", "rate-limit-limit", "rate-limit",
    "zendesk-ratelimit-limit", "zendesk-rate-limit-limit", "zendesk-rate-limit",
)  # fmt: skip
REMAINING_HEADERS = (
    "x-rate-limit-remaining", "x-ratelimit-remaining",
    "ratelimit-remaining", "rate-limit-remaining",
    "zendesk-ratelimit-remaining", "zendesk-rate-limit-remaining",
)  # fmt: skip
RESET_HEADERS = (
    "x-rate-limit-reset", "x-ratelimit-reset",
    "ratelimit-reset", "rate-limit-reset",
    "zendesk-ratelimit-reset", "zendesk-rate-limit-reset",
)  # fmt: skip

LONGEST_WAIT_S = 3600.0
"""No header makes us wait longer than this: a nonsensical one must not silence an installation for good."""

_EPOCH_FROM = 1_000_000_000
_LARGEST = 10**12


@dataclass(frozen=True)
class RateReading:
    """What one reply said about a quota.

    `system` is `sailthru` or `zendesk`; `bucket` what is counted together (`sailthru.user.post`,
    `sailthru.list.get`, …, `zendesk`). `limit` and `remaining` are calls, None when not said; `reset_at` is
    when the count starts anew and `at` when the reply came, both on *our* clock.
    """

    system: str
    bucket: str
    limit: int | None
    remaining: int | None
    reset_at: datetime | None
    at: datetime


def rate_reading(
    system: str, bucket: str, *, headers: Mapping[str, str], at: datetime, server_at: datetime | None
) -> RateReading | None:
    """The quota that `headers` speak of, or None when they are silent. Header names match in any case."""
    limit = _first_number(headers, LIMIT_HEADERS)
    remaining = _first_number(headers, REMAINING_HEADERS)
    if limit is None and remaining is None:
        return None
    reset_s = _reset_s(headers, server_at or at)
    return RateReading(
        system=system,
        bucket=bucket,
        limit=limit,
        remaining=remaining,
        reset_at=None if reset_s is None else at + timedelta(seconds=reset_s),
        at=at,
    )


def wait_s(headers: Mapping[str, str], *, server_at: datetime) -> float | None:
    """Seconds the remote asks us to wait: `Retry-After`, else the quota's reset; None when neither is said.

    Times of day are taken against the server's own clock (`server_at`, its `Date`), so that ours being wrong
    changes nothing. How many calls *remain* is never a time, although both numbers look alike.
    """
    asked = headers.get("retry-after", "").strip()
    wait = _retry_after_s(asked, server_at)
    if wait is None:
        wait = _reset_s(headers, server_at)
    return wait


def _retry_after_s(asked: str, server_at: datetime) -> float | None:
    seconds = _number(asked)
    if seconds is not None:
        return min(float(seconds), LONGEST_WAIT_S)
    moment = http_date(asked)
    return None if moment is None else _until(moment, server_at)


def _reset_s(headers: Mapping[str, str], server_at: datetime) -> float | None:
    reset = _first_number(headers, RESET_HEADERS)
    if reset is None:
        return None
    if reset < _EPOCH_FROM:  # one vendor says "in so many seconds", the other the time of day
        return min(float(reset), LONGEST_WAIT_S)
    return min(max(reset - server_at.timestamp(), 0.0), LONGEST_WAIT_S)


def _until(moment: datetime, server_at: datetime) -> float:
    return min(max((moment - server_at).total_seconds(), 0.0), LONGEST_WAIT_S)


@lru_cache(maxsize=128)
def http_date(text: str) -> datetime | None:
    """The time of a `Date` header, UTC, or None when it is absent or no date."""
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _first_number(headers: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    for name in names:
        text = headers.get(name)
        if text is not None:
            number = _number(text)
            if number is not None:
                return number
    return None


def _number(text: str) -> int | None:
    """The whole number that a header starts with: `700`, `700, 700;w=60` and `41.7` are all fine."""
    digits = text.strip()[:20].partition(",")[0].partition(";")[0].partition(".")[0].strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    number = int(digits)
    return number if number < _LARGEST else None
