"""What may still be sent to one endpoint of one account, shared by all processes through the ledger.

Vendors count per minute and the account is shared with the customer's other tools, so calls are spread evenly
at our share of the limit instead of being spent in a burst. A bucket is one number: the moment at which the
calls granted so far are used up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Update, bindparam, select, update

from bridge.clock import from_micros, to_micros
from bridge.ledger.prepared import Prepared, PreparedList
from bridge.ledger.tables import installations, quotas
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


def grant(
    bucket: Bucket, asked: int, share: float, now: datetime, *, at_once: float | None = None
) -> tuple[Grant, datetime]:
    """How many of `asked` calls may be sent now at this share of the limit, and the bucket's new `next_at`.

    Pure. No minute ever sees more than the share, a burst at its beginning included; `at_once` is the
    longest burst, where it is not to follow from the limit.
    """
    if now < bucket.held_until:
        return Grant(0, (bucket.held_until - now).total_seconds()), bucket.next_at
    allowed = bucket.per_minute * share
    burst = at_once or max(1.0, BURST_S * allowed / 60, min(LEAST_BURST, allowed * MOST_OF_MINUTE))
    rate = max(allowed - max(burst, UNUSED * allowed), LEAST_PER_MINUTE) / 60
    used_up = max(bucket.next_at, now - timedelta(seconds=burst / rate))
    room_s = (now - used_up).total_seconds() + ROUNDING_S
    calls = max(0, min(asked, int(room_s * rate)))
    after = used_up + timedelta(seconds=calls / rate)
    wait_s = 0.0 if calls == asked else max(0.0, 1 / rate - (now - after).total_seconds())
    return Grant(calls, wait_s), after


@dataclass(frozen=True)
class Left:
    """What is left of one quota of one account, whoever used the rest: calls, of `per_minute`."""

    installation: str
    bucket: str
    per_minute: int
    remaining: int

    @property
    def system(self) -> str:
        """`zendesk` or `sailthru`."""
        return self.bucket.partition(".")[0]

    @property
    def ratio(self) -> float:
        """From 0, nothing is left, to 1."""
        return min(1.0, self.remaining / self.per_minute) if self.per_minute else 0.0


@dataclass(frozen=True)
class Drawing:
    """Which bucket is drawn on, at which share of the limit.

    `default_per_minute` holds until the vendor told its own. `at_once`: no more calls than that in a row.
    """

    installation_id: int
    bucket: str
    share: float
    default_per_minute: int
    at_once: float | None = None


def take(connection: Connection, *drawings: Drawing, asked: int, now: datetime) -> Grant:
    """Take up to `asked` calls out of one bucket, or the same number out of each of several."""
    buckets = _buckets(connection, drawings)
    granted = _least(buckets, asked, now)
    if granted.calls:
        spent = [
            {
                "of": drawing.installation_id,
                "name": drawing.bucket,
                "next_at": to_micros(_granted(drawing, bucket, granted.calls, now)[1]),
            }
            for drawing, bucket in buckets
        ]
        _SPEND.run_all(connection, spent)
    return granted


def room(connection: Connection, *drawings: Drawing, asked: int, now: datetime) -> Grant:
    """What `take` would grant now."""
    return _least(_buckets(connection, drawings), asked, now)


def learn(connection: Connection, installation_id: int, name: str, per_minute: int) -> None:
    """The vendor told its limit."""
    row = _new_row(installation_id, name, per_minute)
    upsert(connection, quotas, [row], replace=("per_minute",))


def note(connection: Connection, installation_id: int, name: str, remaining: int, at: datetime) -> None:
    """The vendor told how much of the minute is left."""
    connection.execute(
        _update(installation_id, name).values(remaining=remaining, told_at=to_micros(at)),
    )


def left(connection: Connection, since: datetime) -> list[Left]:
    """What vendors said at `since` or later to be left of their quotas, by installation and bucket."""
    found = (
        select(installations.c.name, quotas.c.bucket, quotas.c.per_minute, quotas.c.remaining)
        .join_from(quotas, installations, quotas.c.installation_id == installations.c.id)
        .where(quotas.c.told_at >= to_micros(since), quotas.c.remaining.is_not(None))
        .order_by(installations.c.name, quotas.c.bucket)
    )
    return [Left(*row) for row in connection.execute(found)]


def hold(connection: Connection, installation_id: int, name: str, until: datetime) -> None:
    """Nothing is sent before `until`: the vendor said so, or the other tools have used their part up."""
    longer = _update(installation_id, name).where(quotas.c.held_until < to_micros(until))
    connection.execute(longer.values(held_until=to_micros(until)))


def _least(buckets: Sequence[tuple[Drawing, Bucket]], asked: int, now: datetime) -> Grant:
    """What all of them have."""
    grants = [_granted(drawing, bucket, asked, now)[0] for drawing, bucket in buckets]
    return Grant(min(one.calls for one in grants), max(one.wait_s for one in grants))


def _granted(drawing: Drawing, bucket: Bucket, asked: int, now: datetime) -> tuple[Grant, datetime]:
    return grant(bucket, asked, drawing.share, now, at_once=drawing.at_once)


_STANDING = PreparedList(
    lambda names: (
        select(quotas.c.bucket, quotas.c.per_minute, quotas.c.next_at, quotas.c.held_until)
        .where(quotas.c.installation_id == bindparam("of"), quotas.c.bucket.in_(names))
        .order_by(quotas.c.bucket)  # one order for all who hold several, so that nobody waits in a circle
        .with_for_update()
    )
)
_SPEND = Prepared(
    update(quotas)
    .where(quotas.c.installation_id == bindparam("of"), quotas.c.bucket == bindparam("name"))
    .values(next_at=bindparam("next_at"))
)


def _buckets(connection: Connection, drawings: Sequence[Drawing]) -> list[tuple[Drawing, Bucket]]:
    """The buckets of one installation as they stand, held until the transaction ends; made where missing."""
    standing = _standing(connection, drawings)
    missing = [drawing for drawing in drawings if drawing.bucket not in standing]
    if missing:
        rows = [_new_row(one.installation_id, one.bucket, one.default_per_minute) for one in missing]
        upsert(connection, quotas, rows)
        standing = _standing(connection, drawings)
    return [(drawing, standing[drawing.bucket]) for drawing in drawings]


def _standing(connection: Connection, drawings: Sequence[Drawing]) -> dict[str, Bucket]:
    names = [drawing.bucket for drawing in drawings]
    found = _STANDING.rows(connection, names, {"of": drawings[0].installation_id})
    return {
        name: Bucket(per_minute, from_micros(next_at), from_micros(held_until))
        for name, per_minute, next_at, held_until in found
    }


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
