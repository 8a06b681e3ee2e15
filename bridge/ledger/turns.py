"""Lets those who write to SQLite do so one after the other, in the order in which they came.

SQLite has one writer, and whoever finds it busy there sleeps and looks again: up to a tenth of a second after
the other has finished, and without regard to who came first. Here the next one is woken at once: among the
threads of a process by a queue, among the processes of a machine by two locks on files beside the database.
One is the turn. The other is the place of whoever comes next: a process with one write after the other would
else take its turn again before the one that waits has woken up.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from bridge.errors import Unavailable
from bridge.greenlets import aside


class Turns:
    """A fair lock over the database at `database`. Not for a thread that holds it already.

    A process that dies loses its turn with it. SQLite's own locks protect the data, whatever becomes of this.
    """

    def __init__(self, database: str, within_s: float) -> None:
        self._paths = (Path(f"{database}.next"), Path(f"{database}.turn"))
        self._within_s = within_s
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._is_taken = False
        self._files: tuple[int, int] | None = None
        self._process = 0

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Have the turn; raises `Unavailable("ledger")` when it does not come within the time."""
        mine = self._queue_up()
        if mine is not None and not mine.acquire(timeout=self._within_s) and self._has_given_up(mine):
            raise Unavailable("ledger", f"another thread has been writing for {self._within_s:.0f} s")
        try:
            with self._held_by_process():
                yield
        finally:
            self._pass_on()

    @contextmanager
    def _held_by_process(self) -> Iterator[None]:
        try:
            place, turn = self._opened()
            with _locked(place):
                _lock(turn)
        except OSError as error:
            raise Unavailable("ledger", f"{self._paths[1]}: {error.strerror}") from error
        try:
            yield
        finally:
            fcntl.flock(turn, fcntl.LOCK_UN)

    def _opened(self) -> tuple[int, int]:
        """The files; a forked process needs its own, or it would share its parent's turn."""
        if self._files is None or self._process != os.getpid():
            place, turn = (
                os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) for path in self._paths
            )
            self._files = (place, turn)
            self._process = os.getpid()
            weakref.finalize(self, os.close, place)
            weakref.finalize(self, os.close, turn)
        return self._files

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


@contextmanager
def _locked(file: int) -> Iterator[None]:
    _lock(file)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _lock(file: int) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        aside(lambda: fcntl.flock(file, fcntl.LOCK_EX))
