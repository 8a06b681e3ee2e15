"""The statements of the way back: put together once, for that costs more than running them."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import BigInteger, and_, bindparam, case, exists, func, or_, select, text, update

from bridge.ledger.owing import Owing
from bridge.ledger.prepared import Prepared
from bridge.ledger.tables import installations, zendesk_users
from bridge.zendesk_user import ZendeskUser

# Written out: the databases use the partial index only for the very condition it was made with.
IS_OWED = text("owed")
TOGETHER = 100  # users in one call

OWING = Owing.of("zendesk_users")

COLUMNS = tuple(field.name for field in fields(ZendeskUser))
# In the order of `ZendeskUser`: a row's values by name cost as much as the query itself.
AS_USER = tuple(zendesk_users.c[name] for name in COLUMNS)
KNOWN, OPENED = COLUMNS.index("known"), COLUMNS.index("opened")

IS_THIS_INSTALLATION = zendesk_users.c.installation_id == bindparam("of")
IS_THIS_ROW = (
    zendesk_users.c.installation_id == bindparam("key_installation"),
    zendesk_users.c.zendesk_id == bindparam("key_user"),
)
MOMENT = bindparam("moment", type_=BigInteger)
IS_FREE = or_(zendesk_users.c.lease_until.is_(None), zendesk_users.c.lease_until <= MOMENT)
IS_HELD = (
    IS_OWED,
    IS_THIS_INSTALLATION,
    zendesk_users.c.due_at > MOMENT,
    zendesk_users.c.not_before <= MOMENT,
    IS_FREE,
)

NEW_DUE = bindparam("new_due", type_=BigInteger)
EARLIER = case((and_(IS_OWED, zendesk_users.c.due_at < NEW_DUE), zendesk_users.c.due_at), else_=NEW_DUE)
WANTED_ANEW = {
    "wanted": zendesk_users.c.wanted + 1,
    "owed": True,
    "owed_at": func.coalesce(zendesk_users.c.owed_at, MOMENT),
    "due_at": case((zendesk_users.c.not_before > EARLIER, zendesk_users.c.not_before), else_=EARLIER),
}
MARK = Prepared(update(zendesk_users).where(*IS_THIS_ROW).values(WANTED_ANEW))
OWE_ALL = update(zendesk_users).where(IS_THIS_INSTALLATION).values(WANTED_ANEW)

HELD = (
    select(zendesk_users.c.zendesk_id)
    .where(*IS_HELD)
    .order_by(zendesk_users.c.due_at, zendesk_users.c.zendesk_id)
    .limit(TOGETHER)
)
HASTEN = (
    update(zendesk_users)
    .where(IS_THIS_INSTALLATION, zendesk_users.c.zendesk_id.in_(bindparam("some", expanding=True)))
    .values(due_at=MOMENT)
)

ONE = select(*AS_USER).where(IS_THIS_INSTALLATION, zendesk_users.c.zendesk_id == bindparam("whom"))
LOCKED = (
    select(*AS_USER)
    .where(IS_THIS_INSTALLATION, zendesk_users.c.zendesk_id.in_(bindparam("some", expanding=True)))
    .order_by(zendesk_users.c.zendesk_id)
    .with_for_update()
)
CLAIMABLE = (
    select(*AS_USER)
    .where(IS_OWED, IS_THIS_INSTALLATION, zendesk_users.c.due_at <= MOMENT, IS_FREE)
    .order_by(zendesk_users.c.due_at)
    .limit(bindparam("up_to"))
    .with_for_update(skip_locked=True)
)
GOING_ALONG = (
    select(*AS_USER)
    .where(*IS_HELD)
    .order_by(zendesk_users.c.due_at)
    .limit(bindparam("up_to"))
    .with_for_update(skip_locked=True)
)
IS_FAILING = (IS_THIS_INSTALLATION, zendesk_users.c.failing_since.is_not(None))
HASTEN_FAILING = update(zendesk_users).where(IS_OWED, *IS_FAILING).values(due_at=MOMENT, not_before=0)
FORGIVE = update(zendesk_users).where(*IS_FAILING).values(failures=0, failing_since=None)

TO_REFRESH = (
    select(installations.c.id)
    .where(
        exists().where(
            zendesk_users.c.installation_id == installations.c.id, zendesk_users.c.refresh_at <= MOMENT
        )
    )
    .order_by(installations.c.id)
)
FOR_REFRESH = (
    select(*AS_USER)
    .where(IS_THIS_INSTALLATION, zendesk_users.c.refresh_at <= MOMENT)
    .order_by(zendesk_users.c.refresh_at)
    .limit(bindparam("up_to"))
    .with_for_update(skip_locked=True)
)
TALLIES = (
    select(
        zendesk_users.c.installation_id.label("of"),
        func.count().label("linked"),
        func.count().filter(zendesk_users.c.has_open).label("with_open"),
    )
    .where(zendesk_users.c.refresh_at.is_not(None))
    .group_by(zendesk_users.c.installation_id)
)
SAVE = (
    update(zendesk_users)
    .where(*IS_THIS_ROW)
    .values({name: bindparam(name) for name in COLUMNS if name not in ("installation_id", "zendesk_id")})
)
