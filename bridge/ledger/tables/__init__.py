"""The ledger's tables, a module each subject."""

from __future__ import annotations

from bridge.ledger.tables.accounts import directions, installations, mailing_lists, quotas
from bridge.ledger.tables.audits import audits
from bridge.ledger.tables.customers import customers, facts, zendesk_users
from bridge.ledger.tables.events import attempts, dead_letters, events, waits
from bridge.ledger.tables.exports import backfills, exports
from bridge.ledger.tables.history import samples
from bridge.ledger.tables.operators import operators, sessions, sign_in_links, sign_in_tries
from bridge.ledger.tables.people import actions, agent_actions, agents
from bridge.ledger.tables.privacy import forgotten, keys
from bridge.ledger.tables.queues import messages, passes, processes, spool
from bridge.ledger.tables.repair import pauses, replays
from bridge.ledger.tables.set_ups import set_ups
from bridge.ledger.tables.shape import metadata

__all__ = [
    "actions",
    "agent_actions",
    "agents",
    "attempts",
    "audits",
    "backfills",
    "customers",
    "dead_letters",
    "directions",
    "events",
    "exports",
    "facts",
    "forgotten",
    "installations",
    "keys",
    "mailing_lists",
    "messages",
    "metadata",
    "operators",
    "passes",
    "pauses",
    "processes",
    "quotas",
    "replays",
    "samples",
    "sessions",
    "set_ups",
    "sign_in_links",
    "sign_in_tries",
    "spool",
    "waits",
    "zendesk_users",
]
