"""Everything that happened to one customer, newest first, page by page.

Events, attempts, what agents asked for, what operators did, dead letters: each from a table of its own,
joined by their time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Row, Select, Table, and_, cast, or_, select
from sqlalchemy.types import Text

from bridge.clock import iso_of
from bridge.ledger.byte_order import InByteOrder
from bridge.ledger.looking import attempt_of
from bridge.ledger.tables import actions, agent_actions, attempts, dead_letters, events
from bridge.timeline.tries import attempt

EVENT, ATTEMPT, AGENT, OPERATOR, DEAD = "event", "attempt", "agent", "operator", "dead letter"


class Moment(NamedTuple):
    """Where something stands in the story: when (microseconds), of which kind, and its key there."""

    at: int
    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.at}~{self.kind}~{self.key}"


def read_moment(text: str) -> Moment | None:
    """What `str` wrote; None for anything else."""
    at, _, rest = text.partition("~")
    kind, _, key = rest.partition("~")
    is_one = at.isascii() and at.isdigit() and len(at) < 19 and kind in _SOURCES
    return Moment(int(at), kind, key) if is_one else None


class Source(NamedTuple):
    """A table of things that happen: when they did, what tells two of a moment apart, how they are told."""

    table: Table
    at: Column[int]
    key: Column[Any]
    told: Callable[[Row[Any]], Mapping[str, Any]]


class Story(NamedTuple):
    """A page of entries, and where the next one begins: None when nothing is older."""

    entries: list[dict[str, Any]]
    older: Moment | None


def happenings(
    connection: Connection, installation_id: int, zendesk_id: int, *, limit: int, before: Moment | None = None
) -> Story:
    """What happened to a customer, newest first; before the moment `before`.

    Each entry is `{"at": iso, "kind", "what", "outcome", "why", "id", …}`, with what its kind has to say.
    """
    found: list[tuple[Moment, Mapping[str, Any]]] = []
    for kind, source in _SOURCES.items():
        query = _of_customer(kind, source, installation_id, zendesk_id)
        if before is not None:
            query = query.where(_is_earlier(kind, source, before))
        newest = query.order_by(source.at.desc(), InByteOrder(source.key).desc()).limit(limit + 1)
        for row in connection.execute(newest):
            moment = Moment(getattr(row, source.at.name), kind, str(getattr(row, source.key.name)))
            found.append((moment, source.told(row)))
    found.sort(key=lambda one: one[0], reverse=True)
    entries = [{"at": iso_of(moment.at), "kind": moment.kind, **told} for moment, told in found[:limit]]
    return Story(entries, found[limit - 1][0] if len(found) > limit else None)


def _of_customer(kind: str, source: Source, installation_id: int, zendesk_id: int) -> Select[Any]:
    query = select(source.table).where(source.table.c.installation_id == installation_id)
    if kind != OPERATOR:
        return query.where(source.table.c.zendesk_id == zendesk_id)
    letters = select(("dead letter " + cast(dead_letters.c.id, Text)).label("target")).where(
        dead_letters.c.installation_id == installation_id, dead_letters.c.zendesk_id == zendesk_id
    )
    return query.where(or_(actions.c.target == target_of(zendesk_id), actions.c.target.in_(letters)))


def target_of(zendesk_id: int) -> str:
    """How an operator's action names a customer."""
    return f"customer {zendesk_id}"


def _is_earlier(kind: str, source: Source, before: Moment) -> Any:
    if kind < before.kind:
        return source.at <= before.at
    if kind > before.kind:
        return source.at < before.at
    return and_(source.at <= before.at, or_(source.at < before.at, InByteOrder(source.key) < before.key))


def _event(row: Row[Any]) -> dict[str, Any]:
    return {
        "what": row.type,
        "outcome": row.outcome,
        "why": row.reason,
        "id": row.id,
        "subject": row.subject,
        "source": row.source,
    }


def _attempt(row: Row[Any]) -> dict[str, Any]:
    told = attempt(attempt_of(row))
    return {"what": f"{row.system} {row.action}", "outcome": row.outcome, "why": row.error, "attempt": told}


def _agent(row: Row[Any]) -> dict[str, Any]:
    return {"what": row.kind, "outcome": row.state, "why": row.reason, "id": row.id, "agent": row.agent}


def _operator(row: Row[Any]) -> dict[str, Any]:
    return {"what": row.action, "outcome": "", "why": row.target, "operator": row.operator}


def _letter(row: Row[Any]) -> dict[str, Any]:
    return {
        "what": row.reason,
        "outcome": row.state,
        "why": row.error,
        "id": row.id,
        "attempts": row.attempts,
    }


_SOURCES = {
    EVENT: Source(events, events.c.kept_at, events.c.id, _event),
    ATTEMPT: Source(attempts, attempts.c.started_at, attempts.c.id, _attempt),
    AGENT: Source(agent_actions, agent_actions.c.at, agent_actions.c.id, _agent),
    OPERATOR: Source(actions, actions.c.at, actions.c.id, _operator),
    DEAD: Source(dead_letters, dead_letters.c.first_seen, dead_letters.c.id, _letter),
}
