"""Brings spooled messages to the broker, once it is back and the installation has room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from bridge import metrics
from bridge.broker.carrying import carried
from bridge.broker.contract import Outgoing, Publisher
from bridge.errors import Unavailable
from bridge.ledger import spool
from bridge.ledger.ledger import Ledger
from bridge.ledger.spool import BROKER_AWAY, PARKED, Spooled
from schemas.errors import Unreadable
from schemas.event import from_bytes

AT_ONCE = 16  # publishes that share one round trip
TURN = 100  # of one installation before the next one's turn


def drain(ledger: Ledger, publisher: Publisher, room: Callable[[str], int]) -> int:
    """One turn of each installation; returns how many the broker has confirmed.

    `room(installation)` says how many parked messages of it may go now; what was spooled because the broker
    was away goes in any case. A message is forgotten after its confirm: a crash between the two publishes it
    twice, which is harmless. Ends early when the broker is away.
    """
    if publisher.is_away():
        return 0
    sent = _drain_reason(ledger, publisher, BROKER_AWAY, lambda _installation: TURN)
    return sent + _drain_reason(ledger, publisher, PARKED, room)


def _drain_reason(ledger: Ledger, publisher: Publisher, reason: str, room: Callable[[str], int]) -> int:
    with ledger.reading() as connection:
        names = spool.installations(connection, reason)
    sent = 0
    for name in names:
        limit = min(TURN, room(name))
        if limit > 0 and not publisher.is_away():
            sent += _drain_some(ledger, publisher, reason, name, limit)
    return sent


def _drain_some(ledger: Ledger, publisher: Publisher, reason: str, name: str, limit: int) -> int:
    with ledger.reading() as connection:
        batch = spool.oldest(connection, reason, name, limit)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(partial(_is_published, publisher, ledger.now()), batch))
    confirmed = [each.id for each, is_published in zip(batch, outcomes, strict=True) if is_published]
    _forget(ledger, confirmed)
    return len(confirmed)


def _is_published(publisher: Publisher, now: datetime, spooled: Spooled) -> bool:
    try:
        publisher.publish(_outgoing(spooled, now))
    except Unavailable:
        metrics.count_unconfirmed()
        return False
    return True


def _outgoing(spooled: Spooled, now: datetime) -> Outgoing:
    """The message, with why and how long it was held here; one that is none of our events stays as it is."""
    with suppress(Unreadable):
        event = from_bytes(spooled.body)
        held = {"reason": spooled.reason, "from": spooled.kept_at.isoformat(), "until": now.isoformat()}
        return carried(replace(event, delivery={**event.delivery, "held": held}))
    return Outgoing(
        lane=spooled.lane,
        body=spooled.body,
        message_id=spooled.message_id,
        type=spooled.type,
        installation=spooled.installation,
        received_at=spooled.kept_at,
    )


def _forget(ledger: Ledger, ids: Sequence[int]) -> None:
    if ids:
        with ledger.writing() as connection:
            spool.remove(connection, ids)
