"""What operators paused: a lane, an installation, or a lane of one installation.

A row with installation 0 is about all of them, one with an empty lane about all lanes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, select

from bridge.ledger.prepared import Prepared
from bridge.ledger.tables import pauses
from bridge.ledger.writing import upsert

EVERYBODY = 0
EVERY_LANE = ""


@dataclass(frozen=True)
class Pause:
    """One pause: since when (microseconds), by whom, and why."""

    installation_id: int
    lane: str
    since: int
    operator: str
    reason: str

    def holds(self, installation_id: int, lane: str) -> bool:
        """Whether it is about that lane of that installation."""
        return self.installation_id in (EVERYBODY, installation_id) and self.lane in (EVERY_LANE, lane)


class Pauses(tuple[Pause, ...]):
    """All pauses that stand."""

    __slots__ = ()

    def hold(self, installation_id: int, lane: str) -> bool:
        """Whether what came by that lane of that installation waits."""
        return any(one.holds(installation_id, lane) for one in self)


def standing(connection: Connection) -> Pauses:
    """All pauses, in order."""
    return Pauses(Pause(*row) for row in _STANDING.rows(connection, {}))


def put(connection: Connection, pause: Pause) -> None:
    """Let it stand; one that stands already keeps its time and takes over who and why."""
    upsert(connection, pauses, [asdict(pause)], replace=("operator", "reason"))


def end(connection: Connection, installation_id: int, lanes: Iterable[str]) -> int:
    """End these pauses; how many stood."""
    gone = connection.execute(
        delete(pauses).where(pauses.c.installation_id == installation_id, pauses.c.lane.in_(list(lanes)))
    )
    return gone.rowcount


# In the order of `Pause`.
_STANDING = Prepared(
    select(
        pauses.c.installation_id, pauses.c.lane, pauses.c.since, pauses.c.operator, pauses.c.reason
    ).order_by(pauses.c.installation_id, pauses.c.lane)
)
