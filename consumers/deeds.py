"""What agents ask for that others carry out: a profile made, two merged or kept apart, a fresh reading.

The deed begins in the ledger; the wait then looks until whoever does it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from bridge.agent_action import SAVING, AgentAction
from bridge.clock import to_micros
from bridge.customer import EMAIL_CONFLICT, Customer, Link
from bridge.ledger import customers, dead, waits, zendesk_users
from bridge.ledger.writing import lock_subjects
from consumers import action_ends, profile_waits
from consumers.answers import Asked
from consumers.patience import Cause
from schemas.agent_action import CREATE, KEEP_APART, MERGE, REFRESH

LOOK_AGAIN = timedelta(seconds=0.3)
TRIED_FOR = timedelta(seconds=90)
BEGUN = "begun"

NO_PROFILE = "no_profile"


@dataclass(frozen=True)
class Case:
    """One action with the customer it is about, held inside a transaction."""

    connection: Connection
    asked: Asked
    action: AgentAction
    customer: Customer


@dataclass(frozen=True)
class Deed:
    """How a kind of action begins, and how its end is seen.

    `begin` changes the row, or says in a short code why it cannot; `is_done` looks at the row.
    """

    begin: Callable[[Case], str]
    is_done: Callable[[Case], bool]


def do(asked: Asked, action: AgentAction) -> None:
    """Begin the deed, or look whether it is done."""
    (wait,) = asked.waits
    now = asked.parts.clock.now()
    with asked.parts.ledger.writing() as connection:
        if action.state != SAVING:
            action_ends.pass_over(connection, asked, action)
            return
        reason = _step(connection, asked, action)
        if reason is None and now - wait.since < TRIED_FOR:
            waits.put_off(connection, wait, now + LOOK_AGAIN, progress={BEGUN: True})
        else:
            action_ends.end(connection, asked, action, "not_yet" if reason is None else reason)


def _step(connection: Connection, asked: Asked, action: AgentAction) -> str | None:
    """None: not done yet; empty: done; else why it cannot be."""
    (wait,) = asked.waits
    lock_subjects(connection, action.installation_id, [f"user:{action.zendesk_id}"])
    case = _case(connection, asked, action)
    deed = _DEEDS.get(action.kind)
    if deed is None or case is None:
        return NO_PROFILE
    if not wait.progress.get(BEGUN):
        reason = deed.begin(case)
        if reason:
            return reason
        case = _case(connection, asked, action) or case
    return "" if deed.is_done(case) else None


def _case(connection: Connection, asked: Asked, action: AgentAction) -> Case | None:
    held = customers.locked(connection, action.installation_id, [action.zendesk_id])
    customer = held.get(action.zendesk_id)
    return None if customer is None else Case(connection, asked, action, customer)


def _owe(case: Case, link: Link) -> None:
    now = to_micros(case.asked.parts.clock.now())
    since = case.customer.owed_at or now
    owed = replace(case.customer, link=link, owed=True, owed_at=since, due_at=now, not_before=0)
    customers.save(case.connection, [owed])


def _create(case: Case) -> str:
    """An agent asks for it by name: also for a customer whose profile was there once and is gone."""
    if not case.asked.installation.settings.options.create_profiles:
        return "not_allowed"
    link = case.customer.link
    if case.customer.sid is None:
        _owe(case, replace(link, once=False, last_sid=None, tried=(), looked_at=0, is_taken=False))
    return ""


def _merge(case: Case) -> str:
    """Only what a person may decide: the other profile belongs to no living customer of ours."""
    link, wanted = case.customer.link, case.action.value
    conflict = link.conflict
    if conflict is None:
        return ""
    if conflict.reason != EMAIL_CONFLICT or conflict.step != "blocked":
        return "not_mergeable"
    if wanted is not None and wanted != conflict.holder_sid:
        return "changed"
    _owe(case, replace(link, conflict=replace(conflict, step="merge")))
    return ""


def _keep_apart(case: Case) -> str:
    """The address stays with the other profile: decided, so nobody has to look at the letter any more."""
    action = case.action
    dead.close(case.connection, action.installation_id, action.zendesk_id, reasons=(EMAIL_CONFLICT,))
    return ""


def _refresh(case: Case) -> str:
    if case.customer.sid is None:
        return NO_PROFILE
    parts, action = case.asked.parts, case.action
    cause = Cause(action.zendesk_id)
    profile_waits.add(case.connection, action.installation_id, [cause], parts.patience, parts.clock.now())
    return ""


def _is_linked(case: Case) -> bool:
    return case.customer.sid is not None


def _is_merged(case: Case) -> bool:
    return case.customer.link.conflict is None


def _is_decided(_case: Case) -> bool:
    return True


def _is_read(case: Case) -> bool:
    row = zendesk_users.one(case.connection, case.action.installation_id, case.action.zendesk_id)
    return row is not None and row.read_at is not None and row.read_at >= case.action.at


_DEEDS = {
    CREATE: Deed(_create, _is_linked),
    MERGE: Deed(_merge, _is_merged),
    KEEP_APART: Deed(_keep_apart, _is_decided),
    REFRESH: Deed(_refresh, _is_read),
}
