"""Several threads that begin together, as the processes of one bridge do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from sqlalchemy import text

from bridge.ledger.ledger import Ledger
from tests.services.waiting import wait_until

Result = TypeVar("Result")


def together(*works: Callable[[], Result]) -> list[Result]:
    """What each of the works returned; all begin at the same moment."""
    barrier = Barrier(len(works))

    def begin(work: Callable[[], Result]) -> Result:
        barrier.wait(10)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(30) for future in [pool.submit(begin, work) for work in works]]


def wait_until_blocked(ledger: Ledger, *, sessions: int = 1) -> None:
    """Return once so many PostgreSQL sessions wait for a lock of another one."""

    def is_blocked() -> bool:
        with ledger.reading() as connection:
            query = text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return (connection.scalar(query) or 0) >= sessions

    wait_until(is_blocked, within_s=10, what="the other writer waits")
