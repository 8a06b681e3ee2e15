"""Group commit between the threads of a process: whoever comes first commits for all who wait.

A durable commit costs a flush of the disk however many rows it carries, so threads that come while one is
under way share the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from bridge.errors import Unavailable
from bridge.greenlets import let_others_come

Item = TypeVar("Item")
MOST_AT_ONCE = 256


class _Waiting(Generic[Item]):
    """One thread's item, and the lock it sleeps on until it is settled or told to lead."""

    __slots__ = ("error", "is_settled", "item", "turn")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.turn = Lock()
        self.turn.acquire()
        self.is_settled = False
        self.error: Exception | None = None


class GroupCommit(Generic[Item]):
    """Hands what several threads add to `commit` in one batch; each learns its own outcome."""

    def __init__(self, commit: Callable[[Sequence[Item]], None]) -> None:
        self._commit = commit
        self._lock = Lock()
        self._queue: deque[_Waiting[Item]] = deque()
        self._is_led = False

    def add(self, item: Item) -> None:
        """Return when the item is committed; raise what its commit raised."""
        mine = _Waiting(item)
        if not self._enters_as_leader(mine):
            mine.turn.acquire()
        if not mine.is_settled:
            self._lead()
        if mine.error is not None:
            raise mine.error

    def _enters_as_leader(self, mine: _Waiting[Item]) -> bool:
        with self._lock:
            self._queue.append(mine)
            leads, self._is_led = not self._is_led, True
            return leads

    def _lead(self) -> None:
        """Commit one batch, which the leader's own item is in, and pass the lead to the first who waits."""
        let_others_come()
        with self._lock:
            batch = [self._queue.popleft() for _ in range(min(MOST_AT_ONCE, len(self._queue)))]
        try:
            self._settle(batch)
        finally:
            with self._lock:
                following = self._queue[0] if self._queue else None
                self._is_led = following is not None
            for each in batch:
                each.is_settled = True
                each.turn.release()
            if following is not None:
                following.turn.release()

    def _settle(self, batch: Sequence[_Waiting[Item]]) -> None:
        error = self._outcome(batch)
        if error is None:
            return
        if isinstance(error, Unavailable) or len(batch) == 1:
            for each in batch:
                each.error = error
            return
        # Somebody's item cannot be stored; the others must not suffer for it.
        for each in batch:
            each.error = self._outcome([each])

    def _outcome(self, batch: Sequence[_Waiting[Item]]) -> Exception | None:
        try:
            self._commit([each.item for each in batch])
        except Exception as error:  # noqa: BLE001 - it is raised in the thread that it belongs to
            return error
        return None
