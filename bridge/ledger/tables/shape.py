"""What the tables have in common.

Times are microseconds since the epoch (UTC), so that both databases hold the very same numbers.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of exactly its INTEGER type, which holds 64 bits anyway.
RowId = BigInteger().with_variant(Integer, "sqlite")


def installation_column() -> Column[int]:
    """The installation that a row is of, as the first part of its key."""
    return Column(
        "installation_id", Integer, ForeignKey("installations.id"), primary_key=True, autoincrement=False
    )
