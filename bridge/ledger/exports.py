"""Walks through Zendesk's exports in the ledger: where each goes on after any stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bridge.ledger.tables import exports
from bridge.ledger.writing import upsert

BACKFILL = "backfill"
RECONCILE = "reconcile"


@dataclass(frozen=True)
class Walk:
    """One walk through an export of users or tickets (`kind`). Times are microseconds.

    `cursor` is where to go on, None: at `since`. `sent_at` is when the last page was asked for, `is_ended`
    whether there was nothing after it; `strange` counts what nobody could read.
    """

    installation_id: int
    purpose: str
    kind: str
    since: int
    cursor: str | None = None
    sent_at: int | None = None
    is_ended: bool = False
    pages: int = 0
    records: int = 0
    strange: int = 0


def walk(connection: Connection, installation_id: int, purpose: str, kind: str) -> Walk | None:
    """One walk as it stands."""
    found = [one for one in walks(connection, installation_id, purpose) if one.kind == kind]
    return found[0] if found else None


def walks(connection: Connection, installation_id: int, purpose: str) -> list[Walk]:
    """The walks of one installation for one purpose."""
    query = select(*(exports.c[name] for name in _NAMES)).where(
        exports.c.installation_id == installation_id, exports.c.purpose == purpose
    )
    return [Walk(*row) for row in connection.execute(query)]


def begin(connection: Connection, begun: Sequence[Walk]) -> None:
    """Begin walks; one of the same purpose and kind is over."""
    rows = [{name: getattr(one, name) for name in _NAMES} for one in begun]
    upsert(connection, exports, rows, replace=[name for name in _NAMES if name not in _KEY])


def advance(connection: Connection, before: Walk, after: Walk) -> bool:
    """The walk goes on to `after`; False when another one moved it since `before` was read."""
    values: dict[str, Any] = {name: getattr(after, name) for name in _NAMES if name not in _KEY}
    moved = connection.execute(
        update(exports)
        .where(
            exports.c.installation_id == before.installation_id,
            exports.c.purpose == before.purpose,
            exports.c.kind == before.kind,
            exports.c.pages == before.pages,
            exports.c.since == before.since,
            exports.c.is_ended == before.is_ended,
        )
        .values(**values)
    )
    return bool(moved.rowcount)


def forget(connection: Connection, installation_id: int, purpose: str) -> None:
    """The walks of one purpose begin anew when they begin again."""
    connection.execute(
        delete(exports).where(exports.c.installation_id == installation_id, exports.c.purpose == purpose)
    )


_NAMES = tuple(field.name for field in fields(Walk))
_KEY = ("installation_id", "purpose", "kind")
