"""Events, what was tried for them, and what was given up."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text

from bridge.ledger.tables.shape import RowId, installation_column, metadata

events = Table(
    "events",
    metadata,
    installation_column(),
    Column("id", Text, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("source", Text, nullable=False),  # webhook, trigger, postback, agent, reading, backfill, reconcile
    Column("zendesk_id", BigInteger),
    Column("version", BigInteger),  # the customer's `wanted` when it was kept
    Column("occurred_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    Column("applied_at", BigInteger),
    Column("outcome", Text, nullable=False),  # kept, applied, ignored, dead
    Column("reason", Text, nullable=False, server_default=""),
    Column("deliveries", Integer, nullable=False, server_default="1"),
    Column("data", Text, nullable=False),  # JSON
    Column("delivery", Text, nullable=False, server_default="{}"),  # JSON: how it came; see schemas/event.py
    Column("made", Text, nullable=False, server_default="[]"),  # JSON: what its facts met
    Column("trace", Text),  # W3C traceparent of what published it; none where nobody traces
    Index("ix_events_customer", "installation_id", "zendesk_id", "kept_at"),
    Index("ix_events_kept", "kept_at"),
    Index(
        "ix_events_dead",
        "kept_at",
        sqlite_where=text("outcome = 'dead'"),
        postgresql_where=text("outcome = 'dead'"),
    ),
    Index(
        "ix_events_unmatched",
        "kept_at",
        sqlite_where=text("zendesk_id IS NULL AND source = 'postback'"),
        postgresql_where=text("zendesk_id IS NULL AND source = 'postback'"),
    ),
    Index(
        "ix_events_unapplied",
        "installation_id",
        "zendesk_id",
        sqlite_where=text("outcome = 'kept'"),
        postgresql_where=text("outcome = 'kept'"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("installation_id", Integer, nullable=False),
    Column("zendesk_id", BigInteger, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("system", Text, nullable=False),
    Column("action", Text, nullable=False),  # write, look_up, create, …
    Column("version", BigInteger, nullable=False, server_default="0"),  # of the facts that it was planned by
    Column("fields", Text, nullable=False),  # JSON list of the names sent
    Column("request", Text, nullable=False, server_default="{}"),  # JSON, redacted
    Column("reply", Text, nullable=False, server_default="{}"),  # JSON, redacted
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("outcome", Text, nullable=False),  # sending, confirmed, later, unknown, refused, halted
    Column("error", Text, nullable=False, server_default=""),
    Index("ix_attempts_customer", "installation_id", "zendesk_id", "started_at"),
    Index("ix_attempts_started", "started_at"),
)

# Every wait: of a subject to be read or written once more, of an event to be tried again.
waits = Table(
    "waits",
    metadata,
    installation_column(),
    Column("subject", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # user, tickets, ticket, event, resend
    Column("due_at", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("detail", Text, nullable=False, server_default="{}"),  # JSON: what its causes asked for
    Column("progress", Text, nullable=False, server_default="{}"),  # JSON: how far the work on it came
    Column("version", BigInteger, nullable=False, server_default="0"),  # grows with every new cause
    Column("lease_until", BigInteger),
    Index("ix_waits_due", "kind", "due_at"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("installation_id", Integer, nullable=False),
    Column("lane", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("event_id", Text),  # of a letter about one event
    Column("zendesk_id", BigInteger),
    Column("reason", Text, nullable=False),  # short code
    Column("error", Text, nullable=False),  # for people
    Column("attempts", Integer, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # open, replayed, dropped, closed (by success)
    Column("data", Text, nullable=False, server_default="{}"),  # JSON
    Column("system", Text, nullable=False, server_default=""),  # who refused: sailthru, zendesk, bridge
    Column("fingerprint", Text, nullable=False, server_default=""),  # what went wrong, whoever it hit
    Column("is_about_consent", Boolean, nullable=False, server_default=text("false")),
    Column("replays", Integer, nullable=False, server_default="0"),
    Column("replayed_at", BigInteger),
    Column("replay_id", Integer),  # the replay of many that tried it last
    Column("died_again", Boolean, nullable=False, server_default=text("false")),
    Column("dropped_at", BigInteger),
    Column("drop_reason", Text, nullable=False, server_default=""),
    Index("ix_dead_letters_customer", "installation_id", "zendesk_id", "reason"),
    Index("ix_dead_letters_state", "state", "installation_id"),
    Index("ix_dead_letters_event", "installation_id", "event_id"),
    Index("ix_dead_letters_group", "state", "fingerprint", "installation_id", "zendesk_id"),
    Index("ix_dead_letters_replay", "replay_id"),
)
