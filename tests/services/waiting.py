"""Waiting for a condition that can be looked at, never for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable

_POLL_S = 0.03


def wait_until(is_true: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Return once ``is_true()`` holds; raise ``TimeoutError`` naming ``what`` after ``within_s`` seconds."""
    ends = time.monotonic() + within_s
    while not is_true():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {within_s:g} s")
        time.sleep(_POLL_S)
