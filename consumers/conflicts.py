"""What follows when another profile holds the address that a customer moves to.

Pure: rows in, a ruling out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from bridge.customer import EMAIL, EMAIL_CONFLICT, EMAIL_TAKEN, Conflict, Customer, Known
from consumers.linking import MICROS, Neighbour
from schemas.sailthru_records import Profile

MOST_ROUNDS = 8
ID_VAR = "zendesk_id"


@dataclass(frozen=True)
class Ruling:
    """What follows from who holds the address.

    `reason` and `names` are for a dead letter, where there is one.
    """

    conflict: Conflict | None
    reason: str = ""
    error: str = ""
    nudged: tuple[Customer, ...] = field(default=())
    holds_already: bool = False


def rule(
    me: Neighbour,
    conflict: Conflict,
    holder: Profile | None,
    owner: Neighbour | None,
    *,
    merges: bool,
    now: int,
) -> Ruling:
    """Decide by the profile that holds the address, and by the customer it is linked to, if any."""
    if holder is None:
        return _retry(conflict, now)
    if holder.sid == me.customer.sid:
        return Ruling(None, holds_already=True)
    held = replace(conflict, holder_sid=holder.sid)
    if owner is not None:
        return _rule_on_owner(
            me, replace(held, holder_id=owner.customer.zendesk_id), owner, merges=merges, now=now
        )
    if holder.sid == me.customer.link.made_sid:
        # The bridge made that profile for this very customer before it knew the older one: nothing is lost.
        return Ruling(replace(held, step="merge"))
    return _rule_on_stranger(me, held, holder.vars.get(ID_VAR), merges=merges)


def _retry(conflict: Conflict, now: int) -> Ruling:
    if conflict.rounds >= MOST_ROUNDS:
        return _blocked(
            conflict, EMAIL_CONFLICT, "Sailthru refuses the new address, though no profile has it."
        )
    return Ruling(wait(conflict, now))


def _rule_on_owner(me: Neighbour, conflict: Conflict, owner: Neighbour, *, merges: bool, now: int) -> Ruling:
    address = owner.facts.last_address()
    if address == conflict.address and owner.facts.is_active():
        return _taken(me, conflict, owner.customer.zendesk_id)
    if address is not None and address != conflict.address:
        return _behind(me, conflict, owner, now)
    if not owner.facts.is_active():
        return _inactive(me, conflict, merges=merges)
    return _blocked(
        conflict,
        EMAIL_CONFLICT,
        f"The new address of customer {me.customer.zendesk_id} is held by customer "
        f"{owner.customer.zendesk_id}, who has no address to move to.",
    )


def _behind(me: Neighbour, conflict: Conflict, owner: Neighbour, now: int) -> Ruling:
    """The holder is about to move away: it goes first. Two that wait for each other need a stepping stone."""
    nudged = (_nudged(owner.customer, me.customer.zendesk_id, conflict.address, now),)
    other = owner.customer.link.conflict
    # Whoever met a holder itself, and asks once more at this moment, waits as well.
    is_circle = other is not None and other.holder_id is not None and other.step in ("ask", "wait", "blocked")
    if not is_circle and conflict.rounds < MOST_ROUNDS:
        return Ruling(wait(conflict, now), nudged=nudged)
    stone = _stepping_stone(me, conflict)
    if stone is not None:
        aside = replace(conflict, step="aside", aside=stone, asides=(*conflict.asides, stone))
        return Ruling(aside, nudged=nudged)
    if conflict.rounds < MOST_ROUNDS:
        return Ruling(wait(conflict, now), nudged=nudged)
    return _blocked(
        conflict,
        EMAIL_CONFLICT,
        f"Customers {me.customer.zendesk_id} and {owner.customer.zendesk_id} wait for each other's address. "
        "Change one of the two profiles' addresses in Sailthru by hand, then replay.",
    )


def _nudged(owner: Customer, by: int, address: str, now: int) -> Customer:
    """The owner is to move at once. Its profile is where we just saw it, whoever moved it there."""
    link, other = owner.link, owner.link.conflict
    if other is not None and other.reason == EMAIL_TAKEN and other.holder_id == by:
        # The one who had its new address to the end is us, and we are leaving.
        link = replace(link, conflict=replace(other, step="ask", reason=""))
    known = {**owner.known, EMAIL: Known(address, now)}
    return replace(owner, known=known, link=link, owed=True, due_at=now, not_before=0)


def _stepping_stone(me: Neighbour, conflict: Conflict) -> str | None:
    """An address the customer itself had, at which nothing was found standing in the way yet."""
    passed = {conflict.address, me.customer.known_address(), *conflict.asides}
    return next((address for address in me.facts.former_addresses() if address not in passed), None)


def _rule_on_stranger(me: Neighbour, conflict: Conflict, named: Any, *, merges: bool) -> Ruling:
    """The holder is linked to nobody here; its var may name a user of Zendesk."""
    is_named = isinstance(named, int) and not isinstance(named, bool) and named != me.customer.zendesk_id
    if merges and is_named:
        return Ruling(replace(conflict, step="check", holder_id=named))
    if merges:
        return Ruling(replace(conflict, step="merge"))
    whose = f" It belongs to the Zendesk user {named}." if is_named else ""
    return _blocked(
        conflict,
        EMAIL_CONFLICT,
        f"Another Sailthru profile has the new address of customer {me.customer.zendesk_id}.{whose}",
    )


def _inactive(me: Neighbour, conflict: Conflict, *, merges: bool) -> Ruling:
    if merges:
        return Ruling(replace(conflict, step="check"))
    return _blocked(
        conflict,
        EMAIL_CONFLICT,
        f"The new address of customer {me.customer.zendesk_id} is held by the profile of customer "
        f"{conflict.holder_id}, who is not active any more.",
    )


def checked(me: Neighbour, conflict: Conflict, *, is_active: bool) -> Ruling:
    """The holder's user was read in Zendesk just now: a living other customer is never merged."""
    if is_active:
        return _taken(me, conflict, conflict.holder_id)
    return Ruling(replace(conflict, step="merge"))


def _taken(me: Neighbour, conflict: Conflict, holder_id: int | None) -> Ruling:
    return _blocked(
        conflict,
        EMAIL_TAKEN,
        f"The new address of customer {me.customer.zendesk_id} is that of customer {holder_id}, "
        "who is active.",
    )


def _blocked(conflict: Conflict, reason: str, error: str) -> Ruling:
    return Ruling(replace(conflict, step="blocked", reason=reason), reason, error)


def wait(conflict: Conflict, now: int) -> Conflict:
    """Try again a little later, later still after each refusal; at once when the address comes free."""
    pause_s = min(60.0, 0.5 * 2**conflict.rounds)
    return replace(conflict, step="wait", until=now + int(pause_s * MICROS))
