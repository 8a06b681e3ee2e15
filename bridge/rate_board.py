"""What replies last said of each quota, until somebody writes it into the ledger."""

from __future__ import annotations

import threading

from bridge.remotes.rates import RateReading


class RateBoard:
    """Keeps the newest reading of each bucket. Thread-safe, and quick: it is told within a remote call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: dict[tuple[int, str], RateReading] = {}

    def put(self, installation_id: int, reading: RateReading) -> None:
        """Note a reading."""
        with self._lock:
            self._newest[installation_id, reading.bucket] = reading

    def take(self) -> dict[tuple[int, str], RateReading]:
        """All that is new since the last time: (installation id, bucket) -> reading."""
        with self._lock:
            taken, self._newest = self._newest, {}
            return taken
