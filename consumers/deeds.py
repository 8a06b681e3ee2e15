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
from bridge.customer import (
    EMAIL_CONFLICT,
    NO_EMAIL,
    NO_PROFILE,
    NOT_IN_ZENDESK,
    PROFILE_GONE,
    PUSHING,
    REFUSED,
    STAFF,
    TAKEN,
    Conflict,
    Customer,
    Link,
)
from bridge.ledger import customers, dead, waits, zendesk_users
from bridge.ledger.writing import lock_subjects
from consumers import action_ends, profile_waits
from consumers.answers import Asked
from consumers.patience import Cause
from schemas.agent_action import CREATE, KEEP_APART, MERGE, REFRESH

# How long to wait before the next look, by how long the deed has been under way: seconds, from the longest.
LOOK_AGAIN_S = ((600.0, 60.0), (30.0, 5.0), (0.0, 0.3))
READ_WITHIN = timedelta(seconds=90)
BEGUN = "begun"

NOT_YET = "not_yet"
# Where a customer ends for whom no profile could be made.
WITHOUT_PROFILE = (NO_EMAIL, NO_PROFILE, PROFILE_GONE, TAKEN, REFUSED, STAFF, NOT_IN_ZENDESK)


@dataclass(frozen=True)
class Case:
    """One action with the customer it is about, held inside a transaction."""

    connection: Connection
    asked: Asked
    action: AgentAction
    customer: Customer


@dataclass(frozen=True)
class Deed:
    """How a kind of action begins, and what came of it.

    `begin` changes the row, or says in a short code why it cannot. `came_to` looks at the row: None while it
    is still to be done, an empty text once it is, else why it never will be. What is only looked for
    `within` some time ends then; what others carry out ends when they are done or give up, for a word of
    ours before that might be wrong an hour later.
    """

    begin: Callable[[Case], str]
    came_to: Callable[[Case], str | None]
    within: timedelta | None = None


def do(asked: Asked, action: AgentAction) -> None:
    """Begin the deed, or look what came of it."""
    (wait,) = asked.waits
    now = asked.parts.clock.now()
    with asked.parts.ledger.writing() as connection:
        if action.state != SAVING:
            action_ends.pass_over(connection, asked, action)
            return
        reason = _step(connection, asked, action)
        if reason is None:
            again_at = now + _pause(now - wait.since)
            waits.put_off(connection, wait, again_at, progress={BEGUN: True})
        else:
            action_ends.end(connection, asked, action, reason)


def _pause(age: timedelta) -> timedelta:
    return timedelta(seconds=next(pause for since, pause in LOOK_AGAIN_S if age.total_seconds() >= since))


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
    is_over = deed.within is not None and asked.parts.clock.now() - wait.since >= deed.within
    found = deed.came_to(case)
    return NOT_YET if found is None and is_over else found


def _case(connection: Connection, asked: Asked, action: AgentAction) -> Case | None:
    held = customers.locked(connection, action.installation_id, [action.zendesk_id])
    customer = held.get(action.zendesk_id)
    return None if customer is None else Case(connection, asked, action, customer)


def _owe(case: Case, link: Link) -> None:
    """Let the pusher do it. The state is its to say again: what stands there is of before."""
    now = to_micros(case.asked.parts.clock.now())
    since = case.customer.owed_at or now
    owed = replace(case.customer, link=link, state=PUSHING, owed=True, owed_at=since)
    customers.save(case.connection, [replace(owed, due_at=now, not_before=0)])


def _create(case: Case) -> str:
    """An agent asks for it by name: also for a customer whose profile was there once and is gone."""
    if not case.asked.installation.settings.options.create_profiles:
        return "not_allowed"
    link = case.customer.link
    if case.customer.sid is None:
        _owe(case, replace(link, once=False, last_sid=None, tried=(), looked_at=0, is_taken=False))
    return ""


def _created(case: Case) -> str | None:
    if case.customer.sid is not None:
        return ""
    return case.customer.state if case.customer.state in WITHOUT_PROFILE else None


def _merge(case: Case) -> str:
    """Only what a person may decide: the other profile belongs to no living customer of ours."""
    conflict = case.customer.link.conflict
    if conflict is None:
        return ""
    reason = _other_than_shown(case, conflict)
    if not reason:
        _owe(case, replace(case.customer.link, conflict=replace(conflict, step="merge", is_apart=False)))
    return reason


def _merged(case: Case) -> str | None:
    customer, conflict = case.customer, case.customer.link.conflict
    if customer.sid is None:
        return PROFILE_GONE
    if conflict is None:
        return ""
    if conflict.step == "blocked":
        return "not_mergeable"
    if customer.state != REFUSED:
        return None
    # Whoever is told that it failed must not find it done by the next change in Zendesk.
    taken_back = replace(customer.link, conflict=replace(conflict, step="blocked"))
    customers.save(case.connection, [replace(customer, link=taken_back)])
    return REFUSED


def _keep_apart(case: Case) -> str:
    """The address stays with the other profile: decided, so nobody is asked about it any more."""
    conflict = case.customer.link.conflict
    if conflict is None:
        return ""
    reason = _other_than_shown(case, conflict)
    if not reason:
        decided = replace(case.customer.link, conflict=replace(conflict, is_apart=True))
        customers.save(case.connection, [replace(case.customer, link=decided)])
        key = (case.action.installation_id, case.action.zendesk_id)
        dead.close(case.connection, *key, reasons=(EMAIL_CONFLICT,))
    return reason


def _other_than_shown(case: Case, conflict: Conflict) -> str:
    """Why the agent's decision is not about the two profiles as they stand; empty when it is."""
    if conflict.reason != EMAIL_CONFLICT or conflict.step != "blocked":
        return "not_mergeable"
    return "changed" if case.action.value not in (None, conflict.holder_sid) else ""


def _decided(_case: Case) -> str:
    return ""


def _refresh(case: Case) -> str:
    if case.customer.sid is None:
        return NO_PROFILE
    parts, action = case.asked.parts, case.action
    cause = Cause(action.zendesk_id)
    profile_waits.add(case.connection, action.installation_id, [cause], parts.patience, parts.clock.now())
    return ""


def _read(case: Case) -> str | None:
    row = zendesk_users.one(case.connection, case.action.installation_id, case.action.zendesk_id)
    return "" if row is not None and row.read_at is not None and row.read_at >= case.action.at else None


_DEEDS = {
    CREATE: Deed(_create, _created),
    MERGE: Deed(_merge, _merged),
    KEEP_APART: Deed(_keep_apart, _decided),
    REFRESH: Deed(_refresh, _read, within=READ_WITHIN),
}
