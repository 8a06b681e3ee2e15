"""What an outcome means for the customer: its new row, and what else follows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.customer import (
    EMAIL,
    EMAIL_CONFLICT,
    EMAIL_TAKEN,
    PUSHING,
    Conflict,
    Customer,
    Known,
    Link,
)
from bridge.deciding.planning import MERGED_INTO, REPLACED
from bridge.deciding.projection import TICKETS_VAR, digest
from bridge.deciding.steps import AskHolder, Call, CheckHolder, Create, LookUp, ReadBack, Write, sent_keys
from consumers import conflicts, linking
from consumers.conflicts import Ruling
from consumers.failing import failed
from consumers.linking import Neighbour
from consumers.outcomes import Failed, Found, Holder, Outcome
from consumers.settled import Around, Settled, going_on
from consumers.verdicts import MOST_BUGS, wait_s
from schemas.sailthru_records import Profile

MICROS = 1_000_000
CHECK_S = 30.0  # until a read of Sailthru surely shows our own write
ADDRESS_REASONS = (EMAIL_CONFLICT, EMAIL_TAKEN)


def settle(around: Around, step: Call, outcome: Outcome, *, merges: bool, now: int) -> Settled:
    """The customer after `step` came to `outcome`. `merges` is the installation's option."""
    me = around.me.customer.but(lease_until=None)
    around = Around(Neighbour(me, around.me.facts), around.linked_to, around.sharers)
    if isinstance(outcome, Failed):
        return failed(around, step, outcome.error, now)
    settled = _answered(around, step, outcome, merges=merges, now=now)
    return replace(settled, customer=going_on(settled.customer, now + int(settled.pause_s * MICROS)))


def _answered(around: Around, step: Call, outcome: Outcome, *, merges: bool, now: int) -> Settled:
    match step:
        case LookUp() | ReadBack():
            settled = _read(around, step, outcome, now)
        case Create() | Write() if isinstance(outcome, Found):
            settled = _written(around, step, outcome.profile, now)
        case AskHolder():
            holder = outcome.profile if isinstance(outcome, Found) else None
            settled = _asked(around, holder, merges=merges, now=now)
        case CheckHolder():
            is_active = isinstance(outcome, Holder) and outcome.is_active
            settled = _ruled(around, conflicts.checked(around.me, _conflict(around), is_active=is_active))
        case _:
            raise TypeError(f"{type(step).__name__} cannot come to {type(outcome).__name__}")
    return settled


def _read(around: Around, step: LookUp | ReadBack, outcome: Outcome, now: int) -> Settled:
    if isinstance(step, ReadBack):
        return _read_back(around.me.customer, step, outcome, now)
    if isinstance(outcome, Found):
        return _looked_up(around, step, outcome.profile, now)
    return Settled(_with_tried(around.me.customer, step))


def _looked_up(around: Around, step: LookUp, profile: Profile, now: int) -> Settled:
    me = _with_tried(around.me.customer, step)
    if profile.sid is None or (me.sid is not None and profile.sid == me.sid):
        return Settled(me)
    before = _before_search(around.me.customer, step)
    linked = linking.claim(
        replace(around.me, customer=before), profile, _place(step), around.linked_to, around.sharers, now
    )
    if not linked.is_mine and me.sid is not None:
        return Settled(me)  # a former address whose profile is another's: the link stays
    return Settled(linked.customer, linked.others)


def _before_search(customer: Customer, step: LookUp) -> Customer:
    return replace(customer, link=replace(customer.link, tried=step.tried))


def _with_tried(customer: Customer, step: LookUp) -> Customer:
    tried = tuple(dict.fromkeys([*step.tried, _place(step)]))
    return replace(customer, link=replace(customer.link, tried=tried, looked_at=0))


def _place(step: LookUp) -> str:
    return f"{step.key}:{step.id}"


def _written(around: Around, step: Create | Write, profile: Profile, now: int) -> Settled:
    if isinstance(step, Create):
        return _created(around, step, profile, now)
    me = around.me.customer
    if profile.sid != step.sid or (step.expected is not None and profile.email != step.expected):
        return _unexpected(me, now)
    known = _confirmed(me, step.vars, now)
    if profile.email:
        known[EMAIL] = Known(profile.email, now)
    moved = me.but(
        known=known, pushed_at=now, link=_after_write(me, step, now), failures=0, failing_since=None
    )
    left = [address for address in me.possible_addresses() if address != profile.email]
    has_arrived = step.email is not None and not step.is_aside
    return Settled(moved, freed=tuple(left), closes=ADDRESS_REASONS if has_arrived else ())


def _unexpected(customer: Customer, now: int) -> Settled:
    """The reply is not about the profile and address we meant. Once, or it happens again and again."""
    searching = linking.unlink(customer)
    searching = replace(
        searching, failures=customer.failures + 1, failing_since=customer.failing_since or now
    )
    pause_s = wait_s(customer.failures) if customer.failures else 0.0
    error = "Sailthru keeps answering about another profile or address than the one written to."
    letter = ("unexpected_reply", error) if customer.failures >= MOST_BUGS else None
    return Settled(searching, letter=letter, pause_s=pause_s)


