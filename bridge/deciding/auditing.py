"""Where a profile differs from what it should hold by the facts, field by field. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.customer import EMAIL, Customer
from bridge.deciding.projection import TICKETS_VAR, digest, is_customer, sailthru_profile
from bridge.facts import SYNC, CustomerFacts
from schemas.installation import InstallationSettings
from schemas.sailthru_records import Profile


@dataclass(frozen=True)
class Difference:
    """One field of one customer: what Sailthru should hold by the facts, and what it holds."""

    field: str
    should_hold: Any
    holds: Any


def is_compared(facts: CustomerFacts) -> bool:
    """Whether a difference would be drift: staff, and who is not synced, are left as they are."""
    return is_customer(facts) and facts.value(SYNC, default=True) is not False


def is_waiting(customer: Customer) -> bool:
    """Whether a push is owed or under way: what it will bring is no drift."""
    return customer.owed or customer.lease_until is not None or customer.read_at is None


def differences(
    customer: Customer, facts: CustomerFacts, settings: InstallationSettings, profile: Profile
) -> tuple[Difference, ...]:
    """Where this profile differs; nowhere, for whoever is not compared."""
    if not is_compared(facts):
        return ()
    wanted = sailthru_profile(customer.zendesk_id, facts, settings.zendesk.url, settings.options)
    found = [_difference(name, value, profile.vars.get(name)) for name, value in wanted.items()]
    found.append(_moved(customer, facts, profile))
    return tuple(one for one in found if one is not None)


def _difference(name: str, should_hold: Any, holds: Any) -> Difference | None:
    if _spelt(should_hold) == _spelt(holds):
        return None
    if name == TICKETS_VAR and isinstance(holds, Mapping):
        keys = {
            key for key in {*should_hold, *holds} if _spelt(should_hold.get(key)) != _spelt(holds.get(key))
        }
        return Difference(name, _only(should_hold, keys), _only(holds, keys))
    return Difference(name, should_hold, holds)


def _moved(customer: Customer, facts: CustomerFacts, profile: Profile) -> Difference | None:
    """The profile is at another address. One that another profile holds waits for a person, and is told."""
    address = facts.last_address()
    if not address or not profile.email or profile.email == address or customer.link.conflict is not None:
        return None
    return Difference(EMAIL, address, profile.email)


def _spelt(value: Any) -> str:
    """A fingerprint that does not mind how nothing, order and numbers are written."""
    return digest(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        left = {key: _plain(one) for key, one in value.items()}
        return {key: one for key, one in left.items() if one is not None} or None
    if isinstance(value, list):
        plain = [_plain(one) for one in value]
        return (sorted(plain) if all(isinstance(one, str) for one in plain) else plain) or None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _only(tickets: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: tickets[key] for key in sorted(keys) if key in tickets}
