"""What `bridge setup` made in an account, so that it can go on after a break and take away exactly that."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from bridge.ledger.tables.shape import installation_column, metadata

set_ups = Table(
    "set_ups",
    metadata,
    installation_column(),
    Column("part", Text, primary_key=True),  # webhook.events, trigger.created, field.sailthru_optout, app, …
    Column("state", Text, nullable=False),  # making, made, found (somebody else's), removing, removed
    Column("zendesk_id", Text),  # none while it is being made
    Column("detail", Text, nullable=False),  # JSON; nothing secret
    Column("at", BigInteger, nullable=False),
)
