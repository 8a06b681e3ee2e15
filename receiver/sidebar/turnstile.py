"""A bounded share of this process's requests may wait for a remote; the hooks find the others free."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turnstile:
    """Lets so many pass at once, and nobody wait. Thread-safe."""

    def __init__(self, at_once: int) -> None:
        self._free = threading.BoundedSemaphore(at_once)

    @contextmanager
    def passing(self) -> Iterator[bool]:
        """Whether the caller may call a remote now; its place is taken until the block ends."""
        may_pass = self._free.acquire(blocking=False)
        try:
            yield may_pass
        finally:
            if may_pass:
                self._free.release()
