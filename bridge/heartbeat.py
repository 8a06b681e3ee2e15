"""Says in the ledger, every few seconds, that this process lives and how far its work has come."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.clock import to_micros
from bridge.errors import Unavailable
from bridge.holder import new_holder
from bridge.ledger import processes
from bridge.ledger.ledger import Ledger
from bridge.ledger.processes import Sign

BEAT_S = 10.0
GONE_S = 35.0  # three signs missed


@dataclass
class Pulse:
    """What the heartbeat tells of a process's work. Written by whoever works, read by the heartbeat."""

    worked_at: datetime | None = None
    is_connected: bool = False

    def comes_round(self, now: datetime) -> None:
        """The work came round once more: what was there was taken and kept, be it nothing."""
        self.worked_at, self.is_connected = now, True

    def lacks(self, part: str) -> None:
        """It could not: `broker` or `ledger` is away."""
        if part == "broker":
            self.is_connected = False


@dataclass
class Heartbeat:
    """One process's; `run` belongs to a thread of its own, so that it also beats for work that hangs."""

    ledger: Ledger
    sign: Sign
    pulse: Pulse

    @classmethod
    def of(cls, ledger: Ledger, part: str, pulse: Pulse | None = None) -> Heartbeat:
        """Of this process, which is one of `bridge.ledger.processes.PARTS`."""
        return cls(ledger, Sign(new_holder(), part, 0, 0), pulse or Pulse())

    def run(self, stop: threading.Event) -> None:
        """Beat until told to stop, then say that it ended in order."""
        while not stop.is_set():
            self.beat()
            stop.wait(BEAT_S)
        self._end()

    def start(self, stop: threading.Event) -> threading.Thread:
        """Run in a thread that keeps no process from ending."""
        thread = threading.Thread(target=self.run, args=(stop,), name="heartbeat", daemon=True)
        thread.start()
        return thread

    def beat(self) -> None:
        """Once. While the ledger is away nobody hears it, and nothing is lost by that."""
        worked_at = self.pulse.worked_at
        micros = None if worked_at is None else to_micros(worked_at)
        sign = replace(self.sign, worked_at=micros, is_connected=self.pulse.is_connected)
        try:
            with self.ledger.writing() as connection:
                self.sign = processes.beat(connection, self.ledger, sign)
        except Unavailable:
            return

    def _end(self) -> None:
        try:
            with self.ledger.writing() as connection:
                processes.end(connection, self.sign.holder)
        except Unavailable:
            return
