"""The one door to the clock. Everything that needs the time is handed a `Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Tells the time and waits; tests hand in one that they move by hand."""

    def now(self) -> datetime:
        """The moment, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back; only differences mean anything."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def to_micros(moment: datetime) -> int:
    """A moment as the ledger stores it: microseconds since the epoch, exactly."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The moment that `to_micros` made into a number."""
    return EPOCH + timedelta(microseconds=micros)


def iso(moment: datetime) -> str:
    """ISO 8601 UTC with whole seconds and a Z, as the vars, pages and commands show it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_of(micros: int | None) -> str | None:
    """A time out of the ledger, ISO 8601 UTC with whole seconds."""
    return None if micros is None else iso(from_micros(micros))
