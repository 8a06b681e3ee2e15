"""How far the clock's audit of each installation came."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table

from bridge.ledger.tables.shape import installation_column, metadata

audits = Table(
    "audits",
    metadata,
    installation_column(),
    Column("next_at", BigInteger, nullable=False),  # when the next sample is due
    Column("position", BigInteger, nullable=False),  # the Zendesk id that the last sample ended with
    Column("deleted_at", BigInteger, nullable=False, server_default="0"),  # when deleted users were looked at
)
