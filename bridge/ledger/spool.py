"""What was accepted without the broker: it was away, or the installation has its share in it already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select

from bridge.clock import from_micros, to_micros
from bridge.ledger.tables import spool

BROKER_AWAY = "broker_away"
PARKED = "parked"


@dataclass(frozen=True)
class Spooled:
    """One accepted message that the broker does not have yet."""

    id: int
    installation: str
    lane: str
    reason: str
    message_id: str
    type: str
    body: bytes
    kept_at: datetime


@dataclass(frozen=True)
class ToSpool:
    """A message to keep, and why the broker does not get it now."""

    lane: str
    body: bytes
    message_id: str
    type: str
    installation: str
    reason: str


@dataclass(frozen=True)
class SpoolCount:
    """How many of one installation and reason wait in one lane, and since when the oldest does."""

    installation: str
    lane: str
    reason: str
    count: int
    oldest_at: datetime


def keep(connection: Connection, batch: Sequence[ToSpool], now: datetime) -> None:
    """Keep a batch at the end of the spool."""
    rows = [
        {
            "installation": each.installation,
            "lane": each.lane,
            "reason": each.reason,
            "message_id": each.message_id,
            "type": each.type,
            "body": each.body,
            "kept_at": to_micros(now),
        }
        for each in batch
    ]
    connection.execute(insert(spool), rows)


def counts(connection: Connection) -> list[SpoolCount]:
    """What waits, by installation, lane and reason."""
    groups = (spool.c.installation, spool.c.lane, spool.c.reason)
    found = select(*groups, func.count(), func.min(spool.c.kept_at)).group_by(*groups).order_by(*groups)
    return [
        SpoolCount(installation=name, lane=lane, reason=reason, count=count, oldest_at=from_micros(oldest))
        for name, lane, reason, count, oldest in connection.execute(found)
    ]


def installations(connection: Connection, reason: str) -> list[str]:
    """Whoever has something waiting for this reason, in order of name."""
    found = select(spool.c.installation).where(spool.c.reason == reason).distinct()
    return sorted(connection.scalars(found))


def oldest(connection: Connection, reason: str, installation: str, limit: int) -> list[Spooled]:
    """The first to come of one installation."""
    found = (
        select(spool)
        .where(spool.c.reason == reason, spool.c.installation == installation)
        .order_by(spool.c.id)
        .limit(limit)
    )
    return [_spooled(row) for row in connection.execute(found)]


def remove(connection: Connection, ids: Sequence[int]) -> None:
    """Forget what the broker has confirmed."""
    connection.execute(delete(spool).where(spool.c.id.in_(ids)))


def _spooled(row: Row[tuple[object, ...]]) -> Spooled:
    return Spooled(
        id=row.id,
        installation=row.installation,
        lane=row.lane,
        reason=row.reason,
        message_id=row.message_id,
        type=row.type,
        body=bytes(row.body),
        kept_at=from_micros(row.kept_at),
    )
