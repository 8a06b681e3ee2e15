"""`python -m consumers`: one consumer process. SIGTERM finishes the calls under way; a second one ends at once."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType

import structlog

from bridge import logs, metrics
from bridge.errors import BadSettings, Unavailable
from bridge.services import build, require_ready
from bridge.settings import load_settings, without_secrets
from consumers.running import consuming, run

log = structlog.get_logger(__name__)

START_PAUSE_S = 2.0


def main() -> int:
    """Run until told to stop; 1 when the settings do not let it start."""
    try:
        settings = load_settings()
        logs.configure(settings.log_level)
        metrics.start(settings.metrics_dir)
        services = build(settings)
        stop = stop_on_signals()
        while not stop.is_set():
            try:
                require_ready(services)
                break
            except Unavailable as error:
                log.warning("Waiting until it answers.", action="consumer_waits", part=error.part)
                stop.wait(START_PAUSE_S)
    except BadSettings as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)  # noqa: T201 - for whoever starts it by hand
        return 1
    log.info("The consumer works.", action="consumer_started", settings=without_secrets(settings))
    run(consuming(services), stop)
    services.close()
    log.info("The consumer has ended.", action="consumer_ended")
    return 0


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the second signal has its usual, sudden effect."""
    stop = threading.Event()

    def told(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    return stop


if __name__ == "__main__":
    sys.exit(main())
