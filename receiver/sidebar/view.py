"""What the page shows of a customer: the ledger's word, and the profile as just read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bridge import customer as states
from bridge import facts
from bridge.clock import to_micros
from bridge.customer import Customer
from bridge.facts import CustomerFacts
from receiver.sidebar import pushed, shown
from receiver.sidebar.asking import END_USER
from receiver.sidebar.known import Known
from schemas.agent_action import Seen
from schemas.installation import Options

SUSPENDED, DELETED, UNKNOWN = "suspended", "deleted", "unknown"
CONFLICTS = (states.EMAIL_CONFLICT, states.EMAIL_TAKEN)
COUNTS = ("messages", "opens", "clicks", "pageviews", "purchases", "revenue_cents")
ACTIVITY = {
    "signup": facts.SIGNUP,
    "last_pageview": facts.LAST_PAGEVIEW,
    "last_open": facts.LAST_OPEN,
    "last_click": facts.LAST_CLICK,
    "last_purchase": facts.LAST_PURCHASE,
    "last_login": facts.LAST_LOGIN,
}


@dataclass(frozen=True)
class Profile:
    """What the profile says, by the fields of its facts, read at `read_at` (None: never).

    `is_live`: just read in Sailthru; else it is what the ledger kept. `is_gone`: Sailthru just answered that
    there is none. `problem` kept us from reading it now.
    """

    values: Mapping[str, Any]
    read_at: datetime | None
    is_live: bool = False
    is_gone: bool = False
    problem: str | None = None


def kept(known: CustomerFacts, problem: str | None = None) -> Profile:
    """The profile as the ledger kept it."""
    told = {name: fact for name, fact in known.fields.items() if name.startswith(facts.SAILTHRU_PREFIX)}
    read_at = max((fact.at for fact in told.values()), default=None)
    return Profile({name: fact.value for name, fact in told.items()}, read_at, problem=problem)


def is_nobody(known: Known) -> bool:
    """Whether Zendesk itself has no such user, and never had while we looked."""
    one = known.customer
    return one is not None and one.state == states.NOT_IN_ZENDESK and not known.facts.fields


def state_of(known: Known, profile: Profile) -> str:
    """The one word that decides what the page looks like; the weightiest first."""
    customer = known.customer
    if customer is None:
        return states.WAITING
    return _by_zendesk(known.facts, customer) or _by_conflict(customer) or _by_link(known, customer, profile)


def _by_zendesk(own: CustomerFacts, customer: Customer) -> str:
    role = own.value(facts.ROLE)
    if role is not None and role != END_USER:
        return states.STAFF
    if not own.is_active() or customer.state == states.NOT_IN_ZENDESK:
        return DELETED
    if customer.read_at is None:
        return states.WAITING
    return SUSPENDED if own.value(facts.SUSPENDED) is True else ""


def _by_conflict(customer: Customer) -> str:
    if customer.state == states.TAKEN:
        return states.EMAIL_TAKEN
    conflict = customer.link.conflict
    if conflict is None or conflict.step != "blocked" or conflict.is_apart:
        return ""
    return conflict.reason if conflict.reason in CONFLICTS else ""


def _by_link(known: Known, customer: Customer, profile: Profile) -> str:
    if known.facts.value(facts.SYNC) is False:
        return states.SYNC_OFF
    if customer.sid is not None:
        return states.PROFILE_GONE if profile.is_gone else states.OK
    if known.facts.address() is None:
        return states.NO_EMAIL
    if customer.state in (states.NO_PROFILE, states.PROFILE_GONE):
        return customer.state
    return states.WAITING


def customer_view(
    known: Known,
    profile: Profile,
    options: Options,
    *,
    has_scores: bool,
    seal: Callable[[Seen], str],
) -> dict[str, Any]:
    """The whole answer. `seal` makes the opaque text by which an action later says what was seen."""
    lists = _lists(profile)
    names = [one["name"] for one in lists]
    optout = profile.values.get(facts.OPTOUT)
    read_at = shown.moment(to_micros(profile.read_at)) if profile.read_at else None
    has_profile = profile.read_at is not None and not profile.is_gone
    return {
        "customer": _customer(known, profile, options),
        "freshness": {
            "read_at": read_at,
            "source": "live" if profile.is_live else "ledger",
            "problem": profile.problem,
        },
        "score": _score(profile, options, has_scores=has_scores) if has_profile else None,
        "predictions": _predictions(profile, options) if has_profile else [],
        "engagement": profile.values.get(facts.ENGAGEMENT),
        "lifetime": _lifetime(profile, options),
        "activity": {name: profile.values.get(field) for name, field in ACTIVITY.items()},
        "health": _set_by_agent(known, facts.HEALTH, "value", unset=None),
        "sync": _set_by_agent(known, facts.SYNC, "on", unset=True),
        "lists": lists if has_profile else None,
        "optout": {"value": optout, "seen": seal(Seen(optout, tuple(names), read_at))},
        "pushed": pushed.pushed(known),
        "conflict": _conflict(known),
        "actions": [shown.action(one, known.agents) for one in known.actions],
    }


def _customer(known: Known, profile: Profile, options: Options) -> dict[str, Any]:
    customer, state = known.customer, state_of(known, profile)
    address, sid = known.facts.address(), customer.sid if customer else None
    can_create = options.create_profiles and state == states.NO_PROFILE and address is not None
    return {
        "zendesk_id": known.zendesk_id,
        "address": address,
        "state": state,
        "profile_link": _link(options.profile_link, address, sid),
        "sid": sid,
        "can_create": can_create,
    }


def _link(pattern: str, address: str | None, sid: str | None) -> str | None:
    if not pattern or sid is None:
        return None
    return pattern.format(email=quote(address or "", safe=""), sid=quote(sid, safe=""))


def _score(profile: Profile, options: Options, *, has_scores: bool) -> dict[str, Any] | None:
    """Absent where nobody of the installation was ever given one: there is no source then."""
    value = profile.values.get(facts.SCORE)
    if value is None and not has_scores:
        return None
    return {"value": value, "is_high": value is not None and value >= options.high_value_at}


def _predictions(profile: Profile, options: Options) -> list[dict[str, Any]]:
    told = profile.values.get(facts.PREDICTIONS) or {}
    return [{"name": name, "value": told.get(name)} for name in options.predictions]


def _lifetime(profile: Profile, options: Options) -> dict[str, Any] | None:
    told = profile.values.get(facts.LIFETIME)
    if not told:
        return None
    return {name: told.get(name) for name in COUNTS} | {"currency": options.currency}


def _set_by_agent(known: Known, field: str, key: str, *, unset: Any) -> dict[str, Any]:
    fact = known.facts.fields.get(field)
    if fact is None:
        return {key: unset, "set_by": None, "set_at": None}
    action = known.setters.get(fact.event_id)
    set_by = shown.agent_name(action.agent if action else None, known.agents)
    return {key: fact.value, "set_by": set_by, "set_at": shown.moment(to_micros(fact.at))}


def _lists(profile: Profile) -> list[dict[str, Any]]:
    told = profile.values.get(facts.LISTS) or {}
    return [{"name": name, "signed_up_at": told[name]} for name in sorted(told, key=str.casefold)]


def _conflict(known: Known) -> dict[str, Any] | None:
    customer = known.customer
    if customer is None or not _by_conflict(customer):
        return None
    if customer.state == states.TAKEN:
        number, sid = known.owner or (None, None)
        other = {"sid": sid, "address": customer.address, "zendesk_id": number}
        return {
            "address": customer.address,
            "kind": states.EMAIL_TAKEN,
            "held": None,
            "other": other,
            "can_merge": False,
        }
    conflict = customer.link.conflict
    assert conflict is not None
    return {
        "address": conflict.address,
        "held": customer.known_address(),  # where the customer's own profile is meanwhile
        "kind": conflict.reason,
        "other": {
            "sid": conflict.holder_sid,
            "address": conflict.address,
            "zendesk_id": conflict.holder_id,
        },
        # a living other customer is never merged away
        "can_merge": conflict.reason == states.EMAIL_CONFLICT,
    }
