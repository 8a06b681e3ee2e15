"""Customers in the ledger: who is owed a push, who pushes, what is surely there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, or_, select, text, update

from bridge.customer import Customer, Known, Link
from bridge.ledger.owing import Owing
from bridge.ledger.prepared import Prepared, PreparedList
from bridge.ledger.tables import customers
from bridge.ledger.writing import chunks, upsert

# Written out: the databases use the partial index only for the very condition it was made with.
IS_OWED = text("owed")

_OWING = Owing.of("customers")


@dataclass(frozen=True)
class Mark:
    """A customer whose facts changed: its address as they now say."""

    zendesk_id: int
    address: str | None


def locked(connection: Connection, installation_id: int, zendesk_ids: Iterable[int]) -> dict[int, Customer]:
    """These customers, held until the transaction ends, in key order. Unknown ones are left out."""
    rows = _LOCKED.rows(connection, zendesk_ids, {"of": installation_id})
    return {one.zendesk_id: one for one in map(_customer, rows)}


def one(connection: Connection, installation_id: int, zendesk_id: int) -> Customer | None:
    """One customer as it stands."""
    row = _ONE.first(connection, {"of": installation_id, "whom": zendesk_id})
    return None if row is None else _customer(row)


def seen(connection: Connection, installation_id: int, zendesk_ids: Iterable[int]) -> set[int]:
    """Which of these customers were read with all their tickets."""
    found: set[int] = set()
    for some in chunks(zendesk_ids):
        query = select(customers.c.zendesk_id).where(
            customers.c.installation_id == installation_id,
            customers.c.zendesk_id.in_(some),
            customers.c.seen_at.is_not(None),
        )
        found.update(connection.scalars(query))
    return found


def add(connection: Connection, installation_id: int, zendesk_ids: Iterable[int]) -> None:
    """Make rows for customers never heard of; the others stay as they are."""
    rows = [{"installation_id": installation_id, "zendesk_id": zendesk_id} for zendesk_id in set(zendesk_ids)]
    upsert(connection, customers, rows)


def mark_owed(connection: Connection, installation_id: int, marks: Sequence[Mark], now: int) -> None:
    """Their facts changed: one version more is wanted, and a push is due, though not before `not_before`."""
    rows = [
        {
            "key_installation": installation_id,
            "key_customer": mark.zendesk_id,
            "new_address": mark.address,
            "now": now,
        }
        for mark in sorted(marks, key=lambda mark: mark.zendesk_id)
    ]
    if rows:
        _MARK_OWED.run_all(connection, rows)


def installations_due(connection: Connection, now: int) -> list[int]:
    """The installations in which `claimable` would find somebody, in order."""
    return _OWING.installations_due(connection, now)


def claimable(
    connection: Connection, installation_id: int, now: int, *, limit: int, owed_before: int | None = None
) -> list[Customer]:
    """Customers of one installation whose push is due and whom nobody pushes, held to the transaction's end.

    `owed_before` leaves out those whose facts began to change later: in a backlog, facts run ahead.
    """
    asked = {"of": installation_id, "now": now, "most": limit}
    if owed_before is None:
        return [_customer(row) for row in _CLAIMABLE.rows(connection, asked)]
    return [
        _customer(row) for row in _CLAIMABLE_BEFORE.rows(connection, {**asked, "owed_before": owed_before})
    ]


def next_due(connection: Connection, after: int) -> int | None:
    """When the first push after that moment comes due; None when none does."""
    return _OWING.next_due(connection, after)


def forgive(connection: Connection, installation_id: int, now: int) -> None:
    """Failures so far were the system's: whoever is owed is tried now, and nobody has failed for long."""
    failing = (customers.c.installation_id == installation_id, customers.c.failing_since.is_not(None))
    connection.execute(update(customers).where(IS_OWED, *failing).values(due_at=now, not_before=0))
    connection.execute(update(customers).where(*failing).values(failures=0, failing_since=None))


def save(connection: Connection, changed: Sequence[Customer]) -> None:
    """Write customers back that this transaction holds (`locked`, `claimable`)."""
    if not changed:
        return
    rows = [
        _row(customer) for customer in sorted(changed, key=lambda one: (one.installation_id, one.zendesk_id))
    ]
    _SAVE.run_all(connection, rows)


