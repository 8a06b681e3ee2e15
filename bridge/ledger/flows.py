"""How much went through the ledger between two moments. Reads only, along indexes."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from bridge.ledger.tables import attempts, events

SECOND = 1_000_000
LONGEST_CALL_US = 120 * SECOND  # no attempt lasts longer
MOST_CUSTOMERS, MOST_EVENTS = 2_000, 5_000  # enough for a ninety-ninth percentile
OLDEST_US = 7 * 86_400 * SECOND


def kept(connection: Connection, begin: int, end: int) -> dict[str, int]:
    """Events that were kept: lane -> how many."""
    query = select(events.c.lane, func.count().label("many")).where(
        events.c.kept_at >= begin, events.c.kept_at < end
    )
    return {row.lane: row.many for row in connection.execute(query.group_by(events.c.lane))}


def unapplied(connection: Connection) -> dict[str, int]:
    """Events that wait for their push: lane -> how many."""
    query = select(events.c.lane, func.count().label("many")).where(events.c.outcome == "kept")
    return {row.lane: row.many for row in connection.execute(query.group_by(events.c.lane))}


def attempted(connection: Connection, begin: int, end: int) -> dict[tuple[str, str], int]:
    """Attempts that ended: (system, outcome) -> how many."""
    table = attempts.c
    query = select(table.system, table.outcome, func.count()).where(
        table.started_at >= begin - LONGEST_CALL_US, table.finished_at >= begin, table.finished_at < end
    )
    found = connection.execute(query.group_by(table.system, table.outcome))
    return {(system, outcome): count for system, outcome, count in found}


def lags(connection: Connection, begin: int, end: int) -> list[float]:
    """Seconds from arrival to the end of the push, of events of customers that were just pushed."""
    pushed = (
        select(attempts.c.installation_id, attempts.c.zendesk_id)
        .where(
            attempts.c.started_at >= begin - LONGEST_CALL_US,
            attempts.c.finished_at >= begin,
            attempts.c.outcome == "confirmed",
        )
        .distinct()
        .limit(MOST_CUSTOMERS)
        .subquery()
    )
    query = (
        select(events.c.applied_at - events.c.received_at)
        .join_from(
            pushed,
            events,
            (events.c.installation_id == pushed.c.installation_id)
            & (events.c.zendesk_id == pushed.c.zendesk_id),
        )
        .where(events.c.kept_at >= begin - OLDEST_US, events.c.applied_at >= begin, events.c.applied_at < end)
        .limit(MOST_EVENTS)
    )
    return [value / SECOND for value in connection.scalars(query)]
