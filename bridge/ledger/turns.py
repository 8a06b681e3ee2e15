"""Lets the threads of a process write one after the other, in the order in which they came.

SQLite has one writer, and whoever finds it busy there sleeps and looks again: up to a tenth of a second after
the other has finished, and without regard to who came first. Here the next one is woken at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from bridge.errors import Unavailable


class Turns:
    """A fair lock. Not for a thread that holds it already."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._is_taken = False

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Have the turn; raises `Unavailable("ledger")` when it does not come within the time."""
        mine = self._queue_up()
        if mine is not None and not mine.acquire(timeout=self._within_s) and self._has_given_up(mine):
            raise Unavailable("ledger", f"another thread has been writing for {self._within_s:.0f} s")
        try:
            yield
        finally:
            self._pass_on()

    def _queue_up(self) -> Lock | None:
        """The lock to wait at; None when nobody else is there."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return None
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
            return mine

    def _has_given_up(self, mine: Lock) -> bool:
        """Leave the queue; False when the turn came in this very moment."""
        with self._guard:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
