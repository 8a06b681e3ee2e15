"""The ledger for those who only look: nobody looks for long, and nobody else waits meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from bridge.errors import Unavailable
from bridge.greenlets import let_others_come
from bridge.ledger.ledger import Ledger

# SQLite counts small steps, of which it makes some ten million a second: asked about every millisecond.
STEPS_BETWEEN_LOOKS = 10_000


class TookTooLong(Unavailable):
    """A look that was stopped because it took longer than `within_s` seconds."""

    def __init__(self, within_s: float) -> None:
        super().__init__("ledger", f"the answer took longer than {within_s:g} s; ask for less")
        self.within_s = within_s


class HastyLedger(Ledger):
    """The same database, in which each reading ends within `within_s` seconds. Writing is as ever.

    SQLite works inside this process: where one thread serves all requests, it lets the others come every
    millisecond or so.
    """

    def __init__(self, ledger: Ledger, within_s: float = 2.0) -> None:
        self.engine, self.clock = ledger.engine, ledger.clock
        self._ledger = ledger
        self.within_s = within_s

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises `TookTooLong`, or `Unavailable("ledger")`."""
        limited = self._watched if self.is_sqlite else self._limited
        with self._ledger.reading() as connection, limited(connection):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write, as in the ledger itself. Raises `Unavailable("ledger")`."""
        with self._ledger.writing() as connection:
            yield connection

    @contextmanager
    def _limited(self, connection: Connection) -> Iterator[None]:
        connection.execute(text(f"SET LOCAL statement_timeout = {int(self.within_s * 1000)}"))
        with self._told(lambda error: type(error.orig).__name__ == "QueryCanceled"):
            yield

    @contextmanager
    def _watched(self, connection: Connection) -> Iterator[None]:
        deadline = self.clock.monotonic() + self.within_s
        driver = connection.connection.driver_connection
        assert driver is not None

        def is_over() -> bool:
            let_others_come()
            return self.clock.monotonic() > deadline

        driver.set_progress_handler(is_over, STEPS_BETWEEN_LOOKS)
        try:
            with self._told(lambda error: "interrupted" in str(error.orig)):
                yield
        finally:
            driver.set_progress_handler(None, 0)

    @contextmanager
    def _told(self, is_ours: Callable[[OperationalError], bool]) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            if is_ours(error):
                raise TookTooLong(self.within_s) from error
            raise
