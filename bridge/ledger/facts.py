"""Facts in the ledger: loaded by subject or by customer, stored as they stand."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, bindparam, exists, select

from bridge.clock import from_micros, to_micros
from bridge.facts import ACTIVE, FORMER_PREFIX, GONE, CustomerFacts, Fact, of_customer
from bridge.ledger.prepared import Prepared, PreparedList
from bridge.ledger.tables import facts
from bridge.ledger.writing import upsert


def of_subjects(connection: Connection, installation_id: int, subjects: Iterable[str]) -> list[Fact]:
    """Every fact about these subjects."""
    return [_fact(row) for row in _OF_SUBJECTS.rows(connection, subjects, {"of": installation_id})]


def of_fields(
    connection: Connection, installation_id: int, subjects: Iterable[str], field: str
) -> list[Fact]:
    """One field of each of these subjects."""
    asked = {"of": installation_id, "field": field}
    return [_fact(row) for row in _OF_FIELDS.rows(connection, subjects, asked)]


def of_customers(
    connection: Connection, installation_id: int, zendesk_ids: Iterable[int]
) -> dict[int, CustomerFacts]:
    """The facts of each of these customers, its tickets' included; a customer without any has empty ones."""
    wanted = list(zendesk_ids)
    found: dict[int, list[Fact]] = defaultdict(list)
    for row in _OF_CUSTOMERS.rows(connection, wanted, {"of": installation_id}):
        found[row[-1]].append(_fact(row))
    return {zendesk_id: of_customer(found[zendesk_id]) for zendesk_id in wanted}


def had_address(connection: Connection, installation_id: int, address: str) -> list[int]:
    """The customers that had this address once, in key order."""
    asked = {"of": installation_id, "field": FORMER_PREFIX + address}
    found = (row[0] for row in _HAD_ADDRESS.rows(connection, asked))
    return sorted(number for number in found if number is not None)


def deleted_users(connection: Connection, installation_id: int, *, limit: int) -> list[int]:
    """Customers who are deleted in Zendesk, but not known to be gone; who was not read for longest first."""
    gone = facts.alias()
    is_gone = exists().where(
        gone.c.installation_id == installation_id, gone.c.subject == facts.c.subject, gone.c.field == GONE
    )
    query = select(facts.c.zendesk_id).where(
        facts.c.installation_id == installation_id,
        facts.c.field == ACTIVE,
        facts.c.value == "false",
        ~is_gone,
    )
    return list(connection.scalars(query.order_by(facts.c.at).limit(limit)))


def gone_users(connection: Connection, installation_id: int, *, before: int, limit: int) -> list[int]:
    """Customers found to be gone from Zendesk before that moment (microseconds)."""
    query = select(facts.c.zendesk_id).where(
        facts.c.installation_id == installation_id,
        facts.c.field == GONE,
        facts.c.value == "true",
        facts.c.at < before,
    )
    return list(connection.scalars(query.order_by(facts.c.at).limit(limit)))


def is_any_told(connection: Connection, installation_id: int, field: str) -> bool:
    """Whether this field has a value with any customer at all."""
    query = select(facts.c.subject).where(
        facts.c.installation_id == installation_id, facts.c.field == field, facts.c.value != "null"
    )
    return connection.scalar(query.limit(1)) is not None


def store(connection: Connection, installation_id: int, standing: Sequence[Fact]) -> None:
    """Write facts as they stand now. The caller holds their subjects (`writing.lock_subjects`)."""
    upsert(
        connection,
        facts,
        [_row(installation_id, fact) for fact in standing],
        replace=("zendesk_id", "value", "at", "origin", "event_id"),
    )


# In the order of `Fact`: a row's values by name cost as much as the query itself.
_AS_FACT = tuple(facts.c[each.name] for each in fields(Fact))


def _by(column: Column[Any], *more: ColumnElement[bool]) -> PreparedList:
    return PreparedList(
        lambda listed: select(*_AS_FACT).where(
            facts.c.installation_id == bindparam("of"), column.in_(listed), *more
        )
    )


_OF_SUBJECTS = _by(facts.c.subject)
_OF_FIELDS = _by(facts.c.subject, facts.c.field == bindparam("field"))
_OF_CUSTOMERS = _by(facts.c.zendesk_id)
_HAD_ADDRESS = Prepared(
    select(facts.c.zendesk_id).where(
        facts.c.installation_id == bindparam("of"), facts.c.field == bindparam("field")
    )
)


def _fact(row: Sequence[Any]) -> Fact:
    subject, field, value, at, origin, event_id, zendesk_id = row
    return Fact(subject, field, json.loads(value), from_micros(at), origin, event_id, zendesk_id)


def _row(installation_id: int, fact: Fact) -> dict[str, Any]:
    return {
        "installation_id": installation_id,
        "subject": fact.subject,
        "field": fact.field,
        "zendesk_id": fact.zendesk_id,
        "value": _written(fact.value),
        "at": to_micros(fact.at),
        "origin": fact.origin,
        "event_id": fact.event_id,
    }


# `json.dumps` makes an encoder each time it is asked for anything but its defaults.
_written = json.JSONEncoder(separators=(",", ":")).encode
