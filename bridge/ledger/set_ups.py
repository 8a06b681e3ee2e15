"""The record of what `bridge setup` made. A part is written down before it is made, and again after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, select

from bridge.ledger.tables import set_ups
from bridge.ledger.writing import upsert

MAKING = "making"  # about to be made, or made by a run that did not live to say so
MADE = "made"
FOUND = "found"  # it was there before: used, and left where it is
REMOVING = "removing"
REMOVED = "removed"  # gone from the account; its secret still opens what was under way


@dataclass(frozen=True)
class SetUp:
    """One part of a set-up. `detail` holds nothing secret; `at` is when it was written, in microseconds."""

    part: str
    state: str
    zendesk_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    at: int = 0


def parts_of(connection: Connection, installation_id: int) -> dict[str, SetUp]:
    """All parts of an installation, by name."""
    found = connection.execute(select(set_ups).where(set_ups.c.installation_id == installation_id))
    return {
        row.part: SetUp(row.part, row.state, row.zendesk_id, json.loads(row.detail), row.at) for row in found
    }


def keep(connection: Connection, installation_id: int, one: SetUp) -> None:
    """Write a part down, in the place of what was written of it before."""
    row = {
        "installation_id": installation_id,
        "part": one.part,
        "state": one.state,
        "zendesk_id": one.zendesk_id,
        "detail": json.dumps(dict(one.detail)),
        "at": one.at,
    }
    upsert(connection, set_ups, [row], replace=("state", "zendesk_id", "detail", "at"))


def drop(connection: Connection, installation_id: int, part: str) -> None:
    """Forget a part."""
    connection.execute(
        delete(set_ups).where(set_ups.c.installation_id == installation_id, set_ups.c.part == part)
    )
