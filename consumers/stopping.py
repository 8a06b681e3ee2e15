"""How a process is told to stop: SIGTERM or SIGINT; the calls under way are finished."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the second signal has its usual, sudden effect."""
    stop, _before = _listen()
    return stop


@contextmanager
def told_by_signals() -> Iterator[threading.Event]:
    """The same event, for a command: afterwards the signals mean what they meant before."""
    stop, before = _listen()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen() -> tuple[threading.Event, dict[int, Any]]:
    stop = threading.Event()

    def told(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    return stop, {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
