"""One run of `bridge setup` at a time for an installation: two at once would make everything twice."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from bridge.errors import BadSettings
from bridge.ledger import passes
from bridge.ledger.installations import Installation
from bridge.services import Services

# Longer than any step; a run that was killed on another machine keeps the next one waiting for as long.
HELD = timedelta(minutes=2)


@contextmanager
def alone(services: Services, one: Installation) -> Iterator[Callable[[], None]]:
    """Hold the installation for this run; what is yielded, called before each step, holds it longer.

    Raises `BadSettings` while another run holds it.
    """
    holder = passes.new_holder()

    def hold(until: timedelta) -> None:
        now = services.ledger.now()
        name = f"setup/{one.id}"
        with services.ledger.writing() as connection:
            known = passes.holder_of(connection, name)
            as_if = now + HELD if known is not None and is_dead(known) else now
            is_ours = passes.hold(connection, name, holder, until=now + until, now=as_if)
        if not is_ours:
            raise BadSettings(
                [f"another setup of {one.name} runs, or was killed less than two minutes ago: try again then"]
            )

    hold(HELD)
    try:
        yield lambda: hold(HELD)
    finally:
        hold(timedelta(0))


def is_dead(holder: str) -> bool:
    """Whether a holder was a process of this machine that is gone."""
    host, process, _ = holder.split("/") if holder.count("/") == 2 else ("", "", "")
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@contextmanager
def unhindered() -> Iterator[Callable[[], None]]:
    """In the place of `alone` for a run that changes nothing."""
    yield lambda: None
