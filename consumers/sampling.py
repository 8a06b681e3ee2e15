"""Counts once a minute what goes through the bridge, so that pages can say how the last hour and day went."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.broker.contract import Broker
from bridge.history import Counts, is_worst_by_least, is_worst_by_most, numbers
from bridge.ledger import flows, quotas, samples
from bridge.ledger.hasty import HastyLedger
from bridge.ledger.ledger import Ledger
from bridge.ledger.samples import MINUTE_S, TEN_MINUTES_S, Extent
from bridge.queues import lane_states
from bridge.quota_gauges import TOLD_WITHIN

SAMPLE_EVERY_S = 60.0
WITHIN_S = 10.0
SECOND = 1_000_000
STEP = TEN_MINUTES_S * SECOND


@dataclass
class Sampling:
    """Remembers what it counted last. Whoever takes over from another clock begins anew."""

    ledger: Ledger
    broker: Broker
    _before: Counts | None = None

    def step(self) -> None:
        """Count, compare with a minute ago, and keep the numbers. Raises `Unavailable`."""
        before, now = self._before, self._counted()
        self._before = now
        with self.ledger.writing() as connection:
            samples.put(connection, MINUTE_S, now.at, numbers(before, now))
            if before is not None and before.at // STEP != now.at // STEP:
                _sum_up(connection, now.at // STEP * STEP)

    def _counted(self) -> Counts:
        states = lane_states(self.ledger, self.broker)
        at = self.ledger.micros()
        told_since = self.ledger.now() - TOLD_WITHIN
        begin = self._before.at if self._before else at
        with HastyLedger(self.ledger, WITHIN_S).reading() as connection:
            return Counts(
                at,
                depth={one.lane: one.depth + one.parked for one in states},
                unapplied=flows.unapplied(connection),
                oldest_s={one.lane: one.oldest_s for one in states},
                kept=flows.kept(connection, begin, at),
                attempts=flows.attempted(connection, begin, at),
                lags_s=flows.lags(connection, begin, at),
                quotas=[(one.system, one.ratio) for one in quotas.left(connection, told_since)],
            )


def _sum_up(connection: Connection, until: int) -> None:
    """The ten minutes that ended there, as one moment."""
    found = samples.extents(connection, until - STEP, until)
    values = {name: _of_ten_minutes(name, extent) for name, extent in found.items()}
    samples.put(connection, TEN_MINUTES_S, until, values)


def _of_ten_minutes(series: str, extent: Extent) -> float:
    if is_worst_by_most(series):
        return extent.most
    return extent.least if is_worst_by_least(series) else extent.mean
