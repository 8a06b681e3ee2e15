"""How an installation's accounts turned out to behave where their makers do not say."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select, update

from bridge.ledger.tables import installations


def learned(connection: Connection, installation_id: int) -> dict[str, Any]:
    """What was learned so far.

    `objects` is `merged` or `replaced`: what Sailthru does with an object sent into one.
    """
    text = connection.scalar(select(installations.c.learned).where(installations.c.id == installation_id))
    known: dict[str, Any] = json.loads(text or "{}")
    return known


def learn(connection: Connection, installation_id: int, **found: Any) -> None:
    """Remember one thing more. The settings did not change, so neither does `updated_at`."""
    known = learned(connection, installation_id) | found
    connection.execute(
        update(installations).where(installations.c.id == installation_id).values(learned=json.dumps(known))
    )
