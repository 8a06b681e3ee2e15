"""Which traces wait for what is about to be done: of events that were published by somebody who traces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, or_, select

from bridge.ledger.events import IS_UNAPPLIED
from bridge.ledger.tables import events

MOST = 1_000  # events in one answer: a burst that becomes one push has that many spans, and no more


def of_customers(
    connection: Connection, installation_id: int, zendesk_ids: Collection[int]
) -> dict[int, list[str]]:
    """The traceparents of these customers' events that are not applied yet, by customer."""
    found = (
        select(events.c.zendesk_id, events.c.trace)
        .where(
            IS_UNAPPLIED,
            events.c.installation_id == installation_id,
            events.c.zendesk_id.in_(zendesk_ids),
            events.c.trace.is_not(None),
        )
        .limit(MOST)
    )
    traces: dict[int, list[str]] = defaultdict(list)
    for zendesk_id, trace in connection.execute(found):
        traces[zendesk_id].append(trace)
    return traces


def of_subjects(connection: Connection, installation_id: int, subjects: Collection[str]) -> list[str]:
    """Those of events about `user:7` or `ticket:991`, and of the event behind `action:ID`."""
    numbers = [int(one.partition(":")[2]) for one in subjects if one.startswith("user:")]
    ids = [one.partition(":")[2] for one in subjects if one.startswith("action:")]
    found = select(events.c.trace).where(
        IS_UNAPPLIED,
        events.c.installation_id == installation_id,
        events.c.trace.is_not(None),
        or_(events.c.zendesk_id.in_(numbers), events.c.subject.in_(subjects), events.c.id.in_(ids)),
    )
    return [str(trace) for trace in connection.scalars(found.limit(MOST))]
