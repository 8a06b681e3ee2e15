"""`python -m consumers.clock`: the periodic work that is nobody else's.

Several may run: a pass is held by one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from bridge import metrics
from bridge.broker.contract import Publisher
from bridge.broker.draining import drain
from bridge.errors import Unavailable
from bridge.heartbeat import Heartbeat, Pulse
from bridge.holder import new_holder
from bridge.ledger import events, passes, retention
from bridge.ledger.processes import CLOCK
from bridge.queues import watch
from bridge.repair.many import Replayer
from bridge.services import Services
from consumers import deleted_users as deleted
from consumers.audit_samples import LOOK_EVERY_S, AuditSamples
from consumers.exporting import reconciling
from consumers.forgetting import Forgetting
from consumers.last_tries import LastTries
from consumers.parts import Parts
from consumers.patience import patience_of
from consumers.quota import RateNotes
from consumers.reader import Reader
from consumers.refreshing import REFRESH_EVERY_S, Refresh
from consumers.sampling import SAMPLE_EVERY_S, Sampling
from consumers.starting import start
from consumers.stopping import stop_on_signals
from consumers.threads import begin

log = structlog.get_logger(__name__)

DRAIN_EVERY_S = 0.5
LAST_TRIES_EVERY_S = 5.0
REPLAY_EVERY_S = 1.0
RETENTION_EVERY_S = 300.0
WATCH_EVERY_S = 1.0


@dataclass(frozen=True)
class Pass:
    """Something done every `every_s` seconds by whichever clock holds it."""

    name: str
    every_s: float
    do: Callable[[], object]


@dataclass
class Timepiece:
    """One clock process: does each pass when it is due and nobody else holds it."""

    services: Services
    passes: list[Pass]
    holder: str
    pulse: Pulse = field(default_factory=Pulse)
    _done_at: dict[str, datetime] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        due = dict.fromkeys((one.name for one in self.passes), 0.0)
        while not stop.is_set():
            now = self.services.clock.monotonic()
            for one in self.passes:
                if due[one.name] <= now and not stop.is_set():
                    due[one.name] = self.services.clock.monotonic() + one.every_s
                    self._do(one)
            self.pulse.comes_round(self.services.clock.now())
            stop.wait(max(0.01, min(due.values()) - self.services.clock.monotonic()))

    def _do(self, one: Pass) -> None:
        began_at = self.services.clock.now()
        try:
            if self._hold(one):
                one.do()
                self._done_at[one.name] = began_at
        except Unavailable as error:
            log.warning("The pass waits.", action="pass_waits", name=one.name, part=error.part)
        except Exception:  # one pass that fails must not stop the others
            metrics.count_failed_pass(one.name)
            log.exception(
                "The pass failed; it is tried again next time.", action="pass_failed", name=one.name
            )

    def _hold(self, one: Pass) -> bool:
        with self.services.ledger.writing() as connection:
            until = self.services.ledger.now() + timedelta(seconds=max(30.0, 3 * one.every_s))
            return passes.hold(
                connection,
                one.name,
                self.holder,
                until=until,
                now=self.services.ledger.now(),
                done_at=self._done_at.get(one.name),
            )


def timepiece(services: Services, publisher: Publisher, holder: str) -> Timepiece:
    """The clock with all its passes."""

    def drain_spool() -> None:
        while drain(services.ledger, publisher, _room(services)):
            continue

    patience = patience_of(services.settings)
    last_tries = LastTries(services.ledger, services.directory, services.broker, services.clock, patience)
    refresh = Refresh(services.ledger, services.directory, services.clock, patience)
    sampling = Sampling(services.ledger, services.broker)
    size = services.settings.audit_sample
    deleted_users = _deleted_users(services)
    audit_samples = AuditSamples(services.ledger, services.directory, services.clock, size, patience)
    keep_days, audit_days = services.settings.retention_days, services.settings.audit_days
    return Timepiece(
        services,
        [
            Pass("spool", DRAIN_EVERY_S, drain_spool),
            Pass("last_tries", LAST_TRIES_EVERY_S, last_tries.step),
            Pass("refresh", REFRESH_EVERY_S, refresh.step),
            Pass("reconcile", reconciling.SCHEDULE_EVERY_S, _schedule(services).step),
            Pass("replays", REPLAY_EVERY_S, Replayer(services.ledger, publisher, holder).step),
            Pass("deleted", deleted.LOOK_EVERY_S, deleted_users.step),
            Pass("audit", LOOK_EVERY_S, audit_samples.step),
            Pass("watch", WATCH_EVERY_S, lambda: watch(services.ledger, services.broker)),
            Pass("history", SAMPLE_EVERY_S, sampling.step),
            Pass(
                "retention",
                RETENTION_EVERY_S,
                lambda: retention.forget(services.ledger, keep_days, audit_days),
            ),
            Pass("sessions", RETENTION_EVERY_S, lambda: retention.forget_sessions(services.ledger)),
            Pass("removed", RETENTION_EVERY_S, lambda: retention.clear_removed(services.ledger)),
        ],
        holder,
    )


def _deleted_users(services: Services) -> deleted.DeletedUsers:
    known, days = services.directory, services.settings.forget_deleted_days
    forgetting = Forgetting(
        services.ledger, services.remotes, known.forgotten, services.clock, pause=lambda _s: None
    )
    after = timedelta(days=days) if days else None
    return deleted.DeletedUsers(services.ledger, known, services.clock, forgetting, after)


def _schedule(services: Services) -> reconciling.Schedule:
    return reconciling.Schedule(services.ledger, services.directory, services.clock, _every(services))


def _every(services: Services) -> timedelta:
    return timedelta(seconds=services.settings.reconcile_s)


def reconciler(services: Services) -> Reader:
    """Reads the exports when their turn comes, beside the other passes: a page takes long."""
    rates, patience = RateNotes(services.rates), patience_of(services.settings)
    parts = Parts(services.ledger, services.directory, services.remotes, rates, services.clock, patience)
    pool = ThreadPoolExecutor(reconciling.READS_AT_ONCE, thread_name_prefix="export")
    return Reader(parts, reconciling.source(_every(services)), pool)


def run(services: Services, stop: threading.Event) -> None:
    """Do all passes until told to stop.

    A thread that ends with an error ends the process: whoever supervises it starts a new one.
    """
    failed: list[BaseException] = []
    reader = reconciler(services)
    passing = timepiece(services, services.broker.publisher(), new_holder())
    beating = Heartbeat.of(services.ledger, CLOCK, passing.pulse).start(stop)
    threads = [
        begin("passes", partial(passing.run, stop), stop, failed),
        begin("reconcile", partial(reader.run, stop), stop, failed),
    ]
    stop.wait()
    reader.wake.set()
    for thread in threads:
        thread.join()
    reader.pool.shutdown()
    beating.join()
    if failed:
        raise failed[0]


def _room(services: Services) -> Callable[[str], int]:
    """How many parked events of an installation may go to the queues now."""

    def room(name: str) -> int:
        installation = services.directory.get(name)
        if installation is None:
            return services.settings.park_above  # nobody's any more: the worker passes them over
        with services.ledger.reading() as connection:
            return max(0, services.settings.park_above - events.unapplied(connection, installation.id))

    return room


def main() -> int:
    """Run until told to stop; 1 when the settings do not let it start."""
    stop = stop_on_signals()
    services = start("clock", stop)
    if services is None:
        return 1
    run(services, stop)
    services.close()
    log.info("The clock has ended.", action="clock_ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
