"""What operators hold back, and what they have tried again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text

from bridge.ledger.tables.shape import RowId, metadata

# One row for each pause that stands; none while everything flows.
pauses = Table(
    "pauses",
    metadata,
    Column("installation_id", Integer, primary_key=True, autoincrement=False),  # 0: of all
    Column("lane", Text, primary_key=True),  # empty: all lanes
    Column("since", BigInteger, nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# Replays of many dead letters, at a rate.
replays = Table(
    "replays",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("started_at", BigInteger, nullable=False),
    Column("operator", Text, nullable=False),
    Column("via", Text, nullable=False),  # command, console
    Column("chosen", Text, nullable=False),  # JSON: which letters
    Column("words", Text, nullable=False),  # the same as people write it
    Column("per_minute", Integer, nullable=False),
    Column("state", Text, nullable=False),  # running, stopped, finished
    Column("total", Integer, nullable=False),
    Column("replayed", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("refusals", Text, nullable=False, server_default="[]"),  # JSON: the first of them, with why
    Column("after", BigInteger, nullable=False, server_default="0"),  # the last letter looked at
    Column("up_to", BigInteger, nullable=False),  # younger letters are not of this replay
    Column("next_at", BigInteger, nullable=False),
    Column("holder", Text, nullable=False, server_default=""),  # the process that moves it now
    Column("held_until", BigInteger, nullable=False, server_default="0"),
    Column("ended_at", BigInteger),
    Column("stopped_by", Text, nullable=False, server_default=""),
    Column("takes_again", Boolean, nullable=False, server_default=text("false")),
    Index("ix_replays_state", "state", "id"),
)
