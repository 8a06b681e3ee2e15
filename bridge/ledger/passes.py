"""Periodic passes: which process does one now, so that two clocks never do the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from bridge.clock import to_micros
from bridge.holder import is_surely_dead
from bridge.ledger.tables import passes
from bridge.ledger.writing import upsert


def hold(
    connection: Connection,
    name: str,
    holder: str,
    *,
    until: datetime,
    now: datetime,
    done_at: datetime | None = None,
) -> bool:
    """Take or keep the pass until `until`; False while another one holds it.

    `done_at` is when the holder last began it and it ended well: noted here, it costs no write of its own.
    """
    upsert(connection, passes, [{"name": name}])
    free = or_(passes.c.holder.in_(("", holder)), passes.c.until <= to_micros(now))
    noted = {"holder": holder, "until": to_micros(until)}
    if done_at is not None:
        noted["done_at"] = to_micros(done_at)
    taken = connection.execute(update(passes).where(passes.c.name == name, free).values(**noted))
    return bool(taken.rowcount)


def let_go(connection: Connection, name: str, holder: str) -> None:
    """The pass is free again, if this one held it."""
    connection.execute(
        update(passes).where(passes.c.name == name, passes.c.holder == holder).values(holder="", until=0)
    )


def holder_of(connection: Connection, name: str) -> str | None:
    """Who took a pass last; None for one that nobody ever took."""
    return connection.scalar(select(passes.c.holder).where(passes.c.name == name))


def let_go_of_dead(connection: Connection, name: str) -> None:
    """Free the pass of a process of this machine that ended without letting go."""
    holder = holder_of(connection, name) or ""
    if is_surely_dead(holder):
        let_go(connection, name, holder)
