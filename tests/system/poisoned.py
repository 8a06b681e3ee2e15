"""A consumer or a clock that one message kills: `python poisoned.py consumer|clock`, like a fault in C.

The one script of these tests that stands inside the product: the poison must work in the process itself.
Everything else is wired as the product wires it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import fields, replace

import structlog

from bridge import logs, metrics
from bridge.broker.contract import Message
from bridge.holder import new_holder
from bridge.services import Services, build, require_ready
from bridge.settings import load_settings
from consumers.clock import timepiece
from consumers.keeping import Stirred
from consumers.last_tries import LastTries
from consumers.running import consuming, run
from consumers.worker import Worker
from schemas.event import Event, from_bytes

POISON = b"arsenic"


class PoisonedWorker(Worker):
    """Dies of it as soon as it works on it, and says before what it had in hand."""

    def _keep(self, messages: Sequence[Message]) -> Stirred:
        for message in messages:
            structlog.get_logger().info("Taken.", action="taken", event_id=from_bytes(message.body).id)
        _die_of(messages)
        return super()._keep(messages)


class PoisonedTries(LastTries):
    """Dies after it has written what it is about to try."""

    def _write_intent(self, installation_id: int, message: Message, event: Event) -> bool:
        may_try = super()._write_intent(installation_id, message, event)
        if may_try:
            _die_of([message])
        return may_try


def _die_of(messages: Sequence[Message]) -> None:
    if any(POISON in message.body for message in messages):
        os.kill(os.getpid(), signal.SIGKILL)


def run_consumer(services: Services, stop: threading.Event) -> None:
    made = consuming(services)
    worker = PoisonedWorker(**{one.name: getattr(made.worker, one.name) for one in fields(made.worker)})
    made.pusher.is_backlogged = worker.is_backlogged
    structlog.get_logger().info("Works.", action="consumer_started")
    run(replace(made, worker=worker), stop)


def run_clock(services: Services, stop: threading.Event) -> None:
    tries = PoisonedTries(services.ledger, services.directory, services.broker, services.clock)
    clock = timepiece(services, services.broker.publisher(), new_holder())
    clock.passes[:] = [
        replace(one, do=tries.step, every_s=0.5) if one.name == "last_tries" else one for one in clock.passes
    ]
    structlog.get_logger().info("Works.", action="clock_started")
    clock.run(stop)


def main() -> None:
    settings = load_settings()
    logs.configure(settings.log_level)
    metrics.start(settings.metrics_dir)
    services = build(settings)
    require_ready(services)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    {"consumer": run_consumer, "clock": run_clock}[sys.argv[1]](services, stop)


if __name__ == "__main__":
    main()
