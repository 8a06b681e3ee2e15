"""Takes one customer out of the ledger, in one transaction: every row that has its number.

Texts that only mention it are `sweeping`'s. What was noted of people who did something stays, without whom
it was done to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select

from bridge.facts import ADDRESS, FORMER_PREFIX
from bridge.ledger import customers, zendesk_users
from bridge.ledger.tables import (
    agent_actions,
    attempts,
    dead_letters,
    events,
    facts,
    waits,
)
from bridge.ledger.tables import customers as customers_table
from bridge.ledger.tables import zendesk_users as zendesk_users_table
from bridge.ledger.traces import Traces
from bridge.ledger.writing import chunks, lock_subjects

# Whoever pushes, reads or keeps holds one of these rows while it writes: they go last.
HELD = (zendesk_users_table, customers_table)


def erase(connection: Connection, traces: Traces) -> dict[str, int]:
    """Delete a customer's rows; how many of each table. The caller holds them (`hold`)."""
    counts = {"waits": _waits(connection, traces)}
    for table in (dead_letters, events):  # a letter may be known by its event alone
        counts[table.name] = _delete(connection, table, traces, _is_its(table, traces))
    is_its_fact = or_(facts.c.zendesk_id == traces.number, facts.c.subject == f"user:{traces.number}")
    counts["facts"] = _delete(connection, facts, traces, is_its_fact)
    for table in (attempts, agent_actions, *HELD):
        counts[table.name] = _delete(connection, table, traces, _is_its(table, traces))
    return counts


def hold(connection: Connection, installation_id: int, number: int) -> None:
    """Hold the customer until the transaction ends.

    What is being kept of it at this moment is kept before that, or finds nobody after.
    """
    lock_subjects(connection, installation_id, [f"user:{number}"])
    customers.locked(connection, installation_id, [number])
    zendesk_users.locked(connection, installation_id, [number])


def _waits(connection: Connection, traces: Traces) -> int:
    """The waits of the customer, of its tickets and of what agents asked for."""
    its_actions = connection.scalars(
        select(agent_actions.c.id).where(
            agent_actions.c.installation_id == traces.installation_id, _is_its(agent_actions, traces)
        )
    )
    subjects = {*traces.subjects, *(f"action:{one}" for one in its_actions)}
    return sum(_delete(connection, waits, traces, waits.c.subject.in_(some)) for some in chunks(subjects))


def _is_its(table: Table, traces: Traces) -> ColumnElement[bool]:
    its: ColumnElement[bool] = table.c.zendesk_id == traces.number
    if table is not dead_letters:
        return its
    of_events = select(events.c.id).where(
        events.c.installation_id == traces.installation_id, events.c.zendesk_id == traces.number
    )
    return or_(its, dead_letters.c.event_id.in_(of_events))


def _delete(connection: Connection, table: Table, traces: Traces, its: ColumnElement[bool]) -> int:
    is_here = table.c.installation_id == traces.installation_id
    return connection.execute(delete(table).where(is_here, its)).rowcount


def known_at(connection: Connection, wanted: str) -> list[tuple[int, int]]:
    """(installation id, Zendesk id) of whoever has this address by the facts, or had it once."""
    found = connection.execute(
        select(facts.c.installation_id, facts.c.zendesk_id).where(
            facts.c.zendesk_id.is_not(None), _holds(wanted.lower())
        )
    )
    return sorted({(row.installation_id, row.zendesk_id) for row in found})


def _holds(address: str) -> Any:
    is_now = (facts.c.field == ADDRESS) & (facts.c.value == json.dumps(address))
    return or_(is_now, facts.c.field == FORMER_PREFIX + address)


def total(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """The sums of several counts, by table."""
    summed: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            summed[name] = summed.get(name, 0) + count
    return summed
