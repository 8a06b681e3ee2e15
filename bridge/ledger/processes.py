"""The processes at work on all machines, as each of them says every few seconds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

from sqlalchemy import Connection, delete, func, select

from bridge.clock import to_micros
from bridge.ledger.ledger import Ledger, database_now
from bridge.ledger.tables import passes, processes
from bridge.ledger.writing import upsert

WEB, CONSUMER, CLOCK = "web", "consumer", "clock"
PARTS = (WEB, CONSUMER, CLOCK)

DAY_US = 86_400 * 1_000_000


@dataclass(frozen=True)
class Sign:
    """One process's sign of life. Times are microseconds by the database's clock.

    `worked_at` is when its work last came round, None before the first time; `is_connected` to the broker.
    """

    holder: str
    part: str
    started_at: int
    seen_at: int
    worked_at: int | None = None
    is_connected: bool = False


def beat(connection: Connection, ledger: Ledger, sign: Sign) -> Sign:
    """The sign as it is kept, of this moment. At its first one a process forgets those long dead."""
    now = to_micros(database_now(connection, ledger.clock))
    if not sign.started_at:
        connection.execute(delete(processes).where(processes.c.seen_at < now - DAY_US))
    kept = replace(sign, started_at=sign.started_at or now, seen_at=now)
    upsert(connection, processes, [asdict(kept)], replace=("seen_at", "worked_at", "is_connected"))
    return kept


def end(connection: Connection, holder: str) -> None:
    """It ended in order."""
    connection.execute(delete(processes).where(processes.c.holder == holder))


def alive(connection: Connection, since: int) -> list[Sign]:
    """Those that gave a sign at `since` or later."""
    found = select(*_AS_SIGN).where(processes.c.seen_at >= since).order_by(processes.c.holder)
    return [Sign(*row) for row in connection.execute(found)]


def passes_done(connection: Connection) -> dict[str, int]:
    """When each of the clock's passes last began and ended well; 0: never yet."""
    found = select(passes.c.name, func.max(passes.c.done_at)).group_by(passes.c.name)
    return {row.name: row[1] for row in connection.execute(found)}


# In the order of `Sign`.
_AS_SIGN = tuple(processes.c[each.name] for each in fields(Sign))
