"""What waits to be worked on, and who works."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

from bridge.ledger.tables.shape import RowId, metadata

# Accepted, but not with the broker: it was away, or the installation has its share in the queues already.
spool = Table(
    "spool",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("installation", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("reason", Text, nullable=False),  # broker_away, parked
    Column("message_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    Index("ix_spool_installation", "reason", "installation", "id"),
)

# The embedded broker's queues.
messages = Table(
    "messages",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("queue", Text, nullable=False),  # bridge.zendesk, bridge.zendesk.dead, …
    Column("message_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("installation", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("deliveries", Integer, nullable=False, server_default="0"),
    Column("held_until", BigInteger),
    Column("holder", Text),
    Index("ix_messages_queue", "queue", "id"),
    sqlite_autoincrement=True,
)

# Periodic passes: who does one now.
passes = Table(
    "passes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False, server_default=""),
    Column("until", BigInteger, nullable=False, server_default="0"),
    Column("done_at", BigInteger, nullable=False, server_default="0"),  # when it last began and ended well
    Column("state", Text, nullable=False, server_default="{}"),  # JSON: what it has to remember
)

# The processes at work, on all machines: each says every few seconds that it lives.
processes = Table(
    "processes",
    metadata,
    Column("holder", Text, primary_key=True),  # host/process id/a few signs by chance
    Column("part", Text, nullable=False),  # web, consumer, clock
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("worked_at", BigInteger),  # when its work last came round; none where that means nothing
    Column("is_connected", Boolean, nullable=False, server_default=text("false")),  # to the broker
)
