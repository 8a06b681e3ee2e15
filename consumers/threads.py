"""Threads of one process that stand and fall together."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


def begin(
    name: str, work: Callable[[], None], stop: threading.Event, failed: list[BaseException]
) -> threading.Thread:
    """Start `work`. Should it end with an error, that is put into `failed`, and `stop` is set for all."""

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            log.exception("A part of the process ended; all of it ends.", action="part_failed", part=name)
            failed.append(error)
            stop.set()

    thread = threading.Thread(target=guarded, name=name)
    thread.start()
    return thread
