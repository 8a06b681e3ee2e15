"""Customers that the bridge knows and has linked already: the ordinary state of things."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bridge.clock import to_micros
from bridge.customer import EMAIL
from bridge.facts import ACTIVE, ADDRESS, CREATED, ROLE, TAGS, TICKETS
from bridge.ledger import tables
from bridge.ledger.ledger import Ledger

READ_AT = datetime(2026, 11, 20, 8, 0, 0, tzinfo=UTC)


def link(ledger: Ledger, installation_id: int, zendesk_ids: Iterable[int]) -> None:
    """Write them as a first sight and a first push leave them, tickets aside: nothing is owed."""
    ids = list(zendesk_ids)
    with ledger.writing() as connection:
        connection.execute(tables.customers.insert(), [_customer(installation_id, one) for one in ids])
        rows = [row for one in ids for row in _facts(installation_id, one)]
        connection.execute(tables.facts.insert(), rows)


def address(zendesk_id: int) -> str:
    """The address that the stand-in's profile has."""
    return f"c{zendesk_id}@example.com"


def _customer(installation_id: int, zendesk_id: int) -> dict[str, Any]:
    at = to_micros(READ_AT)
    return {
        "installation_id": installation_id,
        "zendesk_id": zendesk_id,
        "address": address(zendesk_id),
        "sid": f"s{zendesk_id}",
        "state": "ok",
        "read_at": at,
        "seen_at": at,
        "wanted": 1,
        "paid": 1,
        "owed": False,
        "known": json.dumps({EMAIL: [address(zendesk_id), at, []]}),
        "link": json.dumps({"once": True, "tried": [f"email:{address(zendesk_id)}"]}),
    }


def _facts(installation_id: int, zendesk_id: int) -> list[dict[str, Any]]:
    stated = {
        ACTIVE: True,
        ADDRESS: address(zendesk_id),
        CREATED: "2026-11-01T08:00:00Z",
        ROLE: "end-user",
        TAGS: [],
        TICKETS: [],
    }
    return [
        {
            "installation_id": installation_id,
            "subject": f"user:{zendesk_id}",
            "field": field,
            "zendesk_id": zendesk_id,
            "value": json.dumps(value),
            "at": to_micros(READ_AT),
            "origin": "reading",
            "event_id": "bench",
        }
        for field, value in stated.items()
    ]
