"""Wires one consumer process: the worker, the pusher and the reader, each on its own thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from bridge.errors import Unavailable
from bridge.services import Services
from consumers.parts import Parts
from consumers.pusher import Pusher
from consumers.quota import RateNotes
from consumers.reader import Reader
from consumers.worker import SecondTries, Worker

log = structlog.get_logger(__name__)

READS_AT_ONCE = 4
SECOND_TRIES_EVERY_S = 1.0


@dataclass(frozen=True)
class Consuming:
    """The parts of one consumer process."""

    worker: Worker
    pusher: Pusher
    reader: Reader
    second_tries: SecondTries


def consuming(services: Services) -> Consuming:
    """Wire them. Connects to nothing yet."""
    settings = services.settings
    parts = Parts(
        services.ledger, services.directory, services.remotes, RateNotes(services.rates), services.clock
    )
    pusher = Pusher(
        parts,
        ThreadPoolExecutor(settings.pushes_at_once, thread_name_prefix="push"),
        settings.pushes_at_once,
    )
    reader = Reader(parts, ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="read"), kept=pusher.wake.set)
    worker = Worker(
        services.ledger,
        services.directory,
        services.broker.consumer(),
        services.clock,
        kept=_both(pusher.wake.set, reader.wake.set),
    )
    pusher.is_backlogged = worker.is_backlogged
    return Consuming(worker, pusher, reader, SecondTries(services.ledger, services.directory, services.clock))


def run(running: Consuming, stop: threading.Event) -> None:
    """Work until `stop`; then finish the calls under way.

    A thread that ends with an error ends the process: whoever supervises it starts a new one, and nothing
    that was under way is lost.
    """
    failed: list[BaseException] = []
    threads = [
        _thread(name, work, stop, failed)
        for name, work in (
            ("worker", lambda: running.worker.run(stop)),
            ("pusher", lambda: running.pusher.run(stop)),
            ("reader", lambda: running.reader.run(stop)),
            ("second tries", lambda: _repeat(running.second_tries, stop)),
        )
    ]
    stop.wait()
    running.pusher.wake.set()
    running.reader.wake.set()
    for thread in threads:
        thread.join()
    running.pusher.pool.shutdown()
    running.reader.pool.shutdown()
    if failed:
        raise failed[0]


def _thread(
    name: str, work: Callable[[], None], stop: threading.Event, failed: list[BaseException]
) -> threading.Thread:
    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            log.exception(
                "A part of the consumer ended; the process ends too.", action="consumer_failed", part=name
            )
            failed.append(error)
            stop.set()

    thread = threading.Thread(target=guarded, name=name)
    thread.start()
    return thread


def _repeat(second_tries: SecondTries, stop: threading.Event) -> None:
    while not stop.wait(SECOND_TRIES_EVERY_S):
        try:
            second_tries.step()
        except Unavailable:
            continue


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        first()
        second()

    return call
