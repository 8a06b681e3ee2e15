"""A time as people type it: `2026-11-22`, `2026-11-22T09:55:16Z`, or how long ago, `2h`, `3d`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST_AGO = timedelta(days=36_500)


@dataclass(frozen=True)
class Ago:
    """So long before now."""

    span: timedelta

    def at(self, now: datetime) -> datetime:
        return now - self.span

    def __str__(self) -> str:
        """As it is typed: `2h`."""
        sizes = [(unit, timedelta(**{name: 1})) for unit, name in reversed(_UNITS.items())]
        unit, size = next((unit, size) for unit, size in sizes if not self.span % size)
        return f"{self.span // size}{unit}"


@dataclass(frozen=True)
class Then:
    """A moment of its own."""

    moment: datetime

    def at(self, _now: datetime) -> datetime:
        return self.moment

    def __str__(self) -> str:
        """As it is typed: `2026-11-22T09:55:16Z`."""
        return self.moment.isoformat().replace("+00:00", "Z")


def read_when(text: str) -> Ago | Then:
    """The time that was typed; one without an offset is UTC. Raises `ValueError` with a sentence."""
    text = text.strip()
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return Ago(min(timedelta(**{_UNITS[ago[2]]: int(ago[1])}), LONGEST_AGO))
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return Then(aware.astimezone(UTC))
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is neither a time such as 2026-11-22T09:55:16Z nor an age such as 2h or 3d."
        ) from None
