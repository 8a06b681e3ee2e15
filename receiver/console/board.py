"""What many watch at the same time is made once: each topic's newest fragment, kept for a moment."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.clock import Clock
from bridge.errors import Unavailable

Make = Callable[[], str]
NOT_MADE = Unavailable("ledger", "nothing was read yet")


@dataclass(frozen=True)
class Fragment:
    """A part of a page (HTML) and what tells it from the one before."""

    html: str
    digest: str


@dataclass
class Topic:
    """Made anew every `every_s` seconds, and only while somebody looks. Thread-safe."""

    make: Make
    every_s: float
    clock: Clock
    _making: threading.Lock = field(default_factory=threading.Lock)
    _newest: Fragment | Unavailable = NOT_MADE
    _tried_at: float = float("-inf")

    def newest(self) -> Fragment:
        """The fragment as it was at most `every_s` seconds ago.

        Raises `Unavailable`. One caller makes it, and whoever comes meanwhile waits for the same; what could
        not be made is not tried again before `every_s` seconds either.
        """
        with self._making:
            if self.clock.monotonic() - self._tried_at >= self.every_s:
                self._tried_at = self.clock.monotonic()
                self._newest = self._made()
            if isinstance(self._newest, Unavailable):
                raise self._newest
            return self._newest

    def _made(self) -> Fragment | Unavailable:
        try:
            html = self.make()
        except Unavailable as error:
            return error
        return Fragment(html, hashlib.sha256(html.encode()).hexdigest()[:16])


@dataclass
class Board:
    """All topics, by name."""

    clock: Clock
    _topics: dict[str, Topic] = field(default_factory=dict)

    def add(self, name: str, make: Make, *, every_s: float) -> None:
        """Offer a topic; `make` must be the same for everybody, whatever their role."""
        self._topics[name] = Topic(make, every_s, self.clock)

    def newest(self, name: str) -> Fragment:
        """The newest of a topic. KeyError: no such topic. Raises `Unavailable`."""
        return self._topics[name].newest()

    def newest_or_none(self, name: str) -> Fragment | None:
        """The same; None while it cannot be had, for those who will ask again."""
        try:
            return self.newest(name)
        except Unavailable:
            return None

    def known(self, names: list[str]) -> list[str]:
        """Those of `names` that are topics."""
        return [name for name in names if name in self._topics]
