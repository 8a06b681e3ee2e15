"""Lists of events as they stand in the ledger: filtered, newest first, page by page. Reads only."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select, text, tuple_

from bridge.ledger.byte_order import InByteOrder
from bridge.ledger.events import DEAD
from bridge.ledger.looking import customers_known_as, is_zendesk_id
from bridge.ledger.tables import events, installations

REFUSED = "refused"  # dead, because the other system said no
OUR_FAULT = ("bug", "unreadable")

# Written out: the databases use the partial index only for the very condition it was made with.
IS_UNMATCHED_HINT = text("zendesk_id IS NULL AND source = 'postback'")


_PLACE = re.compile(r"(\d{1,18})~(\d{1,9})~(.*)", re.ASCII)


@dataclass(frozen=True)
class EventFilter:
    """Which events; an empty field means any.

    `type` is a whole type (`postback.optout`) or its first part (`postback`); `known_as` an address, Zendesk
    id or sid; `since` and `until` are microseconds, by when the event arrived.
    """

    installation_id: int | None = None
    lanes: Collection[str] = ()
    type: str = ""
    outcome: str = ""
    reason: str = ""
    source: str = ""
    zendesk_id: int | None = None
    known_as: str = ""
    since: int | None = None
    until: int | None = None


class Place(NamedTuple):
    """Where an event stands in the order of lists, newest first; `kept_at` in microseconds."""

    kept_at: int
    installation_id: int
    id: str

    def __str__(self) -> str:
        """As it stands in addresses of pages."""
        return f"{self.kept_at}~{self.installation_id}~{self.id}"


def read_place(given: str) -> Place | None:
    """What `str` wrote; None for anything else."""
    found = _PLACE.fullmatch(given)
    return Place(int(found[1]), int(found[2]), found[3]) if found else None


def newest_events(
    connection: Connection, wanted: EventFilter, *, limit: int, before: Place | None = None
) -> Sequence[Row[Any]]:
    """Events, newest first; those older than the place `before`."""
    where = [] if before is None else [_is_older(before)]
    query: Select[Any] = select(events).where(*_event_where(wanted), *where).order_by(*_NEWEST_FIRST)
    if not wanted.known_as:
        return connection.execute(query.limit(limit)).all()
    # Each by an index of its own: no database puts an OR of these together well.
    found = {
        place_of(row): row
        for is_its in _is_about(connection, wanted)
        for row in connection.execute(query.where(is_its).limit(limit))
    }
    return [found[place] for place in sorted(found, reverse=True)[:limit]]


def events_kept_since(
    connection: Connection, wanted: EventFilter, since: int, *, limit: int
) -> list[Row[Any]]:
    """Events kept at that moment or later, oldest first."""
    query: Select[Any] = select(events).where(events.c.kept_at >= since, *_event_where(wanted))
    if wanted.known_as:
        query = query.where(or_(*_is_about(connection, wanted)))
    oldest_first = (events.c.kept_at, events.c.installation_id, _ID)
    return list(connection.execute(query.order_by(*oldest_first).limit(limit)))


def place_of(row: Row[Any]) -> Place:
    """Where an event stands in lists."""
    return Place(row.kept_at, row.installation_id, row.id)


_ID = InByteOrder(events.c.id)
_NEWEST_FIRST = (events.c.kept_at.desc(), events.c.installation_id.desc(), _ID.desc())


def _is_older(before: Place) -> ColumnElement[bool]:
    # The first condition alone is what an index can answer.
    return and_(
        events.c.kept_at <= before.kept_at,
        or_(
            events.c.kept_at < before.kept_at,
            tuple_(events.c.installation_id, _ID) < tuple_(before.installation_id, before.id),
        ),
    )


def _event_where(wanted: EventFilter) -> list[ColumnElement[bool]]:
    table = events.c
    where: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (table.installation_id, wanted.installation_id),
            (table.outcome, DEAD if wanted.outcome == REFUSED else wanted.outcome or None),
            (table.reason, wanted.reason or None),
            (table.source, wanted.source or None),
            (table.zendesk_id, wanted.zendesk_id),
        )
        if value is not None
    ]
    if wanted.outcome == REFUSED:
        where.append(table.reason.not_in(OUR_FAULT))
    if wanted.lanes:
        where.append(table.lane.in_(wanted.lanes))
    if wanted.type:
        kinds = table.type.startswith(f"{wanted.type}.", autoescape=True)
        where.append(or_(table.type == wanted.type, kinds))
    if wanted.since is not None:
        where.append(table.received_at >= wanted.since)
    if wanted.until is not None:
        where.append(table.received_at < wanted.until)
    return where


def _is_about(connection: Connection, wanted: EventFilter) -> list[ColumnElement[bool]]:
    """The ways in which an event can be about the customer of that name: as its own; as one of a user with
    that number; or as a hint, matched to nobody, that names it.
    """
    found = customers_known_as(connection, wanted.known_as, installation_id=wanted.installation_id)
    ways = [
        and_(events.c.installation_id == installation_id, events.c.zendesk_id == zendesk_id)
        for installation_id, zendesk_id in found
    ]
    if is_zendesk_id(wanted.known_as):
        anywhere = events.c.installation_id.in_(select(installations.c.id))
        ways.append(and_(anywhere, events.c.zendesk_id == int(wanted.known_as)))
    return [*ways, and_(IS_UNMATCHED_HINT, _names(wanted.known_as))]


def _names(known_as: str) -> ColumnElement[bool]:
    """Whether a hint's data names this address or sid."""
    named = [json.dumps({"email": known_as.lower()})[1:-1], json.dumps({"sid": known_as})[1:-1]]
    return or_(*(events.c.data.contains(name.replace(": ", ":", 1), autoescape=True) for name in named))
