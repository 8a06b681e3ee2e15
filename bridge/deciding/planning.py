"""Which step comes next for one customer, by its facts and by what Sailthru surely holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.customer import (
    EMAIL_CONFLICT,
    NO_EMAIL,
    NO_PROFILE,
    OK,
    PROFILE_GONE,
    STAFF,
    SYNC_OFF,
    TAKEN,
    Conflict,
    Customer,
)
from bridge.deciding.projection import TICKETS_VAR, digest, is_customer, is_synced, sailthru_profile
from bridge.deciding.steps import AskHolder, CheckHolder, Create, LookUp, ReadBack, Rest, Step, Write
from bridge.facts import FORMER_PREFIX, SYNC, CustomerFacts
from bridge.ledger.events import IGNORED
from schemas.installation import InstallationSettings

DAY_S = 86_400.0
HOUR_S = 3_600.0
MINUTE_S = 60.0
UNREAD_AGAIN_S = 600.0
LEAVING_S = 600.0  # how long an event that frees an address may be late
MICROS = 1_000_000

MERGED_INTO = "merged"  # how Sailthru treats an object sent into an object
REPLACED = "replaced"


@dataclass(frozen=True)
class Standing:
    """All that decides a customer's next step.

    `objects`: whether Sailthru merges or replaces objects, None while nobody knows; `now` in microseconds.
    """

    customer: Customer
    facts: CustomerFacts
    settings: InstallationSettings
    objects: str | None
    now: int

    def wanted(self) -> dict[str, Any]:
        account, options = self.settings.zendesk, self.settings.options
        return sailthru_profile(self.customer.zendesk_id, self.facts, account.url, options)


def next_step(standing: Standing) -> Step:
    """The next call for this customer, or why there is none."""
    customer = standing.customer
    if customer.read_at is None and is_customer(standing.facts):
        # Still owed, so that it is counted; the reading that it waits for makes it due.
        return Rest(customer.state, UNREAD_AGAIN_S, outcome=None)
    if customer.sid is not None:
        return _for_linked(standing, customer.sid)
    if not is_customer(standing.facts):
        return Rest(STAFF, outcome=IGNORED)
    return _search(standing)


def _search(standing: Standing) -> Step:
    """Look the profile up: at the address, at each former one, and by the sid it once had."""
    tried = _tried(standing)
    for key, value in _places(standing):
        if f"{key}:{value}" not in tried:
            return LookUp(value, key, tried=tried)
    return _without_profile(standing, tried)


def _tried(standing: Standing) -> tuple[str, ...]:
    """The places that this search has seen; a search that ended over an hour ago begins anew."""
    link = standing.customer.link
    is_old = link.looked_at and standing.now - link.looked_at >= HOUR_S * MICROS
    return () if is_old else link.tried


def _places(standing: Standing) -> list[tuple[str, str]]:
    address, last_sid = standing.facts.address(), standing.customer.link.last_sid
    addresses = ([address] if address else []) + standing.facts.former_addresses()
    places = [("email", place) for place in addresses]
    return [*places, ("sid", last_sid)] if last_sid else places


def _without_profile(standing: Standing, tried: tuple[str, ...]) -> Step:
    address, link = standing.facts.address(), standing.customer.link
    options = standing.settings.options
    if link.is_taken:
        return _taken(standing)
    if address and options.create_profiles and not link.once and is_synced(standing.facts):
        return Create(address, standing.wanted())
    ended = replace(link, tried=tried, looked_at=standing.now)
    if link.once:
        return Rest(PROFILE_GONE, DAY_S, HOUR_S, outcome=IGNORED, link=ended)
    if not standing.facts.is_active():
        return Rest(NO_PROFILE, outcome=IGNORED, link=ended)
    state = NO_PROFILE if address else NO_EMAIL
    return Rest(state, DAY_S if address else None, HOUR_S, outcome=IGNORED, link=ended)


def _taken(standing: Standing) -> Rest:
    """Two users at one address: for a while its owner may be about to leave; then it is a state of itself."""
    link = replace(standing.customer.link, tried=(), is_taken=False, looked_at=0)
    owed_at = standing.customer.owed_at
    if owed_at is not None and standing.now - owed_at < LEAVING_S * MICROS:
        return Rest(TAKEN, MINUTE_S, outcome=None, link=link)
    return Rest(TAKEN, DAY_S, HOUR_S, outcome=IGNORED, link=link)


def _for_linked(standing: Standing, sid: str) -> Step:
    customer, facts = standing.customer, standing.facts
    unseen = _unseen_former(standing)
    if unseen is not None:
        return LookUp(unseen, "email", tried=customer.link.tried)
    owed = _sent(standing, _owed_vars(standing))
    address = owed_address(standing)
    if address is not None:
        return _move(standing, sid, address, owed)
    if owed:
        return _write(standing, sid, owed)
    if customer.link.gone_keys and standing.objects is None:
        return _check_gone_keys(standing, sid)
    return Rest(_state(facts))


def _unseen_former(standing: Standing) -> str | None:
    """A former address that became known after the link was made: the true profile may still be there."""
    customer = standing.customer
    passed = {*customer.link.tried, f"email:{customer.known_address()}"}
    for address in standing.facts.former_addresses():
        if f"email:{address}" not in passed and not _came_after_link(standing, address):
            return address
    return None


def _came_after_link(standing: Standing, address: str) -> bool:
    """Whether the customer had it only later than the address that led to the profile."""
    former = standing.facts.fields.get(FORMER_PREFIX + address)
    return former is not None and int(former.value) > standing.customer.link.since


def _owed_vars(standing: Standing) -> dict[str, Any]:
    known = standing.customer.known
    return {
        name: value
        for name, value in standing.wanted().items()
        if name not in known or known[name].digest != digest(value)
    }


def owed_address(standing: Standing) -> str | None:
    """The address the profile must move to; None when it is there, or not ours to move."""
    if standing.facts.value(SYNC, default=True) is False or not is_customer(standing.facts):
        return None
    address = standing.facts.last_address()
    return address if address and address != standing.customer.known_address() else None


def _move(standing: Standing, sid: str, address: str, owed: Mapping[str, Any]) -> Step:
    conflict = standing.customer.link.conflict
    if conflict is None or conflict.address != address:
        return Write(sid, owed, email=address, expected=address)
    match conflict:
        case Conflict(step="ask"):
            step: Step = AskHolder(address)
        case Conflict(step="check", holder_id=int(holder_id)):
            step = CheckHolder(holder_id)
        case Conflict(step="merge"):
            step = Write(sid, owed, email=address, expected=address, merges=True)
        case Conflict(step="aside", aside=str(aside)):
            step = Write(sid, owed, email=aside, expected=aside, is_aside=True)
        case Conflict(step="wait", until=until) if standing.now >= until:
            step = Write(sid, owed, email=address, expected=address)
        case _:
            step = _meanwhile(standing, sid, conflict, owed)
    return step


def _meanwhile(standing: Standing, sid: str, conflict: Conflict, owed: Mapping[str, Any]) -> Step:
    """The address cannot be moved now: the vars go on without it."""
    if owed:
        return _write(standing, sid, owed)
    if conflict.step == "wait":
        again_s = max(0.05, (conflict.until - standing.now) / MICROS)
        return Rest(EMAIL_CONFLICT, again_s, outcome=None)
    return Rest(conflict.reason)


def _write(standing: Standing, sid: str, owed: Mapping[str, Any]) -> Write:
    return Write(sid, owed, expected=standing.customer.known_address())


def _sent(standing: Standing, owed: Mapping[str, Any]) -> Mapping[str, Any]:
    """The vars as they are sent: where Sailthru merges objects, tickets that left are unset one by one."""
    known = standing.customer.known.get(TICKETS_VAR)
    if TICKETS_VAR not in owed or known is None or standing.objects != MERGED_INTO:
        return owed
    return {**owed, TICKETS_VAR: {**dict.fromkeys(known.keys), **owed[TICKETS_VAR]}}


def _check_gone_keys(standing: Standing, sid: str) -> Step:
    link = standing.customer.link
    if standing.now >= link.check_at:
        return ReadBack(sid, link.gone_keys)
    return Rest(_state(standing.facts), (link.check_at - standing.now) / MICROS)


def _state(facts: CustomerFacts) -> str:
    if not is_customer(facts):
        return STAFF
    if facts.value(SYNC, default=True) is False:
        return SYNC_OFF
    return OK if facts.address() or not facts.is_active() else NO_EMAIL
