"""Hands the customers of a backfill over to the pusher, some at a time: what Sailthru does not hold is owed.

A customer whose user and whose tickets all came counts as read, without a call: the tickets that the facts
name as its own are its complete list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.clock import from_micros, iso, to_micros
from bridge.customer import Customer
from bridge.deciding.reading import TICKETS, USER
from bridge.ledger import backfills, customers, facts, waits
from bridge.ledger.backfills import Backfill
from bridge.ledger.customers import Mark
from bridge.ledger.waits import Wait
from bridge.ledger.writing import lock_subjects
from consumers import records
from consumers.exporting.keeping import note_released

MOST_LOOKED_AT = 500  # customers in one transaction


@dataclass(frozen=True)
class Room:
    """How many customers may be handed over, and how many are looked at for them in one transaction."""

    most: int
    look_at: int = MOST_LOOKED_AT


@dataclass(frozen=True)
class Released:
    """The backfill after some customers; how many of them are new to the pusher, and if there are more."""

    backfill: Backfill
    count: int
    is_last: bool


@dataclass
class _Sorted:
    """The next customers, by what is to be done: `unread` are missing something that no export brought."""

    whole: list[Customer] = field(default_factory=list)
    changed: list[Customer] = field(default_factory=list)
    unread: list[Customer] = field(default_factory=list)
    unchanged: int = 0
    last: int = 0

    def owing(self) -> list[Customer]:
        return [*self.whole, *self.changed, *self.unread]


def release(
    connection: Connection,
    installation: tuple[int, str],
    backfill: Backfill,
    now: datetime,
    *,
    listed_at: datetime,
    room: Room,
) -> Released:
    """Let the next customers owe a push now. The exports vouch for all tickets up to `listed_at`."""
    number = installation[0]
    ids = backfills.next_customers(connection, number, backfill.released_to, limit=room.look_at)
    lock_subjects(connection, number, [f"user:{one}" for one in ids])
    held = customers.locked(connection, number, ids)
    created = backfills.created_at(connection, number, ids) if backfill.since else {}
    found = _sorted(
        [held[one] for one in ids if one in held], backfill, created, most=room.most, now=to_micros(now)
    )
    _list_tickets(connection, number, found.whole, backfill, listed_at)
    let_go = [one.zendesk_id for one in (*found.whole, *found.changed)]
    backfills.release(connection, number, let_go, to_micros(now))
    _have_read(connection, number, found.unread, now)
    note_released(connection, installation, {one.zendesk_id: one.wanted + 1 for one in found.owing()}, now)
    is_last = len(ids) < room.look_at and (not ids or found.last == ids[-1])
    after = replace(
        backfill,
        released_to=max(backfill.released_to, found.last),
        released=backfill.released + len(found.owing()),
        unchanged=backfill.unchanged + found.unchanged,
    )
    return Released(after, len(found.owing()), is_last)


def _sorted(
    held: Sequence[Customer], backfill: Backfill, created: Mapping[int, str | None], *, most: int, now: int
) -> _Sorted:
    """Those whose turn it is, up to the one that would be one too many. Pure."""
    found = _Sorted(last=backfill.released_to)
    for customer in held:
        place = _place(found, customer, backfill, created.get(customer.zendesk_id), now)
        if place is not None and len(found.owing()) >= most:
            break
        found.last = customer.zendesk_id
        if place is None:
            found.unchanged += 1
        else:
            place.append(customer)
    return found


def _place(
    found: _Sorted, customer: Customer, backfill: Backfill, created: str | None, now: int
) -> list[Customer] | None:
    if customer.seen_at is not None:
        is_marked = customer.owed and (customer.owed_at or 0) >= backfill.started_at
        return found.changed if is_marked and (customer.due_at or 0) > now else None
    if customer.read_at is not None and _has_all_tickets(backfill, created):
        return found.whole
    # Somebody reads it already, unless nobody ever asked.
    return found.unread if not customer.wanted else None


def _has_all_tickets(backfill: Backfill, created: str | None) -> bool:
    """Whether every ticket of a user created then changed late enough to be in the export."""
    return not backfill.since or (created is not None and created >= iso(from_micros(backfill.since)))


def _list_tickets(
    connection: Connection,
    installation_id: int,
    whole: Sequence[Customer],
    backfill: Backfill,
    listed_at: datetime,
) -> None:
    numbers = [one.zendesk_id for one in whole]
    named = f"backfill:{backfill.run}"
    listed = [
        records.complete_list(number, tickets, listed_at, named)
        for number, tickets in backfills.tickets_of(connection, installation_id, numbers).items()
    ]
    facts.store(connection, installation_id, listed)


def _have_read(
    connection: Connection, installation_id: int, unread: Iterable[Customer], now: datetime
) -> None:
    """What no export brought is read as of any customer heard of for the first time."""
    new = [
        Wait(installation_id, f"user:{one.zendesk_id}", kind, due_at=now, since=now)
        for one in unread
        for kind in ((TICKETS,) if one.read_at is not None else (USER, TICKETS))
    ]
    waits.add(connection, new)
    marks = [Mark(one.zendesk_id, one.address) for one in unread]
    customers.mark_owed(connection, installation_id, marks, to_micros(now))
