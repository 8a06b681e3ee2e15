"""What both databases spell alike but SQLAlchemy keeps in two places: insert-or-update; and locks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from bridge.ledger.prepared import MOST_IN_LIST, Prepared


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    replace: Sequence[str] = (),
    grow: Mapping[str, int] | None = None,
) -> None:
    """Insert rows; where the key stands already, take over the columns `replace` and add `grow` to its own.

    With neither, a standing row is left as it is. Rows are written in key order, so that two writers never
    wait for each other in a circle.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    ordered = sorted(rows, key=lambda row: tuple(row[key] for key in keys))
    growth = tuple((grow or {}).items())
    columns = tuple(rows[0])
    insert = _insert(connection.dialect.name, table, columns, tuple(replace), growth)
    insert.run_all(connection, ordered)


@cache
def _insert(
    dialect: str,
    table: Table,
    columns: tuple[str, ...],
    replace: tuple[str, ...],
    grow: tuple[tuple[str, int], ...],
) -> Prepared:
    keys = [column.name for column in table.primary_key]
    insert: Any = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    insert = insert.values({name: bindparam(name) for name in columns})
    changes = {name: insert.excluded[name] for name in replace}
    changes |= {name: table.c[name] + by for name, by in grow}
    if changes:
        return Prepared(insert.on_conflict_do_update(index_elements=keys, set_=changes))
    return Prepared(insert.on_conflict_do_nothing(index_elements=keys))


def lock_subjects(connection: Connection, installation_id: int, subjects: Iterable[str]) -> None:
    """Hold these subjects until the transaction ends, so that two consumers never merge facts of one at once.

    On PostgreSQL only: SQLite has one writer anyway. Taken in one order, hence never in a circle.
    """
    if connection.dialect.name == "sqlite":
        return
    numbers = sorted({_lock_number(installation_id, subject) for subject in subjects})
    if numbers:
        unnested = func.unnest(bindparam("numbers", numbers, type_=ARRAY(BigInteger))).column_valued("number")
        connection.execute(select(func.pg_advisory_xact_lock(unnested)))


def chunks(values: Iterable[Any]) -> Iterable[list[Any]]:
    """Sorted distinct values, in lists short enough for one IN."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), MOST_IN_LIST):
        yield ordered[start : start + MOST_IN_LIST]


def _lock_number(installation_id: int, subject: str) -> int:
    digest = hashlib.blake2b(f"{installation_id}/{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
