"""Backfills in the ledger: how far each came, and the customers that it hands to the pusher."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, and_, bindparam, case, func, select, update

from bridge.facts import CREATED, TICKET
from bridge.ledger.customers import IS_OWED, Mark
from bridge.ledger.prepared import Prepared, PreparedList
from bridge.ledger.tables import backfills, customers, events, facts
from bridge.ledger.writing import upsert

USERS, TICKETS, CUSTOMERS, DONE = "users", "tickets", "customers", "done"


@dataclass(frozen=True)
class Backfill:
    """One installation's backfill. Times are microseconds; `since` 0 means everything.

    `stage` is what is done now: the exports of users and of tickets, then handing customers over, of whom
    `released_to` was the last one; `released` counts them, `unchanged` those of whom nothing new was found.
    """

    installation_id: int
    run: int
    stage: str
    since: int
    started_at: int
    finished_at: int | None = None
    released_to: int = 0
    released: int = 0
    unchanged: int = 0

    @property
    def is_done(self) -> bool:
        return self.stage == DONE


def one(connection: Connection, installation_id: int) -> Backfill | None:
    """The last backfill of an installation."""
    query = select(*(backfills.c[each.name] for each in fields(Backfill)))
    row = connection.execute(query.where(backfills.c.installation_id == installation_id)).first()
    return None if row is None else Backfill(*row)


def put(connection: Connection, backfill: Backfill) -> None:
    """Write it as it stands now."""
    row = asdict(backfill)
    upsert(connection, backfills, [row], replace=[name for name in row if name != "installation_id"])


def read(connection: Connection, installation_id: int, marks: Sequence[Mark], now: int) -> None:
    """The users' records were read: their addresses, and that a push may follow."""
    rows = [
        {"of": installation_id, "whom": mark.zendesk_id, "new_address": mark.address, "now": now}
        for mark in sorted(marks, key=lambda mark: mark.zendesk_id)
    ]
    _READ.run_all(connection, rows)


def owe_later(
    connection: Connection, installation_id: int, marks: Sequence[Mark], now: int, *, due_at: int
) -> None:
    """Their facts changed, and a push follows at `due_at` unless something makes it due before."""
    rows = [
        {
            "of": installation_id, "whom": mark.zendesk_id, "new_address": mark.address, "now": now,
            "later": due_at,
        }
        for mark in sorted(marks, key=lambda mark: mark.zendesk_id)
    ]  # fmt: skip
    _OWE_LATER.run_all(connection, rows)


def next_customers(connection: Connection, installation_id: int, after: int, *, limit: int) -> list[int]:
    """The customers that come after that one, by their numbers."""
    asked = {"of": installation_id, "after": after, "most": limit}
    return [row[0] for row in _NEXT.rows(connection, asked)]


def tickets_of(
    connection: Connection, installation_id: int, zendesk_ids: Iterable[int]
) -> Mapping[int, list[int]]:
    """The tickets that count for each of these customers, by their facts."""
    numbers = list(zendesk_ids)
    found: dict[int, list[int]] = {number: [] for number in numbers}
    asked = {"of": installation_id, "field": TICKET}
    for whom, subject in _TICKETS.rows(connection, numbers, asked):
        found[whom].append(int(subject.partition(":")[2]))
    return found


def created_at(
    connection: Connection, installation_id: int, zendesk_ids: Iterable[int]
) -> dict[int, str | None]:
    """When each of these users was created, ISO 8601, as far as that is known."""
    asked = {"of": installation_id, "field": CREATED}
    return {whom: json.loads(value) for whom, value in _CREATED.rows(connection, zendesk_ids, asked)}


def release(connection: Connection, installation_id: int, zendesk_ids: Iterable[int], now: int) -> None:
    """These are owed a push now; those never pushed before are seen with it. One version more is wanted."""
    rows = [{"of": installation_id, "whom": number, "now": now} for number in sorted(zendesk_ids)]
    _RELEASE.run_all(connection, rows)


def due_now(connection: Connection, installation_id: int, now: int, *, most: int) -> int:
    """How many customers wait for their push, counted up to `most`."""
    waiting = (
        select(customers.c.zendesk_id)
        .where(IS_OWED, customers.c.installation_id == installation_id, customers.c.due_at <= now)
        .limit(most)
        .subquery()
    )
    return connection.scalar(select(func.count()).select_from(waiting)) or 0


def customers_left(connection: Connection, installation_id: int, after: int) -> int:
    """How many customers come after that number."""
    query = select(func.count()).select_from(customers)
    return (
        connection.scalar(
            query.where(customers.c.installation_id == installation_id, customers.c.zendesk_id > after)
        )
        or 0
    )


def outcomes(connection: Connection, installation_id: int, source: str, since: int) -> dict[str, int]:
    """What became of the events of one source that were kept since then: outcome -> how many."""
    query = (
        select(events.c.outcome, func.count())
        .where(
            events.c.installation_id == installation_id,
            events.c.source == source,
            events.c.kept_at >= since,
        )
        .group_by(events.c.outcome)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


_WHOM = and_(customers.c.installation_id == bindparam("of"), customers.c.zendesk_id == bindparam("whom"))
_READ = Prepared(
    update(customers)
    .where(_WHOM)
    .values(
        read_at=func.coalesce(customers.c.read_at, bindparam("now")),
        address=bindparam("new_address"),
    )
)
_OWE_LATER = Prepared(
    update(customers)
    .where(_WHOM)
    .values(
        wanted=customers.c.wanted + 1,
        owed=True,
        owed_at=func.coalesce(customers.c.owed_at, bindparam("now")),
        due_at=case(
            (
                and_(customers.c.owed, customers.c.due_at < bindparam("later")),
                customers.c.due_at,
            ),
            else_=bindparam("later"),
        ),
        address=bindparam("new_address"),
    )
)
_NEXT = Prepared(
    select(customers.c.zendesk_id)
    .where(customers.c.installation_id == bindparam("of"), customers.c.zendesk_id > bindparam("after"))
    .order_by(customers.c.zendesk_id)
    .limit(bindparam("most"))
)
_TICKETS = PreparedList(
    lambda listed: select(facts.c.zendesk_id, facts.c.subject).where(
        facts.c.installation_id == bindparam("of"),
        facts.c.zendesk_id.in_(listed),
        facts.c.field == bindparam("field"),
        facts.c.value != "null",
    )
)
_CREATED = PreparedList(
    lambda listed: select(facts.c.zendesk_id, facts.c.value).where(
        facts.c.installation_id == bindparam("of"),
        facts.c.zendesk_id.in_(listed),
        facts.c.field == bindparam("field"),
    )
)
_RELEASE = Prepared(
    update(customers)
    .where(_WHOM)
    .values(
        wanted=customers.c.wanted + 1,
        owed=True,
        owed_at=func.coalesce(customers.c.owed_at, bindparam("now")),
        seen_at=func.coalesce(customers.c.seen_at, bindparam("now")),
        due_at=case(
            (customers.c.not_before > bindparam("now"), customers.c.not_before), else_=bindparam("now")
        ),
    )
)