def by_sid(connection: Connection, installation_id: int, sid: str) -> Customer | None:
    """The customer that a profile is linked to."""
    row = _BY_SID.first(connection, {"of": installation_id, "sid": sid})
    return None if row is None else _customer(row)


def at_address(connection: Connection, installation_id: int, address: str) -> list[Customer]:
    """The customers whose address fact this is, held until the transaction ends."""
    asked = {"of": installation_id, "address": address}
    return [_customer(row) for row in _AT_ADDRESS.rows(connection, asked)]


def linked_at(connection: Connection, installation_id: int, address: str) -> tuple[int, str] | None:
    """Zendesk id and sid of the linked customer whose address this is."""
    query = select(customers.c.zendesk_id, customers.c.sid).where(
        customers.c.installation_id == installation_id,
        customers.c.address == address,
        customers.c.sid.is_not(None),
    )
    row = connection.execute(query.order_by(customers.c.zendesk_id).limit(1)).first()
    return None if row is None else (row.zendesk_id, row.sid)


def _by_key() -> Any:
    return update(customers).where(
        customers.c.installation_id == bindparam("key_installation"),
        customers.c.zendesk_id == bindparam("key_customer"),
    )


_COLUMNS = tuple(field.name for field in fields(Customer))
# In the order of `Customer`: a row's values by name cost as much as the query itself.
_AS_CUSTOMER = tuple(customers.c[name] for name in _COLUMNS)
_OWED, _KNOWN, _LINK = (_COLUMNS.index(name) for name in ("owed", "known", "link"))
_OF = customers.c.installation_id == bindparam("of")

_ONE = Prepared(select(*_AS_CUSTOMER).where(_OF, customers.c.zendesk_id == bindparam("whom")))
_BY_SID = Prepared(select(*_AS_CUSTOMER).where(_OF, customers.c.sid == bindparam("sid")).with_for_update())
_AT_ADDRESS = Prepared(
    select(*_AS_CUSTOMER)
    .where(_OF, customers.c.address == bindparam("address"))
    .order_by(customers.c.zendesk_id)
    .with_for_update()
)
_LOCKED = PreparedList(
    lambda listed: (
        select(*_AS_CUSTOMER)
        .where(_OF, customers.c.zendesk_id.in_(listed))
        .order_by(customers.c.zendesk_id)
        .with_for_update()
    )
)
_IS_DUE = (
    select(*_AS_CUSTOMER)
    .where(
        IS_OWED,
        _OF,
        customers.c.due_at <= bindparam("now"),
        or_(customers.c.lease_until.is_(None), customers.c.lease_until <= bindparam("now")),
    )
    .order_by(customers.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIMABLE = Prepared(_IS_DUE)
_CLAIMABLE_BEFORE = Prepared(
    _IS_DUE.where(or_(customers.c.owed_at.is_(None), customers.c.owed_at <= bindparam("owed_before")))
)
_MARK_OWED = Prepared(
    _by_key().values(
        wanted=customers.c.wanted + 1,
        owed=True,
        owed_at=func.coalesce(customers.c.owed_at, bindparam("now")),
        due_at=case(
            (customers.c.not_before > bindparam("now"), customers.c.not_before), else_=bindparam("now")
        ),
        address=bindparam("new_address"),
    )
)
_SAVE = Prepared(
    _by_key().values(
        {name: bindparam(name) for name in _COLUMNS if name not in ("installation_id", "zendesk_id")}
    )
)


def _customer(row: Sequence[Any]) -> Customer:
    values = list(row)
    values[_OWED] = bool(values[_OWED])  # SQLite has numbers only
    known = json.loads(values[_KNOWN])
    values[_KNOWN] = {name: Known(digest, at, tuple(keys)) for name, (digest, at, keys) in known.items()}
    values[_LINK] = Link.from_record(json.loads(values[_LINK]))
    return Customer(*values)


def _row(customer: Customer) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(customer, name) for name in _COLUMNS}
    values["known"] = _written(customer.known)
    values["link"] = _written(customer.link.to_record())
    values["key_installation"] = values.pop("installation_id")
    values["key_customer"] = values.pop("zendesk_id")
    return values


# `json.dumps` makes an encoder each time it is asked for anything but its defaults.
_written = json.JSONEncoder(separators=(",", ":")).encode
