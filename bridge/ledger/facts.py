"""Facts in the ledger: loaded by subject or by customer, stored as they stand."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, bindparam, select

from bridge.clock import from_micros, to_micros
from bridge.facts import FORMER_PREFIX, CustomerFacts, Fact, of_customer
from bridge.ledger.tables import facts
from bridge.ledger.writing import chunks, upsert


def of_subjects(connection: Connection, installation_id: int, subjects: Iterable[str]) -> list[Fact]:
    """Every fact about these subjects."""
    return _where(connection, installation_id, facts.c.subject, subjects)


def of_fields(
    connection: Connection, installation_id: int, subjects: Iterable[str], field: str
) -> list[Fact]:
    """One field of each of these subjects."""
    return _where(connection, installation_id, facts.c.subject, subjects, facts.c.field == field)


def of_customers(
    connection: Connection, installation_id: int, zendesk_ids: Iterable[int]
) -> dict[int, CustomerFacts]:
    """The facts of each of these customers, its tickets' included; a customer without any has empty ones."""
    wanted = list(zendesk_ids)
    found: dict[int, list[Fact]] = defaultdict(list)
    for fact in _where(connection, installation_id, facts.c.zendesk_id, wanted):
        if fact.zendesk_id is not None:
            found[fact.zendesk_id].append(fact)
    return {zendesk_id: of_customer(found[zendesk_id]) for zendesk_id in wanted}


def had_address(connection: Connection, installation_id: int, address: str) -> list[int]:
    """The customers that had this address once, in key order."""
    query = select(facts.c.zendesk_id).where(
        facts.c.installation_id == installation_id, facts.c.field == FORMER_PREFIX + address
    )
    return sorted(number for number in connection.scalars(query) if number is not None)


def store(connection: Connection, installation_id: int, standing: Sequence[Fact]) -> None:
    """Write facts as they stand now. The caller holds their subjects (`writing.lock_subjects`)."""
    upsert(
        connection,
        facts,
        [_row(installation_id, fact) for fact in standing],
        replace=("zendesk_id", "value", "at", "origin", "event_id"),
    )


def _where(
    connection: Connection,
    installation_id: int,
    column: Column[Any],
    values: Iterable[Any],
    *more: ColumnElement[bool],
) -> list[Fact]:
    found: list[Fact] = []
    for some in chunks(values):
        asked = {"installation_id": installation_id, "some": some}
        found.extend(_fact(row) for row in connection.execute(_by(column.name).where(*more), asked))
    return found


@cache
def _by(column: str) -> Select[Any]:
    """Facts whose `column` is one of `some`: putting the query together takes longer than running it."""
    return select(*_AS_FACT).where(
        facts.c.installation_id == bindparam("installation_id"),
        facts.c[column].in_(bindparam("some", expanding=True)),
    )


# In the order of `Fact`: a row's values by name cost as much as the query itself.
_AS_FACT = tuple(facts.c[each.name] for each in fields(Fact))


def _fact(row: Row[Any]) -> Fact:
    subject, field, value, at, origin, event_id, zendesk_id = tuple(row)
    return Fact(subject, field, json.loads(value), from_micros(at), origin, event_id, zendesk_id)


def _row(installation_id: int, fact: Fact) -> dict[str, Any]:
    return {
        "installation_id": installation_id,
        "subject": fact.subject,
        "field": fact.field,
        "zendesk_id": fact.zendesk_id,
        "value": json.dumps(fact.value, separators=(",", ":")),
        "at": to_micros(fact.at),
        "origin": fact.origin,
        "event_id": fact.event_id,
    }
