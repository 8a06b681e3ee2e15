"""Whether the ledger's tables are those that this version of the bridge works with.

Every process asks at its start. Alembic, which brings tables up to date, takes seven megabytes; so only the
commands that do it load it.
"""

from __future__ import annotations

from sqlalchemy import Connection, column, inspect, select, table

from bridge.errors import BadSettings
from bridge.ledger.ledger import Ledger

NEWEST = "0001"  # the last one in `migrations/versions`

_VERSION = table("alembic_version", column("version_num"))


def revision_of(connection: Connection) -> str | None:
    """The revision of the tables; None while there are none."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    found: str | None = connection.scalar(select(_VERSION.c.version_num))
    return found


def require_current(ledger: Ledger) -> None:
    """Raise `BadSettings` unless the tables are at the newest revision. Raises `Unavailable` too."""
    with ledger.reading() as connection:
        found = revision_of(connection)
    if found != NEWEST:
        state = f"at revision {found}, not {NEWEST}" if found else "empty"
        raise BadSettings([f"DATABASE_URL: the ledger is {state}; run: bridge migrate"])
