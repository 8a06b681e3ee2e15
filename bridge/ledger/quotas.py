"""What may still be sent to one endpoint of one account, shared by all processes through the ledger.

Vendors count per minute and the account is shared with the customer's other tools, so calls are spread evenly
at our share of the limit instead of being spent in a burst. A bucket is one number: the moment at which the
calls granted so far are used up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Update, bindparam, select, update

from bridge.clock import from_micros, to_micros
from bridge.ledger.tables import quotas
from bridge.ledger.writing import upsert

# Of the share: a call sent at the end of one minute may be counted in the next.
UNUSED = 0.02
BURST_S = 0.25
LEAST_BURST = 8
MOST_OF_MINUTE = 0.25  # no more than this part of a small share at once
LEAST_PER_MINUTE = 0.5  # however small the share
ROUNDING_S = 2e-6  # the ledger keeps whole microseconds


@dataclass(frozen=True)
class Grant:
    """`calls` may be sent now; where fewer than asked for, the next one in `wait_s` seconds."""

    calls: int
    wait_s: float


@dataclass(frozen=True)
class Bucket:
    """One bucket as it stands: the vendor's limit, when its grants are used up, until when it is held."""

    per_minute: int
    next_at: datetime
    held_until: datetime


def grant(bucket: Bucket, asked: int, share: float, now: datetime) -> tuple[Grant, datetime]:
    """How many of `asked` calls may be sent now at this share of the limit, and the bucket's new `next_at`.

    Pure. No minute ever sees more than the share, a burst at its beginning included.
    """
    if now < bucket.held_until:
        return Grant(0, (bucket.held_until - now).total_seconds()), bucket.next_at
    allowed = bucket.per_minute * share
    burst = max(1.0, BURST_S * allowed / 60, min(LEAST_BURST, allowed * MOST_OF_MINUTE))
    rate = max(allowed - max(burst, UNUSED * allowed), LEAST_PER_MINUTE) / 60
    used_up = max(bucket.next_at, now - timedelta(seconds=burst / rate))
    room_s = (now - used_up).total_seconds() + ROUNDING_S
    calls = max(0, min(asked, int(room_s * rate)))
    after = used_up + timedelta(seconds=calls / rate)
    wait_s = 0.0 if calls == asked else max(0.0, 1 / rate - (now - after).total_seconds())
    return Grant(calls, wait_s), after


@dataclass(frozen=True)
class Drawing:
    """Which bucket is drawn on, at which share of the limit.

    `default_per_minute` holds until the vendor told its own.
    """

    installation_id: int
    bucket: str
    share: float
    default_per_minute: int


def take(connection: Connection, drawing: Drawing, *, asked: int, now: datetime) -> Grant:
    """Take up to `asked` calls out of a bucket."""
    granted, next_at = grant(_bucket(connection, drawing), asked, drawing.share, now)
    if granted.calls:
        connection.execute(
            _update(drawing.installation_id, drawing.bucket).values(next_at=to_micros(next_at))
        )
    return granted


def room(connection: Connection, drawing: Drawing, *, asked: int, now: datetime) -> Grant:
    """What `take` would grant now."""
    return grant(_bucket(connection, drawing), asked, drawing.share, now)[0]


def learn(connection: Connection, installation_id: int, name: str, per_minute: int) -> None:
    """The vendor told its limit."""
    row = _new_row(installation_id, name, per_minute)
    upsert(connection, quotas, [row], replace=("per_minute",))


def hold(connection: Connection, installation_id: int, name: str, until: datetime) -> None:
    """Nothing is sent before `until`: the vendor said so, or the other tools have used their part up."""
    longer = _update(installation_id, name).where(quotas.c.held_until < to_micros(until))
    connection.execute(longer.values(held_until=to_micros(until)))


_STANDING = (
    select(quotas)
    .where(quotas.c.installation_id == bindparam("of"), quotas.c.bucket == bindparam("name"))
    .with_for_update()
)


def _bucket(connection: Connection, drawing: Drawing) -> Bucket:
    asked = {"of": drawing.installation_id, "name": drawing.bucket}
    row = connection.execute(_STANDING, asked).first()
    if row is None:
        upsert(
            connection,
            quotas,
            [_new_row(drawing.installation_id, drawing.bucket, drawing.default_per_minute)],
        )
        row = connection.execute(_STANDING, asked).one()
    return Bucket(row.per_minute, from_micros(row.next_at), from_micros(row.held_until))


def _new_row(installation_id: int, name: str, per_minute: int) -> dict[str, Any]:
    return {
        "installation_id": installation_id,
        "bucket": name,
        "per_minute": per_minute,
        "next_at": 0,
        "held_until": 0,
    }


def _update(installation_id: int, name: str) -> Update:
    return update(quotas).where(quotas.c.installation_id == installation_id, quotas.c.bucket == name)
