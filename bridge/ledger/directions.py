"""Directions: which system of which installation is in trouble, so that nobody else waits for it.

`down`: the remote does not answer; what is owed grows, and one call at a time tries again. `halted`: it does
not accept our credentials; the same, once a minute.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

from sqlalchemy import Connection, bindparam, delete, select

from bridge.ledger.prepared import Prepared
from bridge.ledger.tables import directions
from bridge.ledger.writing import upsert

DOWN = "down"
HALTED = "halted"
LASTING_S = 3_600
FAILURES_TO_PAUSE = 5  # in a row, of as many customers


@dataclass(frozen=True)
class Direction:
    """A system of one installation in trouble since `since`; one call may try at `probe_at` (micros)."""

    installation_id: int
    system: str
    state: str
    reason: str
    since: int
    failures: int
    probe_at: int

    def is_lasting(self, now: int) -> bool:
        """Whether it says more about the system than about the one customer who tries again and again."""
        return now - self.since >= LASTING_S * 1_000_000

    @property
    def is_paused(self) -> bool:
        """Whether only one call at a time may try."""
        return self.state == HALTED or self.failures >= FAILURES_TO_PAUSE

    def keeps_back(self, now: int) -> bool:
        """Whether nobody may try now (micros)."""
        return self.is_paused and self.probe_at > now


def troubled(connection: Connection, system: str) -> dict[int, Direction]:
    """The installations whose `system` is in trouble."""
    return {row[0]: Direction(*row) for row in _TROUBLED.rows(connection, {"name": system})}


# In the order of `Direction`.
_TROUBLED = Prepared(
    select(*(directions.c[each.name] for each in fields(Direction))).where(
        directions.c.system == bindparam("name")
    )
)


def put(connection: Connection, direction: Direction) -> None:
    """Note the trouble."""
    upsert(
        connection,
        directions,
        [asdict(direction)],
        replace=("state", "reason", "since", "failures", "probe_at"),
    )


def begin_probe(connection: Connection, direction: Direction, until: int) -> None:
    """One call tries it: nobody else does before `until` (micros), or before that one ends."""
    put(connection, replace(direction, probe_at=until))


def clear(connection: Connection, installation_id: int, system: str) -> bool:
    """It answers again; whether there was trouble."""
    gone = connection.execute(
        delete(directions).where(
            directions.c.installation_id == installation_id, directions.c.system == system
        )
    )
    return bool(gone.rowcount)
