"""The ledger's database as the embedded broker uses it: two kinds of transaction, one error."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from bridge.errors import Unavailable
from bridge.ledger.engine import open_engine
from bridge.ledger.ledger import Ledger, database_now


class EmbeddedStore:
    """Thread-safe. `durable` survives a power cut; `brief` a killed process, without waiting for the disk."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @contextmanager
    def durable(self) -> Iterator[Connection]:
        """A transaction to publish in. Raises `Unavailable("broker")`."""
        with self.named_broker(), self._ledger.writing() as connection:
            yield connection

    @contextmanager
    def brief(self) -> Iterator[Connection]:
        """A transaction to claim and settle in. Raises `Unavailable("broker")`."""
        with self.named_broker(), self._brief_ledger.writing() as connection:
            if not self._ledger.is_sqlite:
                connection.execute(text("SET LOCAL synchronous_commit TO OFF"))
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises `Unavailable("broker")`."""
        with self.named_broker(), self._brief_ledger.reading() as connection:
            yield connection

    @contextmanager
    def named_broker(self) -> Iterator[None]:
        """Say of whatever keeps the database away that the broker is."""
        try:
            yield
        except Unavailable as away:
            raise Unavailable("broker", away.detail) from away
        except (OperationalError, self._driver.OperationalError) as error:
            raise Unavailable("broker", str(error).splitlines()[0]) from error

    def now(self, connection: Connection) -> datetime:
        """The moment by the clock that all processes share."""
        return database_now(connection, self._ledger.clock)

    @property
    def _driver(self) -> Any:
        """The module of the database's driver: PostgreSQL's is nine megabytes that SQLite can do without."""
        return self._ledger.engine.dialect.loaded_dbapi

    @property
    def engine(self) -> Engine:
        """What wake-ups connect through."""
        return self._brief_ledger.engine

    def close(self) -> None:
        """Close the connections that are only this store's."""
        if self._ledger.is_sqlite and "_brief_ledger" in self.__dict__:
            self._brief_ledger.engine.dispose()

    @cached_property
    def _brief_ledger(self) -> Ledger:
        if not self._ledger.is_sqlite:
            return self._ledger
        engine = open_engine(self._ledger.engine.url.render_as_string(hide_password=False))
        event.listen(engine, "connect", _do_not_wait_for_the_disk)
        return Ledger(engine, self._ledger.clock)


def _do_not_wait_for_the_disk(connection: sqlite3.Connection, _record: Any) -> None:
    # SQLite takes this for whole connections only, hence an engine of its own.
    connection.execute("PRAGMA synchronous=NORMAL")
