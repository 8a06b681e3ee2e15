"""Who owns a profile. Pure: rows in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.clock import to_micros
from bridge.customer import EMAIL, TAKEN, Customer, Known, Link
from bridge.facts import ADDRESS, FORMER_PREFIX, CustomerFacts
from schemas.sailthru_records import Profile

MICROS = 1_000_000


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
    around: Sequence[Neighbour],
    now: int,
) -> Linked:
    """Link a found profile, unless another one owns it; `around` are those who have or had its address."""
    if linked_to is not None and not _gives_way(linked_to, me, profile):
        return Linked(_passed_over(me, place), is_mine=False)
    # Whoever is linked elsewhere has a profile of its own, wherever that is about to move.
    rivals = [other for other in around if other.customer.sid is None and not _is_same(other, me)]
    if any(_claim_of(other, profile) > _claim_of(me, profile) for other in rivals):
        return Linked(_passed_over(me, place), is_mine=False)
    others = () if linked_to is None else (_unlinked(linked_to.customer, now),)
    return Linked(link(me.customer, profile, me.facts, now), others)


def link(customer: Customer, profile: Profile, facts: CustomerFacts, now: int) -> Customer:
    """The customer with this profile as its own; a new owner owes all vars."""
    accounted = [f"email:{place}" for place in facts.former_addresses()]
    if profile.email:
        accounted.append(f"email:{profile.email}")
    known = {EMAIL: Known(profile.email, now)} if profile.email else {}
    tried = tuple(dict.fromkeys([*customer.link.tried, *accounted]))
    # An address conflict goes on where it was: it is about the address wanted, whichever profile is moved
    # there.
    kept = Link(
        once=True,
        last_sid=profile.sid,
        made_sid=customer.link.made_sid,
        tried=tried,
        conflict=customer.link.conflict,
        since=_since(facts, profile.email),
    )
    return replace(customer, sid=profile.sid, known=known, link=kept)


def _since(facts: CustomerFacts, address: str | None) -> int:
    """When the address was the customer's: whatever address it had later leads to no truer profile."""
    fact = facts.fields.get(ADDRESS)
    if fact is None or fact.value != address:
        fact = facts.fields.get(f"{FORMER_PREFIX}{address}")
    return 0 if fact is None else to_micros(fact.at)


def unlink(customer: Customer) -> Customer:
    """The reply was not about the expected profile: nothing is known any more, and it is searched anew."""
    search = Link(once=customer.link.once, last_sid=customer.link.last_sid, made_sid=customer.link.made_sid)
    return replace(customer, sid=None, known={}, link=search)


def _unlinked(customer: Customer, now: int) -> Customer:
    # Its profile went to a new owner: it was not lost, so nothing is to be searched for or called gone.
    # Whoever pushes it just now finds the number changed.
    lost = replace(customer, sid=None, known={}, link=Link(), state=TAKEN, lease=customer.lease + 1)
    return replace(lost, owed=True, due_at=now)


def _passed_over(me: Neighbour, place: str) -> Customer:
    """Another one's profile.

    Only at the present address that matters: whoever has a former one now, has it.
    """
    link = me.customer.link
    tried = tuple(dict.fromkeys([*link.tried, place]))
    is_taken = link.is_taken or place == f"email:{me.facts.address()}"
    return replace(me.customer, link=replace(link, tried=tried, is_taken=is_taken, looked_at=0))


def _gives_way(owner: Neighbour, me: Neighbour, profile: Profile) -> bool:
    """Whether a linked customer loses its profile: the address is mine, the owner inactive or behind me."""
    if me.facts.address() != profile.email:
        return False
    if not owner.facts.is_active():
        return True
    return owner.facts.address() == profile.email and _claim_of(me, profile) > _claim_of(owner, profile)


def _claim_of(one: Neighbour, profile: Profile) -> tuple[int, float, int]:
    """How good a claim on the profile at an address is; the greatest owns it.

    A customer that had the address before, and whose profile was never found nor moved by us, comes first,
    the earliest of them: the profile was already there. Then the active one whose address it is, the later
    fact and then the greater id; then an inactive one whose last address it was.
    """
    number = one.customer.zendesk_id
    former = one.facts.fields.get(f"{FORMER_PREFIX}{profile.email}")
    is_unseen = one.customer.sid is None and f"email:{profile.email}" not in one.customer.link.tried
    if former is not None and is_unseen:
        return (3, -float(former.value), number)
    fact = one.facts.fields.get(ADDRESS)
    if fact is None or fact.value != profile.email:
        return (0, 0.0, number)
    return (2 if one.facts.is_active() else 1, fact.at.timestamp(), number)


def _is_same(one: Neighbour, other: Neighbour) -> bool:
    return one.customer.zendesk_id == other.customer.zendesk_id
