"""Keeps an accepted message durably, wherever that is possible now: with the broker, else in the spool."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Literal

import structlog

from bridge import metrics
from bridge.broker.contract import Outgoing, Publisher
from bridge.broker.group_commit import GroupCommit
from bridge.errors import Unavailable
from bridge.ledger import spool
from bridge.ledger.ledger import Ledger
from bridge.ledger.spool import BROKER_AWAY, PARKED, ToSpool

Kept = Literal["published", "spooled", "parked"]
SHARE = 1000
COUNT_FRESH_S = 1.0
# What was counted on since the last look may long be applied: before anything is parked, a fresher look.
FULL_FRESH_S = 0.1

log = structlog.get_logger(__name__)


class Acceptance:
    """Thread-safe. `unapplied(installation)` says how many of its events are under way, not applied yet."""

    def __init__(
        self, publisher: Publisher, ledger: Ledger, *, unapplied: Callable[[str], int], share: int = SHARE
    ) -> None:
        self._publisher = publisher
        self._ledger = ledger
        self._shares = Shares(unapplied, share=share)
        self._spool = GroupCommit(self._commit)

    def keep(self, outgoing: Outgoing) -> Kept:
        """Return where it is kept, surely. Raises `Unavailable("ledger")` when it is kept nowhere."""
        if outgoing.lane != "agent" and not self._shares.has_room(outgoing.installation):
            self._spool.add(_to_spool(outgoing, PARKED))
            return "parked"
        try:
            self._publisher.publish(outgoing)
        except Unavailable as away:
            metrics.count_unconfirmed()
            self._spool.add(_to_spool(outgoing, BROKER_AWAY))
            log.info("kept in the spool", action="event_spooled", lane=outgoing.lane, error=away.detail)
            return "spooled"
        self._shares.count(outgoing.installation)
        return "published"

    def _commit(self, batch: Sequence[ToSpool]) -> None:
        with self._ledger.writing() as connection:
            spool.keep(connection, batch, self._ledger.now())


class Shares:
    """How much of each installation is under way: asked once a second, and counted on meanwhile.

    Whoever seems to have its share is asked about ten times as often, for the count knows of no push.
    """

    def __init__(
        self,
        unapplied: Callable[[str], int],
        *,
        share: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._unapplied = unapplied
        self._share = share
        self._monotonic = monotonic
        self._lock = Lock()
        self._known: dict[str, tuple[int, float]] = {}

    def has_room(self, installation: str) -> bool:
        """Whether another one of this installation may go to the broker now."""
        number, asked_at = self._known.get(installation, (0, -math.inf))
        fresh_s = COUNT_FRESH_S if number < self._share else FULL_FRESH_S
        if self._monotonic() - asked_at >= fresh_s:
            number = self._ask(installation)
        return number < self._share

    def count(self, installation: str) -> None:
        """One more was published."""
        with self._lock:
            number, asked_at = self._known.get(installation, (0, self._monotonic()))
            self._known[installation] = (number + 1, asked_at)

    def _ask(self, installation: str) -> int:
        try:
            number = self._unapplied(installation)
        except Unavailable:
            number = 0  # the broker may still take it, and nobody could be asked
        with self._lock:
            self._known[installation] = (number, self._monotonic())
        return number


def _to_spool(outgoing: Outgoing, reason: str) -> ToSpool:
    return ToSpool(
        lane=outgoing.lane,
        body=outgoing.body,
        message_id=outgoing.message_id,
        type=outgoing.type,
        installation=outgoing.installation,
        reason=reason,
    )
