"""How long a profile is left alone before it is read. Pure.

Right after a change Sailthru may still answer with the old state. So a profile is read some seconds after the
*last* hint about it, and after our own last write to it; one that never comes to rest is read now and then
all the same, and such a reading is dated back, so that it replaces nothing newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bridge.ledger.waits import Wait
from bridge.settings import Settings

PROFILE = "profile"  # the kind of these waits


@dataclass(frozen=True)
class Patience:
    """`settle` after the last change a profile is read, `most` after the first one in any case.

    Without a change it is read `every`, or `every_open` while its customer has an unsolved ticket.
    """

    settle: timedelta = timedelta(seconds=5)
    most: timedelta = timedelta(seconds=30)
    every_open: timedelta = timedelta(hours=1)
    every: timedelta = timedelta(days=1)


PATIENT = Patience()


def patience_of(settings: Settings) -> Patience:
    """As the operator set it."""
    return Patience(
        timedelta(seconds=settings.sailthru_settle_s),
        timedelta(seconds=settings.sailthru_settle_most_s),
        timedelta(seconds=settings.refresh_open_s),
        timedelta(seconds=settings.refresh_all_s),
    )


@dataclass(frozen=True)
class Cause:
    """Why the profile of customer `number` is to be read.

    `hinted_at`: when a postback came that told of a change. `opened`: tickets just opened, `is_refresh`: the
    clock asks. `calm_at`: not before that, by what is known of our own writes.
    """

    number: int
    hinted_at: datetime | None = None
    opened: tuple[int, ...] = ()
    is_refresh: bool = False
    calm_at: datetime | None = None


def wait_for(installation_id: int, cause: Cause, patience: Patience, now: datetime) -> Wait:
    """The wait that this cause begins."""
    detail: dict[str, Any] = {}
    if cause.hinted_at is not None:
        detail["hinted_at"] = cause.hinted_at.isoformat()
    if cause.opened:
        detail["opened"] = sorted(cause.opened)
    if cause.is_refresh:
        detail["refresh"] = True
    settled_at = cause.hinted_at + patience.settle if cause.hinted_at is not None else now
    due_at = max(now, settled_at, cause.calm_at or now)
    return Wait(installation_id, f"user:{cause.number}", PROFILE, due_at=due_at, since=now, detail=detail)


def joined(old: Wait, new: Wait, patience: Patience) -> Wait:
    """One wait of two causes: due when the later hint has settled, though not long after the first cause."""
    since = min(old.since, new.since)
    detail = _joined_detail(old.detail, new.detail)
    one = replace(old, since=since, detail=detail, tries=0, progress={}, version=old.version + 1)
    return replace(one, due_at=due_at(one, patience, not_before=min(old.due_at, new.due_at)))


def _joined_detail(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    hinted = [text for text in (old.get("hinted_at"), new.get("hinted_at")) if text]
    if hinted:
        detail["hinted_at"] = max(hinted, key=datetime.fromisoformat)
    opened = {*old.get("opened", ()), *new.get("opened", ())}
    if opened:
        detail["opened"] = sorted(opened)
    # Only when nothing but the clock asked may what is found wait for others to go along with.
    if old.get("refresh") and new.get("refresh"):
        detail["refresh"] = True
    return detail


def due_at(
    wait: Wait, patience: Patience, *, not_before: datetime, pushed_at: datetime | None = None
) -> datetime:
    """When the profile may be read: after the last hint and our last write, but at most so long."""
    last = last_change(wait, pushed_at)
    settled_at = not_before if last is None else max(not_before, last + patience.settle)
    return min(settled_at, wait.since + patience.most)


def last_change(wait: Wait, pushed_at: datetime | None) -> datetime | None:
    """The newest hint, or our own write if that was later."""
    changes = [moment for moment in (hinted_at(wait), pushed_at) if moment is not None]
    return max(changes, default=None)


def hinted_at(wait: Wait) -> datetime | None:
    """When the newest hint came."""
    text = wait.detail.get("hinted_at")
    return None if text is None else datetime.fromisoformat(text)


def opened(wait: Wait) -> tuple[int, ...]:
    """The tickets just opened that the reading is to bring fresh data for."""
    return tuple(wait.detail.get("opened", ()))


def is_urgent(wait: Wait) -> bool:
    """Whether anybody but the clock asked for the reading."""
    return not wait.detail.get("refresh")


def without(wait: Wait, handled: Iterable[int]) -> Wait:
    """The wait without the tickets that a reading has answered."""
    left = sorted({*opened(wait)} - {*handled})
    detail = {name: value for name, value in wait.detail.items() if name != "opened"}
    return replace(wait, detail={**detail, "opened": left} if left else detail)
