"""Opens the ledger's database: SQLite on one machine, PostgreSQL for several."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.pool import QueuePool

from bridge.ledger.prepared import Prepared

BUSY_TIMEOUT_MS = 10_000
CACHE_KIB = 512


def open_engine(database_url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql://…` (`postgres://…` as hosting platforms write it)."""
    url = make_url(_spelled(database_url))
    if url.get_backend_name() == "sqlite":
        return _sqlite(str(url), url.database)
    return create_engine(
        url, pool_pre_ping=True, pool_size=10, max_overflow=20, isolation_level="READ COMMITTED"
    )


def _spelled(database_url: str) -> str:
    for prefix in ("postgres://", "postgresql://"):
        if database_url.startswith(prefix):
            return "postgresql+psycopg://" + database_url.removeprefix(prefix)
    return database_url


def _sqlite(url: str, database: str | None) -> Engine:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=10, max_overflow=20, connect_args={"check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transactions begin deferred and turn into writers half-way, which fails under load
    # instead of waiting; so it is told to leave them to `_begin`.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # what was answered 2xx survives a power cut
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")  # of each connection; the system caches the file too
    cursor.close()


def _begin(connection: Any) -> None:
    """Readers begin deferred; writers say so through the execution option `writes`."""
    writes = connection.get_execution_options().get("writes", True)
    (_WRITING if writes else _READING).run(connection, {})


_WRITING, _READING = Prepared(text("BEGIN IMMEDIATE")), Prepared(text("BEGIN"))
