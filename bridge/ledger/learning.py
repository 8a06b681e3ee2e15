"""How an installation's accounts turned out to behave where their makers do not say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from bridge.ledger.prepared import Prepared
from bridge.ledger.tables import installations


@dataclass(frozen=True)
class ZendeskWays:
    """What a Zendesk account has and can do.

    `user_fields`: the keys of its active user fields, each with the moment (microseconds) before which it was
    not there, 0 if it always was; read at `fields_at`. None: not read yet. `high_value_at`: the option as
    every linked customer was last looked at by it. `has_user_tags`: whether users have tags at all; true
    until one was seen without.
    """

    user_fields: Mapping[str, int] | None = None
    fields_at: int = 0
    high_value_at: int | None = None
    has_user_tags: bool = True


def zendesk_ways(learned: Mapping[str, Any]) -> ZendeskWays:
    """What was learned of the Zendesk account."""
    return ZendeskWays(
        learned.get("user_fields"),
        learned.get("user_fields_at", 0),
        learned.get("high_value_at"),
        learned.get("user_tags", True),
    )


def learned(connection: Connection, installation_id: int) -> dict[str, Any]:
    """What was learned so far.

    `objects` is `merged` or `replaced`: what Sailthru does with an object sent into one. `user_fields`,
    `user_fields_at`, `high_value_at` and `user_tags`: see `ZendeskWays`.
    """
    text = _LEARNED.value(connection, {"of": installation_id})
    known: dict[str, Any] = json.loads(text or "{}")
    return known


_LEARNED = Prepared(select(installations.c.learned).where(installations.c.id == bindparam("of")))


def learn(connection: Connection, installation_id: int, **found: Any) -> None:
    """Remember one thing more. The settings did not change, so neither does `updated_at`."""
    # Held, so that of two who learn something at once neither forgets what the other found.
    connection.execute(
        select(installations.c.id).where(installations.c.id == installation_id).with_for_update()
    )
    known = learned(connection, installation_id) | found
    connection.execute(
        update(installations).where(installations.c.id == installation_id).values(learned=json.dumps(known))
    )
