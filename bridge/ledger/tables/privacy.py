"""Who was forgotten, and the keys that tell it without naming anybody."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from bridge.ledger.tables.shape import installation_column, metadata

# Nobody can read from a digest whom it stands for without the key, which is sealed and stands elsewhere.
forgotten = Table(
    "forgotten",
    metadata,
    installation_column(),
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # customer, place (an address or a sid)
    Column("erased_at", BigInteger, nullable=False),
)

# Keys of the ledger's own: random, made once, sealed with SECRET_KEY and therefore not lost with it.
keys = Table(
    "keys",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
)