def _after_write(customer: Customer, step: Write, now: int) -> Link:
    link = customer.link
    if step.email is not None:
        tried = tuple(dict.fromkeys([*link.tried, f"email:{step.email}"]))
        link = replace(
            link, tried=tried, conflict=_after_aside(link.conflict, now) if step.is_aside else None
        )
    gone = _gone_keys(customer, step)
    return replace(link, gone_keys=gone, check_at=now + int(CHECK_S * MICROS)) if gone else link


def _after_aside(conflict: Conflict | None, now: int) -> Conflict | None:
    return None if conflict is None else conflicts.wait(replace(conflict, aside=None), now)


def _gone_keys(customer: Customer, step: Write) -> tuple[str, ...]:
    """Tickets that the profile had and that were left out of what was written now."""
    sent = step.vars.get(TICKETS_VAR)
    if sent is None or any(value is None for value in sent.values()):
        return ()
    before = _ticket_keys(customer)
    return tuple(sorted(set(before) - set(sent)))


def _ticket_keys(customer: Customer) -> Sequence[str]:
    known = customer.known.get(TICKETS_VAR)
    return known.keys if known else ()


def _confirmed(customer: Customer, sent: Any, now: int) -> dict[str, Known]:
    known = dict(customer.known)
    for name, value in sent.items():
        if name == TICKETS_VAR:
            held = {key: ticket for key, ticket in value.items() if ticket is not None}
            known[name] = Known(digest(held), now, tuple(sorted(held)))
        else:
            known[name] = Known(digest(value), now)
    return known


def _created(around: Around, step: Create, profile: Profile, now: int) -> Settled:
    me = around.me.customer
    if profile.sid is None or profile.email != step.address:
        return _unexpected(me, now)
    other = around.linked_to
    if other is not None and other.customer.zendesk_id != me.zendesk_id:
        # The address got a profile, and that an owner, between our look and our write: it owes all of it
        # again.
        return Settled(linking.unlink(me), (_spoilt(other.customer, step, now),))
    made = replace(me, link=replace(me.link, made_sid=profile.sid))
    linked = linking.link(made, profile, around.me.facts, now)
    known = {**linked.known, **_confirmed(replace(linked, known={}), step.vars, now)}
    return Settled(replace(linked, known=known, pushed_at=now, failures=0, failing_since=None))


def _spoilt(owner: Customer, step: Create, now: int) -> Customer:
    keys = {name: found for name, found in sent_keys(step).items() if name != EMAIL}
    doubted = replace(owner, known=owner.doubting(keys), lease=owner.lease + 1)
    return replace(doubted, owed=True, due_at=now)


def _conflict(around: Around) -> Conflict:
    conflict = around.me.customer.link.conflict
    return conflict if conflict is not None else Conflict(around.me.facts.address() or "")


def _asked(around: Around, holder: Profile | None, *, merges: bool, now: int) -> Settled:
    ruling = conflicts.rule(around.me, _conflict(around), holder, around.linked_to, merges=merges, now=now)
    if ruling.holds_already and holder is not None and holder.email:
        me = around.me.customer
        known = {**me.known, EMAIL: Known(holder.email, now)}
        return Settled(replace(me, known=known, link=replace(me.link, conflict=None)), closes=ADDRESS_REASONS)
    return _ruled(around, ruling)


def _ruled(around: Around, ruling: Ruling) -> Settled:
    me = around.me.customer
    ruled = replace(me, link=replace(me.link, conflict=ruling.conflict), state=ruling.reason or PUSHING)
    # Where the profile of a deleted user ends is nobody's trouble.
    is_told = ruling.reason and around.me.facts.is_active()
    others = tuple(reason for reason in ADDRESS_REASONS if ruling.reason and reason != ruling.reason)
    letter = (ruling.reason, ruling.error) if is_told else None
    return Settled(ruled, ruling.nudged, letter=letter, closes=others)


def _read_back(customer: Customer, step: ReadBack, outcome: Outcome, now: int) -> Settled:
    """Sailthru shows whether it unset what an object no longer held."""
    cleared = replace(customer, link=replace(customer.link, gone_keys=(), check_at=0))
    if not isinstance(outcome, Found):
        return Settled(linking.unlink(customer))
    held = outcome.profile.vars.get(TICKETS_VAR)
    left = [key for key in step.gone if isinstance(held, dict) and held.get(key) is not None]
    if not left:
        return Settled(cleared, learned=REPLACED)
    known = dict(customer.known)
    keys = (*_ticket_keys(customer), *left)
    known[TICKETS_VAR] = Known("", now, tuple(sorted(set(keys))))
    return Settled(replace(cleared, known=known), learned=MERGED_INTO)
