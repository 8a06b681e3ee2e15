"""Attempts, as they are told to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, not_, or_, select

from bridge.clock import iso_of
from bridge.deciding.steps import CheckHolder
from bridge.ledger import attempts as kept
from bridge.ledger.events import TO_ZENDESK
from bridge.ledger.looking import attempt_of
from bridge.ledger.tables import attempts

MOST = 50  # of one event
READS = ("look_up", "ask_holder", "read_back", "check_holder", "ask_fields")
AGENTS = "agent."  # what the actions of attempts for agents begin with


def attempt(one: Mapping[str, Any]) -> dict[str, Any]:
    """What a page, or a command, shows of an attempt; times ISO 8601, `duration_ms` None while it lasts."""
    ended = one["finished_at"]
    return {
        "started_at": iso_of(one["started_at"]),
        "finished_at": iso_of(ended),
        "duration_ms": None if ended is None else round((ended - one["started_at"]) / 1000, 1),
        "system": one["system"],
        "action": one["action"],
        "fields": one["fields"],
        "request": one["request"],
        "reply": one["reply"],
        "outcome": one["outcome"],
        "error": one["error"],
    }


def is_final_write(one: Mapping[str, Any]) -> bool:
    """Whether an attempt wrote something and the other system confirmed it."""
    return one["outcome"] == kept.CONFIRMED and one["action"] not in READS


def for_event(connection: Connection, event: Row[Any], *, action_at: int | None) -> list[dict[str, Any]]:
    """The attempts that were made for one event, oldest first: those planned by its facts, or later ones.

    `action_at` (microseconds) is when an agent asked, of an event that carries an action.
    """
    its_own = [*_for_agent(action_at), *_planned_by(event)]
    if event.zendesk_id is None or not its_own:
        return []
    where = (
        attempts.c.installation_id == event.installation_id,
        attempts.c.zendesk_id == event.zendesk_id,
        or_(*its_own),
    )
    found = connection.execute(select(attempts).where(*where).order_by(attempts.c.id).limit(MOST))
    return [attempt_of(row) for row in found]


def _for_agent(action_at: int | None) -> list[ColumnElement[bool]]:
    """An agent's action lends its attempt the moment of the click, in the place of a pusher's number."""
    if action_at is None:
        return []
    return [and_(attempts.c.action.startswith(AGENTS), attempts.c.lease == action_at)]


def _planned_by(event: Row[Any]) -> list[ColumnElement[bool]]:
    """Both directions count versions of their own: which of them an attempt is of, its call tells."""
    if event.version is None:
        return []
    is_agents = attempts.c.action.startswith(AGENTS)
    is_back = and_(attempts.c.system == "zendesk", attempts.c.action != CheckHolder.action)
    its_way = is_back if event.lane in TO_ZENDESK else not_(is_back)
    planned = and_(~is_agents, its_way, attempts.c.version >= event.version)
    return [planned if event.applied_at is None else and_(planned, attempts.c.started_at <= event.applied_at)]


def last(tries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The write that ended it, if there is one."""
    return next((one for one in reversed(tries) if is_final_write(one)), None)
