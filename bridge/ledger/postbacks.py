"""Postbacks in the ledger: whose profile each may be about, and the reading that answers them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from bridge.facts import FORMER_PREFIX
from bridge.ledger.events import IGNORED, IS_UNAPPLIED, TO_ZENDESK
from bridge.ledger.prepared import Prepared, PreparedList
from bridge.ledger.tables import customers, events, facts


@dataclass(frozen=True)
class Linkage:
    """A customer's way to its profile as it stands: `address` by the facts, `known` as `Customer.known`.

    Times are microseconds.
    """

    zendesk_id: int
    sid: str | None
    state: str
    address: str | None
    owed: bool
    due_at: int | None
    pushed_at: int | None
    lease_until: int | None
    known: str


def linkages(connection: Connection, installation_id: int, ids: Iterable[int]) -> dict[int, Linkage]:
    """How these customers are linked. Nobody is kept waiting by this, so it may be old a moment later."""
    rows = _OF_CUSTOMERS.rows(connection, ids, {"of": installation_id})
    return {one.zendesk_id: one for one in (Linkage(*row) for row in rows)}


def with_sid(connection: Connection, installation_id: int, sid: str) -> list[Linkage]:
    """The customer linked to this profile, if there is one."""
    return [Linkage(*row) for row in _WITH_SID.rows(connection, {"of": installation_id, "sid": sid})]


def with_address(connection: Connection, installation_id: int, address: str) -> list[Linkage]:
    """Customers who have this address, or had it once."""
    asked = {"of": installation_id, "address": address, "former": FORMER_PREFIX + address}
    return [Linkage(*row) for row in _WITH_ADDRESS.rows(connection, asked)]


def came_since(connection: Connection, installation_id: int, zendesk_id: int, since: int) -> bool:
    """Whether Sailthru told of a change of this customer at `since` or later."""
    query = select(events.c.id).where(
        events.c.installation_id == installation_id,
        events.c.zendesk_id == zendesk_id,
        events.c.lane.in_(TO_ZENDESK),
        events.c.received_at >= since,
    )
    return connection.scalar(query.limit(1)) is not None


def answer(
    connection: Connection, installation_id: int, zendesk_id: int, *, before: int, version: int
) -> None:
    """A reading sent so long after the hints received up to `before` shows what they told of.

    `version` of what Zendesk is owed holds it.
    """
    asked = {"of": installation_id, "whom": zendesk_id, "before": before}
    connection.execute(_ANSWER, {**asked, "holding": version})


def end(connection: Connection, installation_id: int, zendesk_id: int, reason: str) -> None:
    """There is no profile that could tell what they were about."""
    connection.execute(_END, {"of": installation_id, "whom": zendesk_id, "why": reason})


# In the order of `Linkage`.
_AS_LINKAGE = tuple(customers.c[each.name] for each in fields(Linkage))
_OF = customers.c.installation_id == bindparam("of")
_FORMER = select(facts.c.zendesk_id).where(
    facts.c.installation_id == bindparam("of"), facts.c.field == bindparam("former")
)


def _by_ids(listed: Sequence[Any]) -> Any:
    return select(*_AS_LINKAGE).where(_OF, customers.c.zendesk_id.in_(listed))


_OF_CUSTOMERS = PreparedList(_by_ids)
_WITH_SID = Prepared(select(*_AS_LINKAGE).where(_OF, customers.c.sid == bindparam("sid")))
_WITH_ADDRESS = Prepared(
    select(*_AS_LINKAGE)
    .where(_OF, or_(customers.c.address == bindparam("address"), customers.c.zendesk_id.in_(_FORMER)))
    .order_by(customers.c.zendesk_id)
)

_IS_OPEN = (
    IS_UNAPPLIED,
    events.c.installation_id == bindparam("of"),
    events.c.zendesk_id == bindparam("whom"),
    events.c.lane.in_(TO_ZENDESK),
)
_ANSWER = (
    update(events)
    .where(*_IS_OPEN, events.c.version.is_(None), events.c.received_at <= bindparam("before"))
    .values(version=bindparam("holding"))
)
_END = update(events).where(*_IS_OPEN).values(outcome=IGNORED, reason=bindparam("why"))
