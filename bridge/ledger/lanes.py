"""When each lane's queue was last seen empty, and how far it was read since.

RabbitMQ does not tell a client how old a message is without handing it out, which would count against it. But
whatever waits was published after the queue was last empty and after the newest event already taken from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection, select

from bridge.ledger.tables import events, passes
from bridge.ledger.writing import upsert

_NAME = "lane/"
# What these say came by the queue; readings and passes of our own did not.
_DELIVERED = ("webhook", "trigger", "postback", "agent")


def note_empty(connection: Connection, lanes: Iterable[str], now: int) -> None:
    """These lanes' queues are empty at this moment (microseconds)."""
    rows = [{"name": _NAME + lane, "state": json.dumps({"empty_at": now})} for lane in lanes]
    upsert(connection, passes, rows, replace=("state",))


def oldest_since(connection: Connection, lane: str) -> int | None:
    """The earliest moment (microseconds) at which what waits in this lane can have come.

    None while the queue was never seen empty.
    """
    state = connection.scalar(select(passes.c.state).where(passes.c.name == _NAME + lane))
    if state is None:
        return None
    empty_at: int = json.loads(state)["empty_at"]
    newest = (
        select(events.c.received_at)
        .where(events.c.lane == lane, events.c.kept_at >= empty_at, events.c.source.in_(_DELIVERED))
        .order_by(events.c.kept_at.desc())
        .limit(1)
    )
    taken: int | None = connection.scalar(newest)
    return max(empty_at, taken or 0)
