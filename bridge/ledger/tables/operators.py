"""Who may use the console, and who is signed in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from bridge.ledger.tables.shape import metadata

operators = Table(
    "operators",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),  # viewer, operator
    Column("password", Text, nullable=False),  # Argon2's own text: method, parameters, salt and hash
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

# One row for each browser that is signed in: taken away, it is signed out.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),  # random; the cookie holds it, signed
    Column("name", Text, nullable=False),  # of the operator, or of whoever asked for the link
    Column("role", Text, nullable=False),
    Column("via", Text, nullable=False),  # password, link
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_sessions_name", "name"),
    Index("ix_sessions_expires", "expires_at"),
)

# Addresses that sign in once, each for whoever holds the server.
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("id", Text, primary_key=True),  # random; the address holds it, signed
    Column("name", Text, nullable=False),  # who asked for it
    Column("role", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

# Tries to sign in, counted for each name and each network address: one number, as in `quotas`.
sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("who", Text, primary_key=True),  # name:ada, from:192.0.2.7
    Column("used_up_at", BigInteger, nullable=False),  # until when the tries made so far count
)
