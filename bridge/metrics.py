"""Every metric, declared once. Each has its function here; nothing else can be counted.

All processes of a machine (web workers, consumer, clock) write into files of one folder, and whoever is asked
for `/metrics` adds them up. The library decides how it stores a number when a metric is first made; so
nothing is made before its first use, and a process's main calls `start` before that. A process that never
calls it (a command, a test) counts in its own memory.

What the ledger and the broker know (depths, ages, dead letters) is not counted but read at each scrape:
see `bridge.gauges`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

MOST_INSTALLATIONS = 200
OTHER = "other"
UNKNOWN = "unknown"
LAG_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
REQUEST_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def start(metrics_dir: Path) -> None:
    """Count where the other processes of this machine do. Called by a main, before anything is counted."""
    metrics_dir.mkdir(parents=True, exist_ok=True)
    _forget_what_stopped(metrics_dir)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_dir)
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    _declared.cache_clear()


def _forget_what_stopped(metrics_dir: Path) -> None:
    # Counts of an ended process stay, or the sums would fall; all of them go when none is left to add to.
    files = list(metrics_dir.glob("*.db"))
    if not any(_is_running(int(file.stem.rpartition("_")[2])) for file in files):
        for file in files:
            file.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def count_delivery(installation: str, *, source: str, outcome: str) -> None:
    """One delivery answered. `installation` is empty where none has that name: strangers name no labels."""
    _declared().deliveries.labels(installation_label(installation), source, outcome).inc()


def count_event(installation: str, *, type: str, outcome: str) -> None:  # noqa: A002 - the label's name
    """One event kept, applied, ignored or dead."""
    _declared().events.labels(installation_label(installation), type, outcome).inc()


def observe_lag(seconds: float) -> None:
    """How long an event took from its arrival until it was applied."""
    _declared().lag.observe(seconds)


def count_remote_request(system: str, outcome: str, *, seconds: float) -> None:
    """One call to `zendesk` or `sailthru`; `outcome` is `ok` or the error's reason."""
    _declared().remote_requests.labels(system, outcome).inc()
    _declared().remote_seconds.labels(system).observe(seconds)


def count_unconfirmed() -> None:
    """One message that the broker returned, refused or did not confirm in time; it is kept in the spool."""
    _declared().unconfirmed.inc()


def count_failed_pass(name: str) -> None:
    """One of the clock's passes ended with an error that nobody foresaw."""
    _declared().failed_passes.labels(name).inc()


def installation_label(name: str) -> str:
    """The value of an `installation` label: one for all where there are very many, or the series explode."""
    if not name:
        return UNKNOWN
    return OTHER if _count.installations > MOST_INSTALLATIONS else name


def installations_are(count: int) -> None:
    """Told by the directory after each reading."""
    _count.installations = count


def exposition(*collectors: Collector) -> tuple[bytes, str]:
    """The page that Prometheus reads, and its content type; `collectors` add what is read at each scrape."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry.register(_AllProcesses())
    else:
        registry.register(_declared().registry)
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _AllProcesses(Collector):
    """The counts of all processes, added up."""

    def collect(self) -> Iterable[Metric]:
        """Read the files. One that a process is just making is empty for a moment, and would be an error."""
        files = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db")
        written = [str(file) for file in files if file.stat().st_size > 0]
        merged: Iterable[Metric] = MultiProcessCollector.merge(written)  # type: ignore[no-untyped-call]
        return merged


@dataclass
class _Count:
    installations: int = 0


_count = _Count()


@dataclass(frozen=True)
class _Declared:
    registry: CollectorRegistry
    deliveries: Counter
    events: Counter
    lag: Histogram
    remote_requests: Counter
    remote_seconds: Histogram
    unconfirmed: Counter
    failed_passes: Counter


@cache
def _declared() -> _Declared:
    registry = CollectorRegistry()
    return _Declared(
        registry,
        deliveries=Counter(
            "bridge_deliveries",
            "Requests that a system sent us, by our answer.",
            ("installation", "source", "outcome"),
            registry=registry,
        ),
        events=Counter(
            "bridge_events",
            "Events, by what became of them.",
            ("installation", "type", "outcome"),
            registry=registry,
        ),
        lag=Histogram(
            "bridge_event_lag_seconds",
            "From the arrival of an event until it was applied.",
            buckets=LAG_BUCKETS,
            registry=registry,
        ),
        remote_requests=Counter(
            "bridge_remote_requests",
            "Calls to Zendesk and Sailthru.",
            ("system", "outcome"),
            registry=registry,
        ),
        remote_seconds=Histogram(
            "bridge_remote_request_seconds",
            "How long calls to Zendesk and Sailthru took.",
            ("system",),
            buckets=REQUEST_BUCKETS,
            registry=registry,
        ),
        unconfirmed=Counter(
            "bridge_broker_confirm_failures",
            "Messages that the broker did not confirm.",
            registry=registry,
        ),
        failed_passes=Counter(
            "bridge_clock_pass_failures",
            "Passes of the clock that ended with an error.",
            ("pass",),
            registry=registry,
        ),
    )
