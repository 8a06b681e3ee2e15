"""From filters as people write them to dead letters in the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bridge.clock import to_micros
from bridge.errors import BadSettings
from bridge.filters import Filters
from bridge.ledger import looking
from bridge.ledger.events import TO_SAILTHRU, TO_ZENDESK
from bridge.ledger.letters import DeadFilter
from bridge.when import Ago, Then

_LANES = {"to-sailthru": TO_SAILTHRU, "to-zendesk": TO_ZENDESK}


def chosen(connection: Connection, filters: Filters, now: datetime) -> DeadFilter:
    """The open letters that the filters leave. Raises `BadSettings` for an installation that there is not."""
    number = _installation(connection, filters.installation)
    wanted = DeadFilter(
        installation_id=number,
        lane=filters.lane,
        lanes=_LANES.get(filters.direction, ()),
        type=filters.type,
        reason=filters.reason,
        group=filters.group,
        since=_micros(filters.since, now),
        until=_micros(filters.until, now),
    )
    return replace(wanted, **_customer(connection, filters.customer, number))


def _installation(connection: Connection, name: str) -> int | None:
    if not name:
        return None
    numbers = {known: number for number, known in looking.names(connection).items()}
    if name not in numbers:
        raise BadSettings([f"there is no installation named {name}; see: bridge installations list"])
    return numbers[name]


def _customer(connection: Connection, known_as: str, installation_id: int | None) -> dict[str, Any]:
    """By a Zendesk id also letters about a customer that the ledger does not hold."""
    if not known_as:
        return {}
    if looking.is_zendesk_id(known_as):
        return {"zendesk_id": int(known_as)}
    found = looking.customers_known_as(connection, known_as, installation_id=installation_id)
    return {"customers": found}


def _micros(moment: Ago | Then | None, now: datetime) -> int | None:
    return None if moment is None else to_micros(moment.at(now))
