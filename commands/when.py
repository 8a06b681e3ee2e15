"""A time as people type it: `2026-11-22`, `2026-11-22T09:55:16Z`, or how long ago, `2h`, `3d`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_AGO = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST_AGO = timedelta(days=36_500)


@dataclass(frozen=True)
class Ago:
    """So long before now."""

    span: timedelta

    def at(self, now: datetime) -> datetime:
        return now - self.span


@dataclass(frozen=True)
class Then:
    """A moment of its own."""

    moment: datetime

    def at(self, _now: datetime) -> datetime:
        return self.moment


class When(click.ParamType[Ago | Then]):
    """The type of an option that takes such a time. One without an offset is UTC."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Ago | Then:
        if isinstance(value, Ago | Then):
            return value
        text = str(value).strip()
        ago = _AGO.fullmatch(text)
        if ago is not None:
            return Ago(min(timedelta(**{_UNITS[ago[2]]: int(ago[1])}), LONGEST_AGO))
        try:
            moment = datetime.fromisoformat(text)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return Then(aware.astimezone(UTC))
        except (ValueError, OverflowError):
            self.fail(
                f"{text!r} is neither a time such as 2026-11-22T09:55:16Z nor an age such as 2h or 3d.",
                param,
                ctx,
            )
