"""Takes a customer out of texts: events of nobody, bodies that wait, letters and notes that mention it.

Looked for while nobody is kept waiting, then deleted in small transactions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.sql.dml import Delete, Update

from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import actions, customers, dead_letters, events, messages, spool, waits
from bridge.ledger.traces import Traces

AT_ONCE = 500  # rows in one transaction

FORGOTTEN = "forgotten customer"
JOB = "job"


class Change(NamedTuple):
    """One statement with the rows that it is run for, and what is counted by it."""

    counted: str
    statement: Delete | Update
    rows: Sequence[dict[str, Any]]


Look = Callable[[Connection, Traces, str, int], Iterable[Change]]


def sweep(ledger: Ledger, traces: Traces, installation: str, *, since: int = 0) -> dict[str, int]:
    """Take the customer out of all texts kept at `since` (microseconds) or later; how many of each table."""
    counts: dict[str, int] = {}
    for look in _LOOKS:
        with ledger.reading() as connection:
            changes = list(look(connection, traces, installation, since))
        for change in changes:
            for start in range(0, len(change.rows), AT_ONCE):
                with ledger.writing() as connection:
                    connection.execute(change.statement, change.rows[start : start + AT_ONCE])
            counts[change.counted] = counts.get(change.counted, 0) + len(change.rows)
    return counts


def _events(connection: Connection, traces: Traces, _name: str, since: int) -> Iterator[Change]:
    """Events of nobody, or of somebody else, that are about it."""
    says_it = or_(
        *(func.lower(events.c.data).contains(word, autoescape=True) for word in traces.words),
        *(events.c.subject == subject for subject in sorted(traces.subjects)[:400]),
    )
    query = select(events.c.id, events.c.subject, events.c.data).where(
        events.c.installation_id == traces.installation_id, events.c.kept_at >= since, says_it
    )
    found = [
        {"key_id": row.id, "key_of": traces.installation_id}
        for row in connection.execute(query)
        if row.subject in traces.subjects or traces.are_in(row.data)
    ]
    is_same = and_(events.c.installation_id == bindparam("key_of"), events.c.id == bindparam("key_id"))
    yield Change("events", delete(events).where(is_same), found)


def _letters(connection: Connection, traces: Traces, _name: str, _since: int) -> Iterator[Change]:
    """Letters about nobody that hold its event go; those of others no longer say who it was."""
    query = select(
        dead_letters.c.id, dead_letters.c.zendesk_id, dead_letters.c.error, dead_letters.c.data
    ).where(dead_letters.c.installation_id == traces.installation_id)
    its, others = [], []
    for row in connection.execute(query):
        if traces.are_in(row.data):
            its.append({"key_id": row.id})
        elif row.zendesk_id is not None and traces.without_number(row.error) != row.error:
            others.append({"key_id": row.id, "said": traces.without_number(row.error)})
    is_same = dead_letters.c.id == bindparam("key_id")
    yield Change("dead_letters", delete(dead_letters).where(is_same), its)
    yield Change("mentions", update(dead_letters).where(is_same).values(error=bindparam("said")), others)


def _waits(connection: Connection, traces: Traces, _name: str, _since: int) -> Iterator[Change]:
    """Events that wait to be tried again go; a bulk update under way no longer names it."""
    query = select(waits).where(
        waits.c.installation_id == traces.installation_id, waits.c.kind.in_(("event", JOB))
    )
    its, jobs = [], []
    for row in connection.execute(query):
        key = {"key_of": traces.installation_id, "key_subject": row.subject, "key_kind": row.kind}
        if row.kind == JOB:
            unnamed = _unnamed_job(row.detail, traces.number)
            jobs += [{**key, "said": unnamed}] if unnamed != row.detail else []
        elif traces.are_in(row.detail):
            its.append(key)
    is_same = and_(
        waits.c.installation_id == bindparam("key_of"),
        waits.c.subject == bindparam("key_subject"),
        waits.c.kind == bindparam("key_kind"),
    )
    yield Change("waits", delete(waits).where(is_same), its)
    yield Change("mentions", update(waits).where(is_same).values(detail=bindparam("said")), jobs)


def _unnamed_job(detail: str, number: int) -> str:
    """A job's users are told apart by their places in the list, so that a place stays, but nobody in it."""
    record = json.loads(detail)
    pushes = record.get("pushes", [])
    if not any(push[0] == number for push in pushes):
        return detail
    return json.dumps(
        {**record, "pushes": [[0, *push[1:]] if push[0] == number else push for push in pushes]}
    )


def _bodies(connection: Connection, traces: Traces, name: str, _since: int) -> Iterator[Change]:
    """What waits in the spool or with the embedded broker; a consumer would drop it, but perhaps not soon."""
    for table in (spool, messages):
        query = select(table.c.id, table.c.body).where(table.c.installation == name)
        rows = connection.execution_options(yield_per=AT_ONCE).execute(query)
        its = [
            {"key_id": row.id} for row in rows if traces.are_in(bytes(row.body).decode("utf-8", "replace"))
        ]
        yield Change(table.name, delete(table).where(table.c.id == bindparam("key_id")), its)


def _notes(connection: Connection, traces: Traces, _name: str, since: int) -> Iterator[Change]:
    """Who did what and when stays, without to whom and without what was said."""
    query = select(actions.c.id, actions.c.target, actions.c.detail).where(
        actions.c.installation_id == traces.installation_id, actions.c.at >= since
    )
    named = {*traces.subjects, str(traces.number), f"customer {traces.number}"}
    its = [
        {"key_id": row.id}
        for row in connection.execute(query)
        if row.target in named or traces.are_in(row.target) or traces.are_in(row.detail)
    ]
    blank = update(actions).where(actions.c.id == bindparam("key_id"))
    yield Change("notes", blank.values(target=FORGOTTEN, detail="{}"), its)


def _links(connection: Connection, traces: Traces, _name: str, _since: int) -> Iterator[Change]:
    """Customers in conflict with it about an address: whom they are in conflict with is found out anew."""
    query = select(customers.c.zendesk_id, customers.c.link).where(
        customers.c.installation_id == traces.installation_id,
        customers.c.zendesk_id != traces.number,
        customers.c.link.contains(f'"holder_id":{traces.number},'),
    )
    rows = [
        {
            "key_of": traces.installation_id,
            "key_number": row.zendesk_id,
            "said": json.dumps({**json.loads(row.link), "conflict": None}, separators=(",", ":")),
            "stood": row.link,
        }
        for row in connection.execute(query)
    ]
    # Only as it was read: what a pusher found out meanwhile stands.
    is_same = and_(
        customers.c.installation_id == bindparam("key_of"),
        customers.c.zendesk_id == bindparam("key_number"),
        customers.c.link == bindparam("stood"),
    )
    yield Change("mentions", update(customers).where(is_same).values(link=bindparam("said")), rows)


_LOOKS: tuple[Look, ...] = (_events, _letters, _waits, _bodies, _notes, _links)
