"""Requests allowed per wall-clock minute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one request met: is it within the limit, and what is left until the minute ends."""

    granted: bool
    limit: int
    remaining: int
    resets_in_s: int
    reset_epoch: int


class Quota:
    """Counts requests per name and minute. `limits[name]` may be changed at any time; None: no limit.

    `refused` counts the 429 answers given; `lift()` takes every limit away.
    """

    def __init__(self, now: Callable[[], datetime], limits: dict[str, int | None]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._used: dict[str, tuple[int, int]] = {}
        self.limits = dict(limits)
        self.refused = 0

    def lift(self) -> None:
        """No limits any more."""
        self.limits = dict.fromkeys(self.limits, None)

    def take(self, name: str, counter: str | None = None) -> Allowance | None:
        """Counts one request; None when there is no limit of this name. Each counter has its own count."""
        limit = self.limits.get(name)
        if limit is None:
            return None
        epoch = int(self._now().timestamp())
        minute = epoch // 60
        with self._lock:
            since, used = self._used.get(counter or name, (minute, 0))
            used = (used if since == minute else 0) + 1
            self._used[counter or name] = (minute, min(used, limit + 1))
            granted = used <= limit
            self.refused += not granted
        reset = (minute + 1) * 60
        return Allowance(granted, limit, max(0, limit - used), reset - epoch, reset)
