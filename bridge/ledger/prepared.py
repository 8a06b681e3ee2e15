"""Statements that run thousands of times a minute: written with SQLAlchemy, put together once.

SQLAlchemy takes ten times longer to run a statement than SQLite does: it looks it up in its cache, makes a
context and a result, and converts values that the tables hold as plain numbers and text anyway. So these are
compiled once for each kind of database, and SQLite's driver gets them as they are. The way to PostgreSQL is
longer than all that: there SQLAlchemy still hands them over, and sees to connections that were lost.

Values must be what a driver takes (numbers, text, bytes, None); they come back as the driver gives them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Dialect, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement

Values = Mapping[str, Any]
Rows = Sequence[Sequence[Any]]

# SQLite's driver takes a limited number of variables in one statement; a list of values stays well below.
MOST_IN_LIST = 512


class _Compiled(NamedTuple):
    """`marks` puts values into the order of their marks; `fixed` are those of the statement itself."""

    text: str
    marks: Callable[[Values], Sequence[Any]]
    fixed: Values


class Prepared:
    """One statement with named values. Thread-safe."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, values: Values) -> Rows:
        """All that a SELECT, or a RETURNING, finds."""
        found: Rows = self._execute(connection, values).fetchall()
        return found

    def first(self, connection: Connection, values: Values) -> Sequence[Any] | None:
        """The first row, or None."""
        return next(iter(self.rows(connection, values)), None)

    def value(self, connection: Connection, values: Values) -> Any:
        """The first column of the first row, or None."""
        row = self.first(connection, values)
        return None if row is None else row[0]

    def run(self, connection: Connection, values: Values) -> int:
        """Change something; how many rows that were."""
        return int(self._execute(connection, values).rowcount)

    def run_all(self, connection: Connection, rows: Iterable[Values]) -> None:
        """Change something once with each of these values."""
        rows = list(rows)
        if not rows:
            return
        compiled = self._for(connection.dialect)
        if connection.dialect.positional:
            _past_sqlalchemy(
                _driver(connection).executemany, compiled.text, [_marks(compiled, row) for row in rows]
            )
        else:
            connection.exec_driver_sql(compiled.text, [{**compiled.fixed, **row} for row in rows])

    def _execute(self, connection: Connection, values: Values) -> Any:
        compiled = self._for(connection.dialect)
        if connection.dialect.positional:
            return _past_sqlalchemy(_driver(connection).execute, compiled.text, _marks(compiled, values))
        return connection.exec_driver_sql(compiled.text, {**compiled.fixed, **values})

    def _for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect)
        return compiled


class PreparedList:
    """A statement that returns rows, with a list of values, which `build` puts into it as so many marks.

    Lists are filled up to the next power of two with their last value, so that ten statements serve all.
    """

    def __init__(self, build: Callable[[Sequence[BindParameter[Any]]], ClauseElement]) -> None:
        self._build = build
        self._by_length: dict[int, Prepared] = {}

    def rows(self, connection: Connection, listed: Iterable[Any], values: Values) -> Rows:
        """All that is found for the distinct values in `listed`, in their order where there are many."""
        ordered = sorted(set(listed))
        found: list[Sequence[Any]] = []
        for start in range(0, len(ordered), MOST_IN_LIST):
            some = ordered[start : start + MOST_IN_LIST]
            some += some[-1:] * ((1 << (len(some) - 1).bit_length()) - len(some))
            named = {f"listed{number}": value for number, value in enumerate(some)}
            found += self._of_length(len(some)).rows(connection, {**values, **named})
        return found

    def _of_length(self, length: int) -> Prepared:
        prepared = self._by_length.get(length)
        if prepared is None:
            marks: list[BindParameter[Any]] = [bindparam(f"listed{number}") for number in range(length)]
            prepared = self._by_length[length] = Prepared(self._build(marks))
        return prepared


def _compile(statement: ClauseElement, dialect: Dialect) -> _Compiled:
    compiled: Any = statement.compile(dialect=dialect)
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return _Compiled(str(compiled), _in_order(compiled.positiontup or ()), fixed)


def _in_order(names: Sequence[str]) -> Callable[[Values], Sequence[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


def _marks(compiled: _Compiled, values: Values) -> Sequence[Any]:
    return compiled.marks({**compiled.fixed, **values} if compiled.fixed else values)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _past_sqlalchemy(execute: Callable[..., Any], text: str, marks: Sequence[Any]) -> Any:
    """Past SQLAlchemy, but with its errors: whoever calls does not care which way a statement went."""
    try:
        return execute(text, marks)
    except sqlite3.Error as error:
        raise DBAPIError.instance(text, None, error, sqlite3.Error, hide_parameters=True) from error
