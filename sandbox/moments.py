"""Times as the two systems write them, and the history that lets a read show the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Generic, TypeVar

T = TypeVar("T")
VERSIONS_KEPT = 64


def system_now() -> datetime:
    """The machine's clock; tests hand in their own."""
    return datetime.now(UTC)


def seconds(moment: datetime) -> str:
    """`2026-11-22T09:55:16Z`"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def nanoseconds(moment: datetime, extra: int = 0) -> str:
    """`2026-11-22T09:55:16.672717030Z`; a datetime holds no more than microseconds, `extra` is the rest."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + f"{extra % 1000:03d}Z"


def mail_date(moment: datetime, *, offset_hours: int) -> str:
    """`Wed, 17 Aug 2016 05:58:07 -0400`"""
    return format_datetime(moment.astimezone(timezone(timedelta(hours=offset_hours))))


class History(Generic[T]):
    """The versions of one record, oldest first; None stands for "not there"."""

    __slots__ = ("_versions",)

    def __init__(self) -> None:
        self._versions: list[tuple[datetime, T | None]] = []

    def put(self, value: T | None, at: datetime) -> None:
        self._versions.append((at, value))
        if len(self._versions) > VERSIONS_KEPT:
            del self._versions[0]

    def latest(self) -> T | None:
        return self._versions[-1][1] if self._versions else None

    def values(self) -> list[T]:
        """Every value there was, the newest first."""
        return [value for _, value in reversed(self._versions) if value is not None]

    def at(self, moment: datetime) -> T | None:
        """What was true at that moment; None when it was not there yet."""
        for since, value in reversed(self._versions):
            if since <= moment:
                return value
        return None
