"""One run of `bridge setup` at a time for an installation: two at once would make everything twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from bridge.errors import BadSettings
from bridge.holder import new_holder
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
    holder = new_holder()

    def hold(until: timedelta) -> None:
        now = services.ledger.now()
        name = f"setup/{one.id}"
        with services.ledger.writing() as connection:
            passes.let_go_of_dead(connection, name)
            is_ours = passes.hold(connection, name, holder, until=now + until, now=now)
        if not is_ours:
            raise BadSettings(
                [f"another setup of {one.name} runs, or was killed less than two minutes ago: try again then"]
            )

    hold(HELD)
    try:
        yield lambda: hold(HELD)
    finally:
        hold(timedelta(0))


@contextmanager
def unhindered() -> Iterator[Callable[[], None]]:
    """In the place of `alone` for a run that changes nothing."""
    yield lambda: None
