"""What people did: operators and agents."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text

from bridge.ledger.tables.shape import RowId, installation_column, metadata

actions = Table(
    "actions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("installation_id", Integer),
    Column("at", BigInteger, nullable=False),
    Column("operator", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("via", Text, nullable=False, server_default="command"),  # command, console, sidebar
    Column("detail", Text, nullable=False, server_default="{}"),
    Index("ix_actions_at", "at"),
    Index("ix_actions_operator", "operator", "at"),
)

# Zendesk's staff, as far as they used the sidebar.
agents = Table(
    "agents",
    metadata,
    installation_column(),
    Column("zendesk_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("is_staff", Boolean, nullable=False),  # active, and no end-user
    Column("read_at", BigInteger, nullable=False),
)

# What agents asked for in the sidebar, from the click to its end.
agent_actions = Table(
    "agent_actions",
    metadata,
    Column(
        "id", Text, primary_key=True
    ),  # made of the installation and the page's key: a double click is one
    Column("installation_id", Integer, nullable=False),
    Column("zendesk_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),  # health, sync, optout, list_remove, list_add, create, merge, …
    Column("value", Text, nullable=False),  # JSON
    Column("seen", Text, nullable=False, server_default="null"),  # JSON: what the agent saw of the profile
    Column("is_confirmed", Boolean, nullable=False, server_default=text("false")),
    Column("agent", BigInteger),  # Zendesk id
    Column("is_claimed", Boolean, nullable=False, server_default=text("false")),
    Column("state", Text, nullable=False),  # held, saving, saved, failed, undone
    Column("reason", Text, nullable=False, server_default=""),
    Column("at", BigInteger, nullable=False),
    Column("hold_until", BigInteger),
    Column("sent_at", BigInteger),  # when the consumer began with it
    Column("finished_at", BigInteger),
    Index("ix_agent_actions_customer", "installation_id", "zendesk_id", "at"),
    Index("ix_agent_actions_at", "at"),
    Index(
        "ix_agent_actions_open",
        "at",
        sqlite_where=text("state IN ('held', 'saving')"),
        postgresql_where=text("state IN ('held', 'saving')"),
    ),
)
