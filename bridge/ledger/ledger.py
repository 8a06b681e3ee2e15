"""The ledger as everyone holds it: one database, its clock and its transactions.

The statements live beside this file, one module a subject, as functions over a connection; whoever needs
several of them to happen together calls them inside one `writing()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bridge.clock import Clock, from_micros, to_micros
from bridge.errors import Unavailable
from bridge.ledger.engine import BUSY_TIMEOUT_MS
from bridge.ledger.turns import Turns


class Ledger:
    """One database. Thread-safe; a connection is not."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self._readers = engine.execution_options(writes=False)
        self._turns = Turns(engine.url.database or "", BUSY_TIMEOUT_MS / 1000) if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; commits at the end. Raises `Unavailable("ledger")`."""
        turn = self._turns.mine() if self._turns else nullcontext()
        with turn, _translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises `Unavailable("ledger")`."""
        with _translated(), self._readers.begin() as connection:
            yield connection

    def now(self) -> datetime:
        """The moment by the process's clock."""
        return self.clock.now()

    def micros(self) -> int:
        """`now`, as the tables hold it."""
        return to_micros(self.clock.now())


def database_now(connection: Connection, clock: Clock) -> datetime:
    """The moment by the database's own clock: leases of several machines are compared by it alone.

    SQLite lives on one machine and has no clock but that machine's, so there the process's clock is the same.
    """
    if connection.dialect.name == "sqlite":
        return clock.now()
    micros = connection.scalar(select(func.floor(func.extract("epoch", func.clock_timestamp()) * 1_000_000)))
    return from_micros(int(micros or 0))


def answers(ledger: Ledger) -> bool:
    """Whether the ledger answers at all."""
    try:
        with ledger.reading() as connection:
            connection.execute(text("SELECT 1"))
    except Unavailable:
        return False
    return True


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable("ledger", _first_line(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("ledger", _first_line(error)) from error
        raise


def _first_line(error: Exception) -> str:
    # The statement and its parameters, which may hold personal data, come in the lines after the first.
    return str(getattr(error, "orig", None) or error).splitlines()[0]
