"""Installations, and how their accounts stand."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from bridge.ledger.tables.shape import installation_column, metadata

installations = Table(
    "installations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("settings", Text, nullable=False),  # JSON: addresses, ids, options; nothing secret
    Column("secrets", Text, nullable=False),  # JSON, encrypted as a whole
    # JSON: how its accounts turned out to behave
    Column("learned", Text, nullable=False, server_default="{}"),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),  # its rows are cleared by the clock
    sqlite_autoincrement=True,
)

# One row for each system of an installation that is in trouble; none while all is well.
directions = Table(
    "directions",
    metadata,
    installation_column(),
    Column("system", Text, primary_key=True),  # zendesk, sailthru
    Column("state", Text, nullable=False),  # down (tries again by itself), halted (credentials)
    Column("reason", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("probe_at", BigInteger, nullable=False),  # when one call may try again
)

# What we may still send to one endpoint of one account, shared by all processes.
quotas = Table(
    "quotas",
    metadata,
    installation_column(),
    Column("bucket", Text, primary_key=True),  # sailthru.user.post, zendesk, …; with .work for all but agents
    Column("per_minute", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),  # when the calls granted so far will be used up
    Column("held_until", BigInteger, nullable=False, server_default="0"),
    Column("remaining", Integer),  # what the vendor said is left of the minute, for all who use the account
    Column("told_at", BigInteger),  # when it said so
)

# The lists of the Sailthru account that somebody can be put on: the only names ever offered.
mailing_lists = Table(
    "mailing_lists",
    metadata,
    installation_column(),
    Column("name", Text, primary_key=True),
    Column("read_at", BigInteger, nullable=False),
)
