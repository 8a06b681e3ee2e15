"""The embedded broker's statements, each over a connection whose transaction its caller ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, literal, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from bridge.broker.contract import (
    DEAD_QUEUES,
    DELIVERY_LIMIT,
    QUEUES,
    Message,
    Outgoing,
    QueueDepth,
    queue_of,
)
from bridge.clock import to_micros
from bridge.ledger.tables import messages

DEAD = ".dead"
_COLUMNS = (messages.c.id, messages.c.queue, messages.c.body, messages.c.deliveries)


def append(connection: Connection, batch: Sequence[Outgoing], now: datetime) -> None:
    """Keep a batch at the end of its queues."""
    rows = [
        {
            "queue": queue_of(each.lane),
            "message_id": each.message_id,
            "type": each.type,
            "installation": each.installation,
            "body": each.body,
            "published_at": to_micros(now),
        }
        for each in batch
    ]
    connection.execute(insert(messages), rows)


def is_any_free(connection: Connection, queues: Sequence[str], now: datetime) -> bool:
    """Whether one of the queues has a message that nobody holds."""
    found = select(literal(1)).where(messages.c.queue.in_(queues), _is_free(now)).limit(1)
    return connection.execute(found).first() is not None


def claim(
    connection: Connection, queues: Sequence[str], *, limit: int, holder: str, now: datetime, until: datetime
) -> list[Message]:
    """Take the oldest free messages of the queues, as one, and count the delivery."""
    oldest = (
        select(messages.c.id)
        .where(messages.c.queue.in_(queues), _is_free(now))
        .order_by(messages.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(messages)
        .where(messages.c.id.in_(oldest))
        .values(deliveries=messages.c.deliveries + 1, held_until=to_micros(until), holder=holder)
        .returning(*_COLUMNS)
    )
    return [_message(row) for row in sorted(connection.execute(taken).all())]


def give_up(connection: Connection, given_up: Sequence[Message]) -> None:
    """Move messages to their dead queues, free."""
    connection.execute(
        update(messages)
        .where(messages.c.id.in_([each.tag for each in given_up]))
        .values(queue=messages.c.queue + DEAD, deliveries=0, held_until=None, holder=None)
    )


def is_given_up(message: Message) -> bool:
    """Whether it was given out once more than a message may be: one time, and once for each return."""
    return message.deliveries > DELIVERY_LIMIT + 1


def remove(connection: Connection, tags: Sequence[int]) -> None:
    """Forget messages that are settled."""
    connection.execute(delete(messages).where(messages.c.id.in_(tags)))


def release(connection: Connection, holders: Iterable[str]) -> None:
    """Free whatever these holders hold."""
    connection.execute(
        update(messages).where(messages.c.holder.in_(list(holders))).values(held_until=None, holder=None)
    )


def holders(connection: Connection) -> list[str]:
    """Everyone who holds something."""
    found = select(messages.c.holder).where(messages.c.holder.is_not(None)).distinct()
    return [holder for holder in connection.scalars(found) if holder]


def depths(connection: Connection, now: datetime) -> list[QueueDepth]:
    """Every queue's depth and the age of its oldest message."""
    counted = select(messages.c.queue, func.count(), func.min(messages.c.published_at))
    found = {row[0]: (row[1], row[2]) for row in connection.execute(counted.group_by(messages.c.queue))}
    return [_depth(queue, found.get(queue), now) for queue in QUEUES + DEAD_QUEUES]


def _depth(queue: str, found: tuple[int, int] | None, now: datetime) -> QueueDepth:
    if found is None:
        return QueueDepth(queue=queue, depth=0, oldest_s=None)
    depth, oldest_at = found
    return QueueDepth(queue=queue, depth=depth, oldest_s=max(0.0, (to_micros(now) - oldest_at) / 1_000_000))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(messages.c.held_until.is_(None), messages.c.held_until < to_micros(now))


def _message(row: Row[tuple[int, str, bytes, int]]) -> Message:
    lane = row.queue.removesuffix(DEAD).removeprefix("bridge.")
    return Message(lane=lane, body=bytes(row.body), tag=row.id, deliveries=row.deliveries)
