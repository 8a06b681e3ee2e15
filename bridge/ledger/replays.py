"""Replays of many dead letters in the ledger: which letters, how fast, how far they came."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from bridge.ledger.tables import replays

RUNNING = "running"
STOPPED = "stopped"
FINISHED = "finished"


@dataclass(frozen=True)
class Replay:
    """One row of the table `replays`; times are microseconds.

    `chosen` is which letters, `words` the same as people write it; `refusals` are the first that were
    refused, each a letter's number with why. `takes_again`: also those that died again of the same.
    """

    operator: str
    via: str
    chosen: Mapping[str, Any]
    words: str
    per_minute: int
    total: int
    up_to: int
    started_at: int
    next_at: int
    takes_again: bool = False
    id: int = 0
    state: str = RUNNING
    replayed: int = 0
    refused: int = 0
    refusals: Sequence[tuple[int, str]] = field(default_factory=tuple)
    after: int = 0
    ended_at: int | None = None
    stopped_by: str = ""

    @property
    def is_running(self) -> bool:
        return self.state == RUNNING

    @property
    def done(self) -> int:
        """How many letters it is through with."""
        return self.replayed + self.refused


def add(connection: Connection, replay: Replay) -> int:
    """Begin it; its number."""
    values = {**vars(replay), "chosen": json.dumps(replay.chosen), "refusals": json.dumps(replay.refusals)}
    del values["id"]
    return int(connection.execute(replays.insert().values(values).returning(replays.c.id)).scalar_one())


def one(connection: Connection, number: int) -> Replay | None:
    """One replay by its number."""
    row = connection.execute(select(replays).where(replays.c.id == number)).first()
    return None if row is None else _replay(row)


def newest(connection: Connection, *, limit: int) -> list[Replay]:
    """Replays, newest first."""
    found = connection.execute(select(replays).order_by(replays.c.id.desc()).limit(limit))
    return [_replay(row) for row in found]


def running(connection: Connection) -> list[int]:
    """The numbers of those that are not at their end."""
    return list(connection.scalars(select(replays.c.id).where(replays.c.state == RUNNING)))


def hold(connection: Connection, number: int, holder: str, *, now: int, until: int) -> Replay | None:
    """Take or keep it until `until`, to move it on; None when it has ended, or somebody else holds it."""
    is_free = or_(replays.c.holder.in_(("", holder)), replays.c.held_until <= now)
    taken = connection.execute(
        update(replays)
        .where(replays.c.id == number, replays.c.state == RUNNING, is_free)
        .values(holder=holder, held_until=until)
    )
    return one(connection, number) if taken.rowcount else None


def move_on(connection: Connection, replay: Replay) -> None:
    """Write how far it came. One that was stopped meanwhile stays stopped."""
    values = {
        "replayed": replay.replayed,
        "refused": replay.refused,
        "refusals": json.dumps(replay.refusals),
        "after": replay.after,
        "next_at": replay.next_at,
    }
    connection.execute(update(replays).where(replays.c.id == replay.id).values(values))


def end(connection: Connection, number: int, state: str, now: int, *, by: str = "") -> bool:
    """It is stopped or finished; False when it was at its end already."""
    ended = connection.execute(
        update(replays)
        .where(replays.c.id == number, replays.c.state == RUNNING)
        .values(state=state, ended_at=now, stopped_by=by)
    )
    return bool(ended.rowcount)


_NAMES = tuple(Replay.__dataclass_fields__)


def _replay(row: Row[Any]) -> Replay:
    known = {name: getattr(row, name) for name in _NAMES}
    known["refusals"] = tuple((number, why) for number, why in json.loads(known["refusals"]))
    known["takes_again"] = bool(known["takes_again"])
    return Replay(**known | {"chosen": json.loads(known["chosen"])})
