"""What may still be sent to one endpoint of one account, shared by all processes through the ledger.

Vendors count per minute and the account is shared with the customer's other tools, so calls are spread evenly
at our share of the limit instead of being spent in a burst. A bucket is one number: the moment at which the
calls granted so far will be used up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Update, select, update

from bridge.clock import from_micros, to_micros
from bridge.ledger.tables import quotas
from bridge.ledger.writing import upsert

# A call sent at the end of one minute may be counted in the next: this much of the limit stays unused for that.
UNUSED = 0.02
BURST_S = 0.25
LEAST_BURST = 8


@dataclass(frozen=True)
class Grant:
    """`calls` may be sent now; where fewer than asked for, the next one in `wait_s` seconds."""

    calls: int
    wait_s: float


@dataclass(frozen=True)
class Bucket:
    """One bucket as it stands: vendor's limit a minute, when its grants are used up, until when it is held."""

    per_minute: int
    next_at: datetime
    held_until: datetime


def grant(bucket: Bucket, asked: int, share: float, now: datetime) -> tuple[Grant, datetime]:
    """How many of `asked` calls may be sent now at this share of the limit, and the bucket's new `next_at`. Pure."""
    if now < bucket.held_until:
        return Grant(0, (bucket.held_until - now).total_seconds()), bucket.next_at
    rate = max(bucket.per_minute * (share - UNUSED * share), 1.0) / 60
    burst_s = max(BURST_S, LEAST_BURST / rate)
    used_up = max(bucket.next_at, now)
    room_s = (now - used_up).total_seconds() + burst_s
    calls = max(0, min(asked, int(room_s * rate + 1e-9)))
    after = used_up + timedelta(seconds=calls / rate)
    wait_s = 0.0 if calls == asked else max(0.0, (after - now).total_seconds() - burst_s + 1 / rate)
    return Grant(calls, wait_s), after


@dataclass(frozen=True)
class Drawing:
    """Which bucket is drawn on, at which share of the limit. `default_per_minute` holds until the vendor told its own."""

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


def _bucket(connection: Connection, drawing: Drawing) -> Bucket:
    standing = _locked(connection, drawing)
    if standing is None:
        row = {
            "installation_id": drawing.installation_id,
            "bucket": drawing.bucket,
            "per_minute": drawing.default_per_minute,
            "next_at": 0,
            "held_until": 0,
        }
        upsert(connection, quotas, [row])
        standing = _locked(connection, drawing)
    assert standing is not None
    return standing


def learn(connection: Connection, installation_id: int, name: str, per_minute: int) -> None:
    """The vendor told its limit."""
    connection.execute(_update(installation_id, name).values(per_minute=per_minute))


def hold(connection: Connection, installation_id: int, name: str, until: datetime) -> None:
    """Nothing is sent before `until`: the vendor said so, or the other tools have used their part up."""
    longer = _update(installation_id, name).where(quotas.c.held_until < to_micros(until))
    connection.execute(longer.values(held_until=to_micros(until)))


def _locked(connection: Connection, drawing: Drawing) -> Bucket | None:
    query = select(quotas).where(
        quotas.c.installation_id == drawing.installation_id, quotas.c.bucket == drawing.bucket
    )
    row = connection.execute(query.with_for_update()).first()
    return (
        None if row is None else Bucket(row.per_minute, from_micros(row.next_at), from_micros(row.held_until))
    )


def _update(installation_id: int, name: str) -> Update:
    return update(quotas).where(quotas.c.installation_id == installation_id, quotas.c.bucket == name)
