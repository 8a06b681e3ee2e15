"""The lists of a Sailthru account in the ledger, so that every process offers and accepts the same names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from bridge.ledger.tables import mailing_lists as table
from bridge.ledger.writing import lock_subjects, upsert


@dataclass(frozen=True)
class MailingLists:
    """The names that somebody can be put on, in their order, and when they were read (microseconds).

    An account without lists has no names; 0 says that nobody read them yet, or that there were none.
    """

    names: tuple[str, ...] = ()
    read_at: int = 0


def keep(connection: Connection, installation_id: int, names: Iterable[str], now: int) -> None:
    """Keep the names that were just read; those that are no longer among them go."""
    lock_subjects(connection, installation_id, ["mailing_lists"])
    connection.execute(delete(table).where(table.c.installation_id == installation_id))
    rows = [{"installation_id": installation_id, "name": name, "read_at": now} for name in sorted(set(names))]
    upsert(connection, table, rows)


def known(connection: Connection, installation_id: int) -> MailingLists:
    """The names as they were read last."""
    query = select(table.c.name, table.c.read_at).where(table.c.installation_id == installation_id)
    rows = connection.execute(query).all()
    return MailingLists(tuple(sorted(row.name for row in rows)), rows[0].read_at if rows else 0)
