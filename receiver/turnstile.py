"""A bounded share of this process's requests may do what takes long; the hooks find the others free."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turnstile:
    """Lets so many pass at once. Thread-safe."""

    def __init__(self, at_once: int) -> None:
        self._free = threading.BoundedSemaphore(at_once)

    @contextmanager
    def passing(self) -> Iterator[bool]:
        """Whether the caller may go on now; its place is taken until the block ends."""
        with self.waiting(0) as may_pass:
            yield may_pass

    @contextmanager
    def waiting(self, within_s: float) -> Iterator[bool]:
        """The same, for a caller who waits up to so many seconds for a place."""
        may_pass = self._free.acquire(timeout=within_s)
        try:
            yield may_pass
        finally:
            if may_pass:
                self._free.release()
