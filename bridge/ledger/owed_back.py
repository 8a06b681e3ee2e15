"""How much Zendesk is owed, and for how long. Reads only."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, case, func, not_, or_, select

from bridge.ledger.looking import Waiting, is_paused
from bridge.ledger.prepared import Prepared
from bridge.ledger.tables import directions, zendesk_users
from bridge.ledger.zendesk_users import HOLD, IS_OWED


def owed_back(connection: Connection, now: int) -> Waiting:
    """Customers of whom Zendesk is owed something, all installations together.

    `since` leaves out those who wait for others to go along with, until their time has come, those whose
    Zendesk is in trouble, and those who are paused.
    """
    count = _COUNT.value(connection, {})
    return Waiting(count or 0, _SINCE.value(connection, {"moment": now}))


_COUNT = Prepared(select(func.count()).select_from(zendesk_users).where(IS_OWED))

_IS_HELD = zendesk_users.c.due_at - zendesk_users.c.owed_at >= HOLD
_SINCE = Prepared(
    select(func.min(case((_IS_HELD, zendesk_users.c.due_at), else_=zendesk_users.c.owed_at))).where(
        IS_OWED,
        or_(not_(_IS_HELD), zendesk_users.c.due_at <= bindparam("moment")),
        zendesk_users.c.installation_id.not_in(
            select(directions.c.installation_id).where(directions.c.system == "zendesk")
        ),
        ~is_paused(zendesk_users.c.installation_id, "sailthru"),
    )
)
