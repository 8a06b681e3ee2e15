"""How far the exports of each account were read, and how far a backfill came."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text, text

from bridge.ledger.tables.shape import installation_column, metadata

# One row for each walk through an export; the cursor moves with what was kept, in one transaction.
exports = Table(
    "exports",
    metadata,
    installation_column(),
    Column("purpose", Text, primary_key=True),  # backfill, reconcile
    Column("kind", Text, primary_key=True),  # users, tickets
    Column("since", BigInteger, nullable=False),  # where to begin without a cursor; microseconds
    Column("cursor", Text),  # Zendesk's; null: begin at `since`
    Column("sent_at", BigInteger),  # when the last page was asked for
    Column("is_ended", Boolean, nullable=False, server_default=text("false")),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("records", BigInteger, nullable=False, server_default="0"),
    Column("strange", BigInteger, nullable=False, server_default="0"),  # that nobody could read
)

# The last backfill of each installation, under way or done.
backfills = Table(
    "backfills",
    metadata,
    installation_column(),
    Column("run", BigInteger, nullable=False),
    Column("stage", Text, nullable=False),  # users, tickets, customers, done
    Column("since", BigInteger, nullable=False),  # 0: everything
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("released_to", BigInteger, nullable=False, server_default="0"),  # Zendesk id
    Column("released", BigInteger, nullable=False, server_default="0"),  # customers handed to the pusher
    Column("unchanged", BigInteger, nullable=False, server_default="0"),  # of whom nothing new was found
)
