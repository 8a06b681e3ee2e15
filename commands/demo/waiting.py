"""Waiting for something that will be so, with an end."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import TypeVar

import click

from bridge.clock import SystemClock

LOOK_EVERY_S = 0.01

Found = TypeVar("Found")


class StageFailed(click.ClickException):
    """The demo cannot go on; the text says why, and ends with the log of the process that is to blame."""


class Stopped(Exception):
    """Somebody pressed Ctrl-C, or sent SIGTERM."""


def wait_for(
    look: Callable[[], Found | None], *, within_s: float, what: str, watch: Callable[[], None]
) -> Found:
    """What `look` finds, as soon as it finds something.

    `watch` is called each time and raises when waiting has become pointless. Raises `StageFailed` when the
    time is up.
    """
    clock = SystemClock()
    end = clock.monotonic() + within_s
    while True:
        watch()
        found = look()
        if found is not None:
            return found
        if clock.monotonic() > end:
            raise StageFailed(f"{what}: not within {within_s:g} s")
        sleep(LOOK_EVERY_S)
