"""Forgets what is past its time: applied and ignored events, attempts, settled dead letters. Facts stay.

What operators and agents did is kept for three years.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Table, bindparam, delete, or_, select

from bridge.clock import to_micros
from bridge.ledger import sessions
from bridge.ledger.dead import DROP_UNDONE_WITHIN
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import (
    actions,
    agent_actions,
    agents,
    attempts,
    audits,
    backfills,
    customers,
    dead_letters,
    directions,
    events,
    exports,
    facts,
    forgotten,
    installations,
    mailing_lists,
    pauses,
    quotas,
    replays,
    set_ups,
    waits,
    zendesk_users,
)

AT_ONCE = 5_000  # rows in one transaction, so that nobody waits long for it
AUDIT_DAYS = 1096  # three years: who did what, operators and agents
OF_AN_INSTALLATION = (
    audits,
    forgotten,
    agent_actions,
    agents,
    mailing_lists,
    backfills,
    exports,
    waits,
    directions,
    pauses,
    quotas,
    set_ups,
    facts,
    attempts,
    dead_letters,
    events,
    zendesk_users,
    customers,
)


def forget(ledger: Ledger, keep_days: int, audit_days: int = AUDIT_DAYS) -> None:
    """Delete what is older than `keep_days`; of who did what, what is older than `audit_days`.

    What is still to be applied, and open dead letters, stay however old.
    """
    before = to_micros(ledger.now() - timedelta(days=keep_days))
    settled = dead_letters.c.state != "open"
    _clear(
        ledger,
        events,
        [events.c.installation_id, events.c.id],
        (events.c.kept_at < before, events.c.outcome != "kept"),
    )
    _clear(ledger, attempts, [attempts.c.id], (attempts.c.started_at < before,))
    undoable = to_micros(ledger.now() - DROP_UNDONE_WITHIN)
    is_final = or_(dead_letters.c.dropped_at.is_(None), dead_letters.c.dropped_at < undoable)
    _clear(ledger, dead_letters, [dead_letters.c.id], (dead_letters.c.last_seen < before, settled, is_final))
    _clear(ledger, replays, [replays.c.id], (replays.c.ended_at < before,))
    audited = to_micros(ledger.now() - timedelta(days=audit_days))
    _clear(ledger, actions, [actions.c.id], (actions.c.at < audited,))
    _clear(ledger, agent_actions, [agent_actions.c.id], (agent_actions.c.at < audited,))


def forget_sessions(ledger: Ledger) -> None:
    """Delete the sessions that ended, with links and tries that no longer count."""
    with ledger.writing() as connection:
        sessions.forget_ended(connection, ledger.micros())


def clear_removed(ledger: Ledger) -> None:
    """Delete what belongs to installations that were removed, then themselves."""
    with ledger.reading() as connection:
        removed = list(
            connection.scalars(select(installations.c.id).where(installations.c.removed_at.is_not(None)))
        )
    for number in removed:
        for table in OF_AN_INSTALLATION:
            _clear(ledger, table, list(table.primary_key), (table.c.installation_id == number,))
        with ledger.writing() as connection:
            connection.execute(delete(installations).where(installations.c.id == number))


def _clear(ledger: Ledger, table: Table, keys: list[Column[Any]], past: tuple[Any, ...]) -> None:
    same = [key == bindparam(f"key_{key.name}") for key in keys]
    while True:
        with ledger.writing() as connection:
            old = connection.execute(select(*keys).where(*past).limit(AT_ONCE)).all()
            rows = [{f"key_{key.name}": value for key, value in zip(keys, row, strict=True)} for row in old]
            if rows:
                connection.execute(delete(table).where(*same), rows)
        if len(old) < AT_ONCE:
            return
