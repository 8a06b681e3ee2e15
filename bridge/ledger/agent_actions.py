"""Agents' actions in the ledger: accepted once, undone or sent once, and what became of them.

Each change of state names the state before it, so that of an undo and a sending at the same moment one wins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, or_, select, text, update

from bridge.agent_action import FAILED, HELD, SAVED, SAVING, UNDONE, AgentAction
from bridge.ledger import actions
from bridge.ledger.events import KEPT
from bridge.ledger.prepared import Prepared
from bridge.ledger.tables import agent_actions as table
from bridge.ledger.tables import customers, events
from bridge.ledger.writing import chunks, lock_subjects

IS_OPEN = text("agent_actions.state IN ('held', 'saving')")
IS_SAVING = and_(IS_OPEN, table.c.state == SAVING)


@dataclass(frozen=True)
class EndedAction:
    """An action whose event is at its end: `outcome` and `reason` are the event's."""

    installation_id: int
    id: str
    outcome: str
    reason: str


def accept(connection: Connection, action: AgentAction) -> AgentAction:
    """Keep an action, and note it among what people did; one that stands already is left as it is.

    The action as it stands.
    """
    lock_subjects(connection, action.installation_id, [f"action:{action.id}"])
    standing = one(connection, action.installation_id, action.id)
    if standing is not None:
        return standing
    connection.execute(table.insert().values(_row(action)))
    _note(connection, action)
    return action


def one(connection: Connection, installation_id: int, id: str) -> AgentAction | None:  # noqa: A002
    """One action of an installation."""
    found = some(connection, installation_id, [id])
    return found[0] if found else None


def stands(connection: Connection, action: AgentAction) -> bool:
    """Whether the action is still there, and so until the transaction ends: nobody is forgotten meanwhile."""
    lock_subjects(connection, action.installation_id, [f"user:{action.zendesk_id}"])
    return one(connection, action.installation_id, action.id) is not None


def some(connection: Connection, installation_id: int, ids: Iterable[str]) -> list[AgentAction]:
    """Those of these actions that exist, newest first."""
    found: list[AgentAction] = []
    for part in chunks(ids):
        query = select(*_COLUMNS).where(table.c.installation_id == installation_id, table.c.id.in_(part))
        found += [_action(row) for row in connection.execute(query)]
    return sorted(found, key=lambda action: (action.at, action.id), reverse=True)


def of_customer(
    connection: Connection, installation_id: int, zendesk_id: int, *, since: int, limit: int = 20
) -> list[AgentAction]:
    """A customer's actions that are open, or ended at `since` or later; newest first."""
    is_recent = or_(table.c.finished_at >= since, table.c.state.in_((HELD, SAVING)))
    query = (
        select(*_COLUMNS)
        .where(table.c.installation_id == installation_id, table.c.zendesk_id == zendesk_id, is_recent)
        .order_by(table.c.at.desc(), table.c.id.desc())
        .limit(limit)
    )
    return [_action(row) for row in connection.execute(query)]


def undo(connection: Connection, installation_id: int, id: str, now: int) -> bool:  # noqa: A002
    """Take a held action back; False when it is sent already, or at its end."""
    statement = update(table).where(
        table.c.installation_id == installation_id, table.c.id == id, table.c.state == HELD
    )
    return connection.execute(statement.values(state=UNDONE, finished_at=now)).rowcount == 1


