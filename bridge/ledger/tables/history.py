"""How it went: numbers taken every minute."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, Table, Text

from bridge.ledger.tables.shape import metadata

samples = Table(
    "samples",
    metadata,
    Column("step_s", Integer, primary_key=True, autoincrement=False),  # 60, or 600 for what is older
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("series", Text, primary_key=True),  # zendesk.depth, sailthru.errors, lag.p99, …
    Column("value", Float, nullable=False),
)
