"""Zendesk's staff in the ledger: who used the sidebar, asked of Zendesk once in a while."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from bridge.ledger.tables import agents
from bridge.ledger.writing import chunks, upsert


@dataclass(frozen=True)
class Agent:
    """One of Zendesk's staff, or somebody who is not (any more). `read_at` is in microseconds."""

    zendesk_id: int
    name: str
    is_staff: bool
    read_at: int


def keep(connection: Connection, installation_id: int, agent: Agent) -> None:
    """Keep what Zendesk just said of somebody."""
    row = {"installation_id": installation_id, **vars(agent)}
    upsert(connection, agents, [row], replace=("name", "is_staff", "read_at"))


def one(connection: Connection, installation_id: int, zendesk_id: int) -> Agent | None:
    """Somebody who was asked for before."""
    return some(connection, installation_id, [zendesk_id]).get(zendesk_id)


def some(connection: Connection, installation_id: int, zendesk_ids: Iterable[int]) -> dict[int, Agent]:
    """Those of them who were asked for before."""
    found: dict[int, Agent] = {}
    for part in chunks(zendesk_ids):
        query = select(agents).where(
            agents.c.installation_id == installation_id, agents.c.zendesk_id.in_(part)
        )
        found |= {row.zendesk_id: _agent(row) for row in connection.execute(query)}
    return found


def _agent(row: Row[Any]) -> Agent:
    return Agent(row.zendesk_id, row.name, row.is_staff, row.read_at)