def release(connection: Connection, now: int, *, limit: int) -> list[AgentAction]:
    """Held actions whose time has come, oldest first: they are `saving` from here on, and to be published."""
    query = (
        select(table.c.id)
        .where(IS_OPEN, table.c.state == HELD, table.c.hold_until <= now)
        .order_by(table.c.at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.scalars(query))
    if not ids:
        return []
    statement = update(table).where(table.c.id.in_(ids), table.c.state == HELD).values(state=SAVING)
    return [_action(row) for row in connection.execute(statement.returning(*_COLUMNS))]


def unpublished(connection: Connection, before: int, *, limit: int) -> list[AgentAction]:
    """Actions from before that moment whose event is not in the ledger: the process that accepted them died.

    To publish them once more is safe: the event has the action's id.
    """
    its_event = and_(events.c.installation_id == table.c.installation_id, events.c.id == table.c.id)
    query = (
        select(*_COLUMNS)
        .where(IS_OPEN, table.c.state == SAVING, table.c.at < before, ~exists().where(its_event))
        .order_by(table.c.at)
        .limit(limit)
    )
    return [_action(row) for row in connection.execute(query)]


def next_release(connection: Connection) -> int | None:
    """When the next held action is to be sent; None when none is held."""
    query = select(table.c.hold_until).where(IS_OPEN, table.c.state == HELD).order_by(table.c.hold_until)
    micros: int | None = connection.scalar(query.limit(1))
    return micros


def begin(connection: Connection, installation_id: int, id: str, now: int) -> bool:  # noqa: A002
    """The consumer begins with it; False when it was undone or has ended."""
    statement = update(table).where(
        table.c.installation_id == installation_id, table.c.id == id, table.c.state == SAVING
    )
    return connection.execute(statement.values(sent_at=now)).rowcount == 1


def finish(
    connection: Connection, installation_id: int, ids: Sequence[str], now: int, *, reason: str = ""
) -> None:
    """Their ends: saved, or with a `reason` (a short code) failed. What has ended already stays as it is."""
    for part in chunks(ids):
        statement = update(table).where(
            table.c.installation_id == installation_id, table.c.id.in_(part), table.c.state == SAVING
        )
        state = FAILED if reason else SAVED
        connection.execute(statement.values(state=state, reason=reason, finished_at=now))


def reopen(connection: Connection, installation_id: int, id: str) -> None:  # noqa: A002
    """A failed action is tried once more."""
    statement = update(table).where(
        table.c.installation_id == installation_id, table.c.id == id, table.c.state == FAILED
    )
    connection.execute(statement.values(state=SAVING, reason="", finished_at=None))


def is_any_open(connection: Connection) -> bool:
    """Whether any action is not at its end."""
    return connection.scalar(select(table.c.id).where(IS_OPEN).limit(1)) is not None


def ended_with_events(connection: Connection, kinds: Sequence[str], *, limit: int) -> list[EndedAction]:
    """Actions of these kinds that are `saving` although their event is at its end, with that end."""
    query = (
        select(table.c.installation_id, table.c.id, events.c.outcome, events.c.reason)
        .join(events, and_(events.c.installation_id == table.c.installation_id, events.c.id == table.c.id))
        .where(IS_SAVING, table.c.kind.in_(kinds), events.c.outcome != KEPT)
        .limit(limit)
    )
    return [EndedAction(*row) for row in connection.execute(query)]


def hurried(connection: Connection, now: int) -> dict[int, list[int]]:
    """Customers whose push an agent waits for, and whom nobody pushes now: installation -> Zendesk ids."""
    found: dict[int, list[int]] = {}
    for installation_id, zendesk_id in _HURRIED.rows(connection, {"now": now}):
        found.setdefault(installation_id, []).append(zendesk_id)
    return found


def of_customers_in(
    connection: Connection, kinds: Sequence[str], states: Sequence[str], *, limit: int
) -> list[tuple[AgentAction, str]]:
    """Actions of these kinds that are `saving` with the state of their customer, if it is one of `states`."""
    same = and_(
        customers.c.installation_id == table.c.installation_id, customers.c.zendesk_id == table.c.zendesk_id
    )
    query = (
        select(*_COLUMNS, customers.c.state)
        .join(customers, same)
        .where(IS_SAVING, table.c.kind.in_(kinds), customers.c.state.in_(states))
        .where(exists().where(events.c.installation_id == table.c.installation_id, events.c.id == table.c.id))
        .limit(limit)
    )
    return [(_action(row[:-1]), row[-1]) for row in connection.execute(query)]


def _note(connection: Connection, action: AgentAction) -> None:
    detail = {
        "id": action.id,
        "value": action.value,
        "confirmed": action.is_confirmed,
        "claimed": action.is_claimed,
    }
    actions.note(
        connection,
        action.at,
        operator=f"agent:{action.agent or 'unknown'}",
        action=f"agent.{action.kind}",
        target=f"user:{action.zendesk_id}",
        installation_id=action.installation_id,
        detail=detail,
        via=actions.SIDEBAR,
    )


_NAMES = tuple(field.name for field in fields(AgentAction))
_COLUMNS = tuple(table.c[name] for name in _NAMES)


def _action(row: Sequence[Any]) -> AgentAction:
    known = dict(zip(_NAMES, row, strict=True))
    return AgentAction(**known | {"value": json.loads(known["value"]), "seen": json.loads(known["seen"])})


def _row(action: AgentAction) -> dict[str, Any]:
    values = {name: getattr(action, name) for name in _NAMES}
    return values | {"value": json.dumps(action.value), "seen": json.dumps(action.seen)}


_HURRIED = Prepared(
    select(table.c.installation_id, table.c.zendesk_id)
    .distinct()
    .join(
        customers,
        and_(
            customers.c.installation_id == table.c.installation_id,
            customers.c.zendesk_id == table.c.zendesk_id,
        ),
    )
    .where(
        IS_SAVING,
        customers.c.owed,
        customers.c.due_at <= bindparam("now"),
        or_(customers.c.lease_until.is_(None), customers.c.lease_until <= bindparam("now")),
    )
    .order_by(table.c.installation_id, table.c.zendesk_id)
    .limit(50)
)
