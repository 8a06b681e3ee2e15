"""What people did: kept beside what it changed, in the same transaction, and found again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from bridge.ledger.tables import actions

COMMAND = "command"
CONSOLE = "console"
SIDEBAR = "sidebar"


@dataclass(frozen=True)
class ActionFilter:
    """Which actions; an empty field means any.

    `action` is a whole name (`dead_replayed`) or its beginning (`dead`); `since` and
    `until` are microseconds; `before` is a number: only actions noted before that one.
    """

    installation_id: int | None = None
    operator: str = ""
    action: str = ""
    via: str = ""
    since: int | None = None
    until: int | None = None
    before: int | None = None


def note(  # noqa: PLR0913 - one parameter for each thing that is noted
    connection: Connection,
    at: int,
    *,
    operator: str,
    action: str,
    target: str,
    installation_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
    via: str = COMMAND,
) -> None:
    """Note an action of time `at` (microseconds). `detail` holds neither secrets nor addresses."""
    connection.execute(
        actions.insert().values(
            at=at,
            operator=operator,
            action=action,
            target=target,
            installation_id=installation_id,
            via=via,
            detail=json.dumps(detail or {}),
        )
    )


def newest(connection: Connection, wanted: ActionFilter, *, limit: int) -> Sequence[Row[Any]]:
    """Actions, newest first."""
    table = actions.c
    where = [
        column == value
        for column, value in (
            (table.installation_id, wanted.installation_id),
            (table.operator, wanted.operator or None),
            (table.via, wanted.via or None),
        )
        if value is not None
    ]
    if wanted.action:
        where.append(table.action.startswith(wanted.action, autoescape=True))
    if wanted.since is not None:
        where.append(table.at >= wanted.since)
    if wanted.until is not None:
        where.append(table.at < wanted.until)
    if wanted.before is not None:
        where.append(table.id < wanted.before)
    return connection.execute(select(actions).where(*where).order_by(table.id.desc()).limit(limit)).all()
