"""Gauges of the processes at work on all machines, as they say in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily

from bridge.clock import to_micros
from bridge.heartbeat import GONE_S
from bridge.ledger.ledger import Ledger, database_now
from bridge.ledger.processes import CONSUMER, PARTS, Sign, alive, passes_done

MICROS = 1_000_000


def process_gauges(ledger: Ledger) -> list[GaugeMetricFamily]:
    """How many there are of each part, since when, and how their work goes. Raises `Unavailable`."""
    with ledger.reading() as connection:
        since = database_now(connection, ledger.clock) - timedelta(seconds=GONE_S)
        signs = alive(connection, to_micros(since))
        passes = passes_done(connection)
    return [*_counted(signs), *_of_consumers([one for one in signs if one.part == CONSUMER]), _passes(passes)]


def _counted(signs: Sequence[Sign]) -> list[GaugeMetricFamily]:
    count = GaugeMetricFamily("bridge_processes", "Processes that gave a sign of life.", labels=["process"])
    started = GaugeMetricFamily(
        "bridge_process_start_time_seconds", "When the youngest of them was started.", labels=["process"]
    )
    for part in PARTS:
        of_part = [one for one in signs if one.part == part]
        count.add_metric([part], len(of_part))
        if of_part:
            started.add_metric([part], max(one.started_at for one in of_part) / MICROS)
    return [count, started]


def _of_consumers(consumers: Sequence[Sign]) -> list[GaugeMetricFamily]:
    connected = GaugeMetricFamily(
        "bridge_consumers_connected",
        "Consumers that the broker answers.",
        value=sum(one.is_connected for one in consumers),
    )
    progress = GaugeMetricFamily(
        "bridge_consumer_progress_timestamp_seconds",
        "When a consumer last took what was there, be it nothing, and kept it.",
    )
    worked = [one.worked_at for one in consumers if one.worked_at is not None]
    if worked:
        progress.add_metric([], max(worked) / MICROS)
    return [connected, progress]


def _passes(done: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "bridge_clock_pass_timestamp_seconds",
        "When each pass of the clock last began and ended well.",
        labels=["pass"],
    )
    for name, done_at in sorted(done.items()):
        if done_at:
            family.add_metric([name], done_at / MICROS)
    return family
