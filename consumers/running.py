"""Wires one consumer process: the worker, the pushers and the readers, each on its own thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from bridge.errors import Unavailable
from bridge.heartbeat import Heartbeat
from bridge.ledger.processes import CONSUMER
from bridge.services import Services
from consumers.desk import Desk
from consumers.keeping import Stirred
from consumers.parts import Parts
from consumers.patience import patience_of
from consumers.pusher import Pusher
from consumers.quota import RateNotes
from consumers.reader import Reader
from consumers.sources import FOR_AGENTS, IN_SAILTHRU, IN_ZENDESK
from consumers.threads import begin
from consumers.to_zendesk.pusher import ZendeskPusher
from consumers.worker import SecondTries, Worker

READS_AT_ONCE = 4
ZENDESK_PUSHES_AT_ONCE = 8  # its quota is small: 200 to 2,500 calls a minute for everybody
SECOND_TRIES_EVERY_S = 1.0


@dataclass(frozen=True)
class Consuming:
    """The parts of one consumer process."""

    worker: Worker
    pusher: Pusher
    zendesk_pusher: ZendeskPusher
    readers: tuple[Reader, ...]
    desk: Desk
    second_tries: SecondTries
    heartbeat: Heartbeat


def consuming(services: Services) -> Consuming:
    """Wire them. Connects to nothing yet."""
    settings = services.settings
    parts = Parts(
        services.ledger,
        services.directory,
        services.remotes,
        RateNotes(services.rates),
        services.clock,
        patience_of(settings),
        services.traces,
    )
    pusher = Pusher(
        parts,
        ThreadPoolExecutor(settings.pushes_at_once, thread_name_prefix="push"),
        settings.pushes_at_once,
    )
    zendesk_pusher = ZendeskPusher(
        parts,
        ThreadPoolExecutor(ZENDESK_PUSHES_AT_ONCE, thread_name_prefix="push back"),
        ZENDESK_PUSHES_AT_ONCE,
    )
    wake_pushers = _all(pusher.wake.set, zendesk_pusher.wake.set)
    readers = tuple(
        Reader(parts, source, ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="read"), wake_pushers)
        for source in (IN_ZENDESK, IN_SAILTHRU, FOR_AGENTS)
    )
    wakes = (wake_pushers, *(reader.wake.set for reader in readers))
    desk = Desk(parts, kept=_all(*wakes))
    worker = Worker(
        services.ledger,
        services.directory,
        services.broker.consumer(),
        services.clock,
        joining=pusher.joining,
        kept=pusher.tell,
        stirred=partial(_wake_stirred, zendesk_pusher, readers, desk),
        patience=parts.patience,
        traces=services.traces,
    )
    pusher.is_backlogged = worker.is_backlogged
    second_tries = SecondTries(services.ledger, services.directory, services.clock, parts.patience)
    heartbeat = Heartbeat.of(services.ledger, CONSUMER, worker.pulse)
    return Consuming(worker, pusher, zendesk_pusher, readers, desk, second_tries, heartbeat)


def run(running: Consuming, stop: threading.Event) -> None:
    """Work until `stop`; then finish the calls under way.

    A thread that ends with an error ends the process: whoever supervises it starts a new one, and nothing
    that was under way is lost.
    """
    failed: list[BaseException] = []
    works: dict[str, Callable[[threading.Event], None]] = {
        "worker": running.worker.run,
        "pusher": running.pusher.run,
        "pusher to Zendesk": running.zendesk_pusher.run,
        "desk": running.desk.run,
        "second tries": partial(_repeat, running.second_tries),
        "heartbeat": running.heartbeat.run,
    }
    works |= {f"reader of {' and '.join(one.source.kinds)}": one.run for one in running.readers}
    threads = [begin(name, partial(work, stop), stop, failed) for name, work in works.items()]
    stop.wait()
    running.pusher.wake.set()
    running.zendesk_pusher.wake.set()
    running.desk.wake.set()
    for reader in running.readers:
        reader.wake.set()
    for thread in threads:
        thread.join()
    running.pusher.finish()  # the worker, too, begins calls: its last ones after the pusher's own end
    running.pusher.pool.shutdown()
    running.zendesk_pusher.pool.shutdown()
    for reader in running.readers:
        reader.pool.shutdown()
    if failed:
        raise failed[0]


def _repeat(second_tries: SecondTries, stop: threading.Event) -> None:
    while not stop.wait(SECOND_TRIES_EVERY_S):
        try:
            second_tries.step()
        except Unavailable:
            continue


def _wake_stirred(
    zendesk_pusher: ZendeskPusher, readers: Sequence[Reader], desk: Desk, stirred: Stirred
) -> None:
    """Wake whoever has work now, and nobody else: each looks into the ledger when it wakes."""
    if stirred.owes_zendesk:
        zendesk_pusher.wake.set()
    for reader in readers:
        if not stirred.kinds.isdisjoint(reader.source.kinds):
            reader.wake.set()
    if stirred.is_from_agent:
        desk.wake.set()


def _all(*wakes: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        for wake in wakes:
            wake()

    return call
