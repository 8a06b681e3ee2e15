"""What a Zendesk account has: its user fields, remembered, and who is owed again when they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.ledger import learning, zendesk_users
from bridge.ledger.installations import Installation
from bridge.ledger.learning import ZendeskWays
from schemas.zendesk_jobs import UserFieldRecord

OURS = frozenset(field.key for field in USER_FIELDS)


@dataclass(frozen=True)
class Missing:
    """Fields that an account lacks, told once; `refusal` is what Zendesk said when it does not show them."""

    installation: Installation
    fields: tuple[str, ...]
    refusal: str = ""


def learn_fields(
    connection: Connection,
    installation: Installation,
    fields: Sequence[UserFieldRecord],
    refusal: str,
    *,
    now: int,
) -> Missing | None:
    """Remember which fields the account has; what is missing of ours, if that is news."""
    before = learning.zendesk_ways(learning.learned(connection, installation.id))
    there = fields_since(before, fields, now)
    high_value_at = installation.settings.options.high_value_at
    learning.learn(
        connection, installation.id, user_fields=there, user_fields_at=now, high_value_at=high_value_at
    )
    if _is_all_owed(before, there, high_value_at):
        zendesk_users.owe_all(connection, installation.id, now)
    missing = tuple(field.key for field in USER_FIELDS if field.key not in there)
    is_news = before.user_fields is None or OURS - set(before.user_fields) != set(missing)
    return Missing(installation, missing, refusal) if missing and is_news else None


def fields_since(before: ZendeskWays, fields: Sequence[UserFieldRecord], now: int) -> dict[str, int]:
    """The active fields, each with the moment before which it was not there. Pure."""
    since = 0 if before.user_fields is None else now
    known = before.user_fields or {}
    return {one.key: known.get(one.key, since) for one in fields if one.is_active and one.key in OURS}


def _is_all_owed(before: ZendeskWays, there: Mapping[str, int], high_value_at: int) -> bool:
    if before.user_fields is None:
        return False
    is_grown = bool(there.keys() - before.user_fields.keys())
    return is_grown or before.high_value_at not in (None, high_value_at)
