"""Looks at what stands in the ledger, for commands, pages and gauges. Reads only; lists come in pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, exists, func, or_, select

from bridge.customer import AT_REST
from bridge.ledger.customers import IS_OWED
from bridge.ledger.dead import OPEN, DeadLetter, letter_of
from bridge.ledger.directions import HALTED
from bridge.ledger.pauses import EVERY_LANE, EVERYBODY
from bridge.ledger.tables import (
    attempts,
    customers,
    dead_letters,
    directions,
    events,
    installations,
    pauses,
    spool,
)

PARKED = "parked"


@dataclass(frozen=True)
class Waiting:
    """How many rows wait in the ledger, and since when the first of them (microseconds), if any."""

    count: int
    since: int | None


def is_paused(installation_id: ColumnElement[Any], lane: str) -> ColumnElement[bool]:
    """Whether what an installation owes by a lane waits for an operator."""
    return exists().where(
        or_(pauses.c.installation_id == EVERYBODY, pauses.c.installation_id == installation_id),
        or_(pauses.c.lane == EVERY_LANE, pauses.c.lane == lane),
    )


def spooled(connection: Connection) -> dict[tuple[str, str], Waiting]:
    """What waits in the spool: (lane, reason) -> how much and since when.

    `since` leaves out what is parked because its installation is paused.
    """
    counts = select(spool.c.lane, spool.c.reason, func.count(), func.min(_WAITS_SINCE))
    found = connection.execute(counts.group_by(spool.c.lane, spool.c.reason))
    return {(lane, reason): Waiting(count, since) for lane, reason, count, since in found}


def owed(connection: Connection) -> Waiting:
    """Customers who are owed a push.

    `since` leaves out who waits for somebody outside, for a system in trouble, or because of a pause.
    """
    count = connection.scalar(select(func.count()).select_from(customers).where(IS_OWED)) or 0
    since = connection.scalar(
        select(func.min(customers.c.owed_at)).where(
            IS_OWED,
            customers.c.state.not_in(AT_REST),
            customers.c.installation_id.not_in(select(directions.c.installation_id)),
            ~is_paused(customers.c.installation_id, "zendesk"),
        )
    )
    return Waiting(count, since)


def dead_by_reason(connection: Connection) -> dict[tuple[str, str], int]:
    """Open dead letters: (lane, reason) -> how many."""
    query = select(dead_letters.c.lane, dead_letters.c.reason, func.count()).where(
        dead_letters.c.state == OPEN
    )
    found = connection.execute(query.group_by(dead_letters.c.lane, dead_letters.c.reason))
    return {(lane, reason): count for lane, reason, count in found}


def halted(connection: Connection) -> list[tuple[str, str]]:
    """(installation, system) of those whose credentials do not work."""
    query = select(installations.c.name, directions.c.system).join_from(directions, installations)
    found = connection.execute(
        query.where(directions.c.state == HALTED, installations.c.removed_at.is_(None))
    )
    return [(row.name, row.system) for row in found]


def names(connection: Connection) -> dict[int, str]:
    """The names of all installations, removed ones included."""
    return {row.id: row.name for row in connection.execute(select(installations.c.id, installations.c.name))}


def letters_about(
    connection: Connection, installation_id: int, event_id: str, zendesk_id: int | None, *, limit: int = 20
) -> list[DeadLetter]:
    """Dead letters of any state about that event, or about pushes for that customer; newest first."""
    about = [dead_letters.c.event_id == event_id]
    if zendesk_id is not None:
        about.append(and_(dead_letters.c.zendesk_id == zendesk_id, dead_letters.c.event_id.is_(None)))
    query = select(dead_letters).where(dead_letters.c.installation_id == installation_id, or_(*about))
    return [
        letter_of(row) for row in connection.execute(query.order_by(dead_letters.c.id.desc()).limit(limit))
    ]


def events_with_id(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """The events with that id: at most one of each installation."""
    return connection.execute(select(events).where(events.c.id == event_id)).all()


def event(connection: Connection, installation_id: int, event_id: str) -> Row[Any] | None:
    """One event."""
    query = select(events).where(events.c.installation_id == installation_id, events.c.id == event_id)
    return connection.execute(query).one_or_none()


def customers_known_as(
    connection: Connection, wanted: str, *, installation_id: int | None = None
) -> list[tuple[int, int]]:
    """(installation id, Zendesk id) of the customers with that address, Zendesk id or sid."""
    known_as = [customers.c.address == wanted.lower(), customers.c.sid == wanted]
    if is_zendesk_id(wanted):
        known_as.append(customers.c.zendesk_id == int(wanted))
    query = select(customers.c.installation_id, customers.c.zendesk_id).where(or_(*known_as))
    if installation_id is not None:
        query = query.where(customers.c.installation_id == installation_id)
    found = connection.execute(query.order_by(customers.c.installation_id, customers.c.zendesk_id))
    return [(row.installation_id, row.zendesk_id) for row in found]


def is_zendesk_id(text: str) -> bool:
    """Whether a text may be a Zendesk id that the ledger can hold."""
    return text.isascii() and text.isdigit() and len(text) < 19


def attempts_on(
    connection: Connection, installation_id: int, zendesk_id: int, *, limit: int
) -> list[Mapping[str, Any]]:
    """A customer's attempts, newest first; `fields`, `request` and `reply` as values."""
    is_its = and_(attempts.c.installation_id == installation_id, attempts.c.zendesk_id == zendesk_id)
    found = connection.execute(select(attempts).where(is_its).order_by(attempts.c.id.desc()).limit(limit))
    return [attempt_of(row) for row in found]


def attempt_of(row: Row[Any]) -> dict[str, Any]:
    """A row of attempts with its JSON read."""
    return {
        **row._mapping,
        **{name: json.loads(getattr(row, name)) for name in ("fields", "request", "reply")},
    }


_IS_HELD_BACK = exists().where(
    spool.c.reason == PARKED,
    installations.c.name == spool.c.installation,
    pauses.c.installation_id.in_((EVERYBODY, installations.c.id)),
    pauses.c.lane.in_((EVERY_LANE, spool.c.lane)),
)
_WAITS_SINCE = case((~_IS_HELD_BACK, spool.c.kept_at))
