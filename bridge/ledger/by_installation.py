"""What stands in the ledger of each installation: who is owed, what is dead, which system is in trouble."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import ColumnElement, Connection, Table, TextClause, func, select

from bridge.ledger import customers as customers_statements
from bridge.ledger import zendesk_users as zendesk_users_statements
from bridge.ledger.dead import OPEN
from bridge.ledger.directions import Direction
from bridge.ledger.tables import audits, customers, dead_letters, directions, events, zendesk_users


def owed(connection: Connection, system: str) -> dict[int, int]:
    """Customers of whom that system is owed something: installation id -> how many."""
    if system == "sailthru":
        return _counted(connection, customers, customers_statements.IS_OWED)
    return _counted(connection, zendesk_users, zendesk_users_statements.IS_OWED)


def dead(connection: Connection) -> dict[int, int]:
    """Open dead letters: installation id -> how many."""
    return _counted(connection, dead_letters, dead_letters.c.state == OPEN)


def drift(connection: Connection) -> dict[int, int]:
    """Customers whose records disagreed when compared last, by installation; only where any were."""
    found = _counted(connection, zendesk_users, zendesk_users.c.drift.is_not(None))
    return {number: found.get(number, 0) for number in connection.scalars(select(audits.c.installation_id))}


def last_events(connection: Connection) -> dict[int, int]:
    """When the newest event came (microseconds), by installation; none while there is none."""
    query = select(events.c.installation_id, func.max(events.c.kept_at)).group_by(events.c.installation_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def troubled(connection: Connection) -> list[Direction]:
    """Every system of every installation that is in trouble, the longest first."""
    query = select(*(directions.c[each.name] for each in fields(Direction))).order_by(directions.c.since)
    return [Direction(*row) for row in connection.execute(query)]


def _counted(
    connection: Connection, table: Table, condition: ColumnElement[bool] | TextClause
) -> dict[int, int]:
    query = select(table.c.installation_id, func.count().label("many")).where(condition)
    found = connection.execute(query.group_by(table.c.installation_id))
    return {row.installation_id: row.many for row in found}
