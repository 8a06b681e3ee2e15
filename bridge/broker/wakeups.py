"""How the embedded broker's consumer learns of news without reading the queues for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol, cast

from sqlalchemy import Connection, Engine, text

if TYPE_CHECKING:
    import psycopg  # loaded by whoever opened the engine; SQLite can do without its nine megabytes

CHANNEL = "bridge_messages"
BRISK_S = 0.002  # while messages come
CALM_S = 0.01  # after a second without any
LONGEST_S = 0.25  # leases end and processes die without a sign


class Wakeups(Protocol):
    """Waits for news of other processes; used by one thread."""

    def wait(self, timeout_s: float) -> None:
        """Return at the first news, real or not, or when time is up."""

    def close(self) -> None:
        """Let go of the connection."""


def open_wakeups(engine: Engine) -> Wakeups:
    """The cheapest way that this database has. Raises what the driver raises."""
    return SqliteWakeups(engine) if engine.dialect.name == "sqlite" else PostgresWakeups(engine)


def announce(connection: Connection) -> None:
    """Tell waiting consumers, when the transaction commits. SQLite's see the commit itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"NOTIFY {CHANNEL}"))


class SqliteWakeups:
    """Looks whether anybody has committed since: a few microseconds that read no table."""

    def __init__(self, engine: Engine) -> None:
        self._pooled = engine.raw_connection()
        self._cursor: Any = self._pooled.cursor()
        self._version = self._current()
        self._changed_at = time.monotonic()

    def wait(self, timeout_s: float) -> None:
        deadline = time.monotonic() + min(timeout_s, LONGEST_S)
        while (version := self._current()) == self._version:
            now = time.monotonic()
            if now >= deadline:
                return
            pause_s = BRISK_S if now - self._changed_at < 1 else CALM_S
            time.sleep(min(pause_s, deadline - now))
        self._version, self._changed_at = version, time.monotonic()

    def close(self) -> None:
        self._pooled.close()

    def _current(self) -> int:
        return int(self._cursor.execute("PRAGMA data_version").fetchone()[0])


class PostgresWakeups:
    """Listens on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        pooled = engine.raw_connection()
        driver = cast("psycopg.Connection", pooled.driver_connection)
        pooled.detach()  # it never goes back: its next user would be listening too
        self._connection = driver
        self._connection.autocommit = True
        self._connection.execute(f"LISTEN {CHANNEL}")

    def wait(self, timeout_s: float) -> None:
        for _notice in self._connection.notifies(timeout=min(timeout_s, LONGEST_S), stop_after=1):
            return

    def close(self) -> None:
        self._connection.close()
