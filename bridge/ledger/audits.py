"""Audits in the ledger: whose profile differs, as it was seen last, and whose turn it is to be looked at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, text, update

from bridge.ledger.prepared import Prepared
from bridge.ledger.tables import audits, customers, zendesk_users
from bridge.ledger.writing import upsert

IS_DRIFTING = text("drift IS NOT NULL")


@dataclass(frozen=True)
class Turn:
    """When an installation's next sample is due (microseconds), and after whom it begins."""

    installation_id: int
    next_at: int
    position: int = 0
    deleted_at: int = 0


def note(connection: Connection, installation_id: int, zendesk_id: int, fields: Iterable[str]) -> None:
    """In which fields this customer's profile was just seen to differ; none: it agrees."""
    named = sorted(fields)
    seen = {"of": installation_id, "whom": zendesk_id, "seen": json.dumps(named) if named else None}
    _NOTE.run(connection, seen)


def drifting(connection: Connection, installation_id: int, *, limit: int) -> list[int]:
    """Customers whose profile differed when it was seen last."""
    query = select(zendesk_users.c.zendesk_id).where(
        IS_DRIFTING, zendesk_users.c.installation_id == installation_id
    )
    return list(connection.scalars(query.order_by(zendesk_users.c.zendesk_id).limit(limit)))


def counts(connection: Connection) -> dict[int, int]:
    """By installation, how many customers' profiles differed when they were seen last."""
    query = select(zendesk_users.c.installation_id, func.count()).where(IS_DRIFTING)
    found = connection.execute(query.group_by(zendesk_users.c.installation_id))
    return {row[0]: row[1] for row in found}


def linked(connection: Connection, installation_id: int, *, after: int, limit: int) -> list[int]:
    """Linked customers in the order of their Zendesk ids."""
    query = (
        select(customers.c.zendesk_id)
        .where(
            customers.c.installation_id == installation_id,
            customers.c.sid.is_not(None),
            customers.c.zendesk_id > after,
        )
        .order_by(customers.c.zendesk_id)
        .limit(limit)
    )
    return list(connection.scalars(query))


def linked_by_chance(connection: Connection, installation_id: int, *, limit: int) -> list[int]:
    """That many linked customers, chosen by chance."""
    query = select(customers.c.zendesk_id).where(
        customers.c.installation_id == installation_id, customers.c.sid.is_not(None)
    )
    return sorted(connection.scalars(query.order_by(func.random()).limit(limit)))


def tally(connection: Connection, installation_id: int) -> tuple[int, int]:
    """How many customers have a profile, and how many have none."""
    query = select(func.count(customers.c.sid), func.count()).where(
        customers.c.installation_id == installation_id
    )
    with_profile, everybody = connection.execute(query).one()
    return with_profile, everybody - with_profile


def turns(connection: Connection) -> dict[int, Turn]:
    """Every installation's, by its id."""
    found = connection.execute(
        select(audits.c.installation_id, audits.c.next_at, audits.c.position, audits.c.deleted_at)
    )
    return {row.installation_id: Turn(*row) for row in found}


def put(connection: Connection, new: Sequence[Turn]) -> None:
    """Write turns as they are now."""
    upsert(connection, audits, [vars(one) for one in new], replace=("next_at", "position", "deleted_at"))


_NOTE = Prepared(
    update(zendesk_users)
    .where(
        zendesk_users.c.installation_id == bindparam("of"),
        zendesk_users.c.zendesk_id == bindparam("whom"),
        zendesk_users.c.drift.is_distinct_from(bindparam("seen")),
    )
    .values(drift=bindparam("seen"))
)
