"""The ledger's tables.

Times are microseconds since the epoch (UTC), so that both databases hold the very same numbers.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of exactly its INTEGER type, which holds 64 bits anyway.
RowId = BigInteger().with_variant(Integer, "sqlite")


def _installation() -> Column[int]:
    return Column(
        "installation_id", Integer, ForeignKey("installations.id"), primary_key=True, autoincrement=False
    )


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
    _installation(),
    Column("system", Text, primary_key=True),  # zendesk, sailthru
    Column("state", Text, nullable=False),  # down (tries again by itself), halted (credentials)
    Column("reason", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("probe_at", BigInteger, nullable=False),  # when one call may try again
)

customers = Table(
    "customers",
    metadata,
    _installation(),
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
    Index("ix_customers_address", "installation_id", "address"),
)

# The way back, one row for each linked customer: when its profile was read and will be read next, what
# Zendesk surely holds of it, and what is owed there.
zendesk_users = Table(
    "zendesk_users",
    metadata,
    _installation(),
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
    Index(
        "ix_zendesk_users_owed",
        "installation_id",
        "due_at",
        sqlite_where=text("owed"),
        postgresql_where=text("owed"),
    ),
    Index("ix_zendesk_users_refresh", "installation_id", "refresh_at"),
)

facts = Table(
    "facts",
    metadata,
    _installation(),
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

events = Table(
    "events",
    metadata,
    _installation(),
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
    Index("ix_events_customer", "installation_id", "zendesk_id", "kept_at"),
    Index("ix_events_kept", "kept_at"),
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
    Column("fields", Text, nullable=False),  # JSON list of the names sent
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
    _installation(),
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
    Index("ix_dead_letters_customer", "installation_id", "zendesk_id", "reason"),
    Index("ix_dead_letters_state", "state", "installation_id"),
    Index("ix_dead_letters_event", "installation_id", "event_id"),
)

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

# What we may still send to one endpoint of one account, shared by all processes.
quotas = Table(
    "quotas",
    metadata,
    _installation(),
    Column("bucket", Text, primary_key=True),  # sailthru.user.post, zendesk, …; with .work for all but agents
    Column("per_minute", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),  # when the calls granted so far will be used up
    Column("held_until", BigInteger, nullable=False, server_default="0"),
)

# Periodic passes: who does one now.
passes = Table(
    "passes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False, server_default=""),
    Column("until", BigInteger, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default="{}"),  # JSON: what it has to remember
)

actions = Table(
    "actions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("installation_id", Integer),
    Column("at", BigInteger, nullable=False),
    Column("operator", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default="{}"),
    Index("ix_actions_at", "at"),
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

# Zendesk's staff, as far as they used the sidebar.
agents = Table(
    "agents",
    metadata,
    _installation(),
    Column("zendesk_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("is_staff", Boolean, nullable=False),  # active, and no end-user
    Column("read_at", BigInteger, nullable=False),
)

# The lists of the Sailthru account that somebody can be put on: the only names ever offered.
mailing_lists = Table(
    "mailing_lists",
    metadata,
    _installation(),
    Column("name", Text, primary_key=True),
    Column("read_at", BigInteger, nullable=False),
)
