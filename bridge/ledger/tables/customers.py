"""Customers: their facts, and what each system surely holds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, text

from bridge.ledger.tables.shape import installation_column, metadata

customers = Table(
    "customers",
    metadata,
    installation_column(),
    Column("zendesk_id", BigInteger, primary_key=True, autoincrement=False),
    Column("address", Text),  # the address fact of an active user, else null; kept here to be looked up
    Column("sid", Text),
    Column(
        "state", Text, nullable=False, server_default="waiting"
    ),  # for people; `owed`, `seen_at` and `sid` decide
    Column("read_at", BigInteger),  # the user's record was read once; nothing is pushed before
    Column("seen_at", BigInteger),  # and all its tickets were; no ticket var is projected before
    Column("wanted", BigInteger, nullable=False, server_default="0"),  # version of the facts
    Column("paid", BigInteger, nullable=False, server_default="0"),  # version that Sailthru surely holds
    Column("owed", Boolean, nullable=False, server_default=text("false")),
    Column("owed_at", BigInteger),  # since when
    Column("due_at", BigInteger),  # when the pusher looks at it next
    # a new fact does not pull `due_at` before this
    Column("not_before", BigInteger, nullable=False, server_default="0"),
    Column("lease", BigInteger, nullable=False, server_default="0"),  # the pusher's number
    Column("lease_until", BigInteger),
    Column("known", Text, nullable=False, server_default="{}"),  # field -> what Sailthru surely holds
    Column("link", Text, nullable=False, server_default="{}"),  # what the search for the profile found so far
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", BigInteger),
    Column("pushed_at", BigInteger),
    UniqueConstraint("installation_id", "sid"),
    Index(
        "ix_customers_owed",
        "installation_id",
        "due_at",
        sqlite_where=text("owed"),
        postgresql_where=text("owed"),
    ),
    Index(
        "ix_customers_due",
        "due_at",
        "installation_id",
        sqlite_where=text("owed"),
        postgresql_where=text("owed"),
    ),
    Index("ix_customers_address", "installation_id", "address"),
)

# The way back, one row for each linked customer: when its profile was read and will be read next, what
# Zendesk surely holds of it, and what is owed there.
zendesk_users = Table(
    "zendesk_users",
    metadata,
    installation_column(),
    Column("zendesk_id", BigInteger, primary_key=True, autoincrement=False),
    Column("read_at", BigInteger),  # when the profile was read last
    Column("refresh_at", BigInteger),  # when the clock has it read again
    Column("has_open", Boolean, nullable=False, server_default=text("false")),  # a ticket that is not solved
    Column("wanted", BigInteger, nullable=False, server_default="0"),  # version of the facts
    Column("paid", BigInteger, nullable=False, server_default="0"),  # version that Zendesk surely holds
    Column("owed", Boolean, nullable=False, server_default=text("false")),
    Column("owed_at", BigInteger),  # since when
    Column(
        "due_at", BigInteger
    ),  # when the pusher looks at it next; later than `owed_at` where nobody hurries
    Column(
        "not_before", BigInteger, nullable=False, server_default="0"
    ),  # Zendesk limits updates of one user
    Column("lease", BigInteger, nullable=False, server_default="0"),
    Column("lease_until", BigInteger),
    Column("known", Text, nullable=False, server_default="{}"),  # field -> what Zendesk surely holds
    Column("opened", Text, nullable=False, server_default="[]"),  # tickets just opened, to be tagged once
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", BigInteger),
    Column("pushed_at", BigInteger),
    Column("drift", Text),  # JSON list: what its profile held otherwise when it was compared last
    Index(
        "ix_zendesk_users_drift",
        "installation_id",
        "zendesk_id",
        sqlite_where=text("drift IS NOT NULL"),
        postgresql_where=text("drift IS NOT NULL"),
    ),
    Index(
        "ix_zendesk_users_owed",
        "installation_id",
        "due_at",
        sqlite_where=text("owed"),
        postgresql_where=text("owed"),
    ),
    Index(
        "ix_zendesk_users_due",
        "due_at",
        "installation_id",
        sqlite_where=text("owed"),
        postgresql_where=text("owed"),
    ),
    Index("ix_zendesk_users_refresh", "installation_id", "refresh_at"),
)

facts = Table(
    "facts",
    metadata,
    installation_column(),
    Column("subject", Text, primary_key=True),  # user:7, ticket:991
    Column("field", Text, primary_key=True),  # address, tag/vip, ticket, …
    Column("zendesk_id", BigInteger),  # whom it counts for; of a ticket: the requester its value names
    Column("value", Text, nullable=False),  # JSON
    Column("at", BigInteger, nullable=False),
    Column("origin", Text, nullable=False),  # event, reading, agent
    Column("event_id", Text, nullable=False),
    Index("ix_facts_customer", "installation_id", "zendesk_id"),
    Index("ix_facts_field", "installation_id", "field"),  # who had an address once
)
