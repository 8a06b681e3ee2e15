"""Gauges read from ledger and broker at each scrape, and so right with no consumer running."""

from __future__ import annotations

from collections.abc import Iterator, Set
from functools import partial

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bridge.broker.contract import LANES, Broker
from bridge.drift_gauges import drift_gauges
from bridge.errors import Unavailable
from bridge.ledger import looking
from bridge.ledger.ledger import Ledger
from bridge.ledger.spool import BROKER_AWAY, PARKED
from bridge.metrics import installation_label
from bridge.pause_gauges import pause_gauges
from bridge.process_gauges import process_gauges
from bridge.queues import lane_states, watch
from bridge.quota_gauges import quota_gauges

log = structlog.get_logger(__name__)

# What waits while a system does not accept our credentials: what came from the other one.
LANE_THAT_WAITS = {"sailthru": "zendesk", "zendesk": "sailthru"}


class Gauges(Collector):
    """All that is not counted but read. Of a part that is away nothing is said, least of all zero."""

    def __init__(self, ledger: Ledger, broker: Broker) -> None:
        self._ledger = ledger
        self._broker = broker

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: registering must not read anything."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read everything anew."""
        away = set()
        for read in (
            self._queues,
            self._spool,
            self._dead,
            self._halted,
            partial(process_gauges, self._ledger),
            partial(quota_gauges, self._ledger),
            partial(drift_gauges, self._ledger),
            partial(pause_gauges, self._ledger),
        ):
            try:
                yield from read()
            except Unavailable as error:
                away.add(error.part)
                log.warning("A part is away: its gauges are left out.", action="scrape", part=error.part)
        yield _parts(away)

    def _queues(self) -> list[GaugeMetricFamily]:
        depth = GaugeMetricFamily("bridge_queue_depth", "Messages waiting or in hand.", labels=["queue"])
        oldest = GaugeMetricFamily(
            "bridge_queue_oldest_seconds", "Age of the oldest work of the lane.", labels=["queue"]
        )
        owed = GaugeMetricFamily(
            "bridge_queue_owed", "Customers whom the other system is owed something of.", labels=["queue"]
        )
        watch(self._ledger, self._broker)
        for state in lane_states(self._ledger, self._broker):
            depth.add_metric([f"bridge.{state.lane}"], state.depth)
            oldest.add_metric([f"bridge.{state.lane}"], state.oldest_s)
            owed.add_metric([f"bridge.{state.lane}"], state.owed)
        for queue in self._broker.depths():
            if queue.queue.endswith(".dead"):
                depth.add_metric([queue.queue], queue.depth)
                oldest.add_metric([queue.queue], queue.oldest_s or 0.0)
        return [depth, oldest, owed]

    def _spool(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "bridge_spool_rows", "Events kept in the ledger, not with the broker.", labels=["lane", "reason"]
        )
        with self._ledger.reading() as connection:
            found = looking.spooled(connection)
        for lane in LANES:
            for reason in (BROKER_AWAY, PARKED):
                family.add_metric([lane, reason], found[lane, reason].count if (lane, reason) in found else 0)
        return [family]

    def _dead(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily("bridge_dead_letters", "Open dead letters.", labels=["lane", "reason"])
        with self._ledger.reading() as connection:
            for (lane, reason), count in sorted(looking.dead_by_reason(connection).items()):
                family.add_metric([lane, reason], count)
        return [family]

    def _halted(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "bridge_installation_halted",
            "Installations halted because credentials do not work.",
            labels=["installation", "lane"],
        )
        counts: dict[tuple[str, str], int] = {}
        with self._ledger.reading() as connection:
            for name, system in looking.halted(connection):
                key = (installation_label(name), LANE_THAT_WAITS[system])
                counts[key] = counts.get(key, 0) + 1
        for (name, lane), count in sorted(counts.items()):
            family.add_metric([name, lane], count)
        return [family]


def _parts(away: Set[str]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "bridge_part_up", "1 while ledger and broker answered this scrape.", labels=["part"]
    )
    for part in ("ledger", "broker"):
        family.add_metric([part], part not in away)
    return family
