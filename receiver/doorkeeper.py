"""Asks the ledger before anybody is told no, and keeps strangers from making it ask all the time."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from bridge.clock import Clock
from bridge.errors import Unavailable
from bridge.ledger.installations import Installation
from receiver.parts import Directory

PAUSE_S = 1.0
STRANGERS = ""


@dataclass(frozen=True)
class _Asked:
    at: float
    away: Unavailable | None


class Doorkeeper:
    """One process's way to the installations. Thread-safe.

    The ledger is asked at most once in `pause_s` seconds for each installation, and once for all the names
    that belong to none: asking for one name reads them all.
    """

    def __init__(self, directory: Directory, clock: Clock, pause_s: float = PAUSE_S) -> None:
        self._directory = directory
        self._clock = clock
        self._pause_s = pause_s
        self._asking = threading.Lock()
        self._asked: dict[str, _Asked] = {}

    def known(self, name: str) -> Installation | None:
        """The installation as it was known a moment ago. Raises `Unavailable` when none was ever read."""
        return self._directory.get(name)

    def asked(self, name: str) -> Installation | None:
        """The installation as it is now. Raises `Unavailable` for a new name while the ledger is away."""
        with self._asking:
            key = name if self._directory.get(name) else STRANGERS
            last = self._asked.get(key)
            if last is None or self._clock.monotonic() - last.at >= self._pause_s:
                return self._ask(name, key)
            if last.away is not None:
                raise last.away
            return self._directory.get(name)

    def _ask(self, name: str, key: str) -> Installation | None:
        away: Unavailable | None = None
        try:
            return self._directory.ask_now(name)
        except Unavailable as error:
            away = error
            raise
        finally:
            self._asked[key] = _Asked(self._clock.monotonic(), away)
