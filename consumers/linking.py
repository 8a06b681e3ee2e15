"""Who owns a profile, and what follows when an address is held by another one. Pure: rows in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.customer import EMAIL, EMAIL_CONFLICT, EMAIL_TAKEN, TAKEN, Conflict, Customer, Known, Link
from bridge.facts import ADDRESS, CustomerFacts
from schemas.sailthru_records import Profile

MICROS = 1_000_000
MOST_ROUNDS = 8
ID_VAR = "zendesk_id"


@dataclass(frozen=True)
class Neighbour:
    """Another customer of the same installation, with its facts."""

    customer: Customer
    facts: CustomerFacts


@dataclass(frozen=True)
class Linked:
    """What a search made of the customer, and of the one who had the profile before."""

    customer: Customer
    others: tuple[Customer, ...] = ()
    is_mine: bool = True


def claim(
    me: Neighbour,
    profile: Profile,
    place: str,
    linked_to: Neighbour | None,
    sharers: Sequence[Neighbour],
    now: int,
) -> Linked:
    """Link a found profile, unless another customer owns it: the one whose address fact it is, an active one
    before an inactive one, then the later fact, then the greater id."""
    if linked_to is not None and not _gives_way(linked_to, me, profile):
        return Linked(_passed_over(me.customer, place), is_mine=False)
    rivals = [other for other in sharers if other.customer.zendesk_id != me.customer.zendesk_id]
    if any(_claim_of(other, profile) > _claim_of(me, profile) for other in rivals):
        return Linked(_passed_over(me.customer, place), is_mine=False)
    others = () if linked_to is None else (_unlinked(linked_to.customer, now),)
    return Linked(link(me.customer, profile, me.facts, now), others)


def link(customer: Customer, profile: Profile, facts: CustomerFacts, now: int) -> Customer:
    """The customer with this profile as its own; a new owner owes all vars."""
    accounted = [f"email:{place}" for place in facts.former_addresses()]
    if profile.email:
        accounted.append(f"email:{profile.email}")
    known = {EMAIL: Known(profile.email, now)} if profile.email else {}
    tried = tuple(dict.fromkeys([*customer.link.tried, *accounted]))
    # An address conflict goes on where it was: it is about the address wanted, whichever profile is moved there.
    kept = Link(
        once=True,
        last_sid=profile.sid,
        made_sid=customer.link.made_sid,
        tried=tried,
        conflict=customer.link.conflict,
    )
    return replace(customer, sid=profile.sid, known=known, link=kept)


def unlink(customer: Customer) -> Customer:
    """The reply was not about the expected profile: nothing is known any more, and it is searched anew."""
    search = Link(once=customer.link.once, last_sid=customer.link.last_sid, made_sid=customer.link.made_sid)
    return replace(customer, sid=None, known={}, link=search)


def _unlinked(customer: Customer, now: int) -> Customer:
    # Its profile went to a new owner: it was not lost, so nothing is to be searched for or called gone.
    # Whoever pushes it just now finds the number changed.
    lost = replace(customer, sid=None, known={}, link=Link(), state=TAKEN, lease=customer.lease + 1)
    return replace(lost, owed=True, due_at=now)


def _passed_over(customer: Customer, place: str) -> Customer:
    tried = tuple(dict.fromkeys([*customer.link.tried, place]))
    return replace(customer, link=replace(customer.link, tried=tried, is_taken=True, looked_at=0))


def _gives_way(owner: Neighbour, me: Neighbour, profile: Profile) -> bool:
    """Whether a linked customer loses its profile: it is inactive, or the address is not its own and it has none
    to move to, while it is mine."""
    if me.facts.address() != profile.email:
        return False
    if not owner.facts.is_active():
        return True
    return owner.facts.address() == profile.email and _claim_of(me, profile) > _claim_of(owner, profile)


def _claim_of(one: Neighbour, profile: Profile) -> tuple[bool, bool, Any, int]:
    fact = one.facts.fields.get(ADDRESS)
    is_named = fact is not None and fact.value == profile.email
    at = fact.at.timestamp() if is_named and fact is not None else 0.0
    return (is_named and one.facts.is_active(), is_named, at, one.customer.zendesk_id)


@dataclass(frozen=True)
class Ruling:
    """What follows from who holds the address. `reason` and `names` are for a dead letter, where there is one."""

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
    address = owner.facts.address()
    if address == conflict.address:
        return _taken(me, conflict, owner.customer.zendesk_id)
    if not owner.facts.is_active():
        return _inactive(me, conflict, merges=merges)
    if address is None:
        return _blocked(
            conflict,
            EMAIL_CONFLICT,
            f"The new address of customer {me.customer.zendesk_id} is held by customer "
            f"{owner.customer.zendesk_id}, who has no address to move to.",
        )
    return _behind(me, conflict, owner, now)


def _behind(me: Neighbour, conflict: Conflict, owner: Neighbour, now: int) -> Ruling:
    """The holder is about to move away: it goes first. Two that wait for each other need a stepping stone."""
    nudged = (replace(owner.customer, owed=True, due_at=now, not_before=0),)
    other = owner.customer.link.conflict
    is_circle = other is not None and other.holder_id is not None and other.step in ("wait", "blocked")
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
        f"The new address of customer {me.customer.zendesk_id} is that of customer {holder_id}, who is active.",
    )


def _blocked(conflict: Conflict, reason: str, error: str) -> Ruling:
    return Ruling(replace(conflict, step="blocked", reason=reason), reason, error)


def wait(conflict: Conflict, now: int) -> Conflict:
    """Try again a little later, and later still after each refusal; a move that frees the address comes before."""
    pause_s = min(60.0, 0.5 * 2**conflict.rounds)
    return replace(conflict, step="wait", until=now + int(pause_s * MICROS))
