"""What an event means: the facts it states, and what must be read first because it only hints. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.clock import to_micros
from bridge.facts import (
    ACTIVE,
    ADDRESS,
    CREATED,
    FORMER_PREFIX,
    HEALTH,
    ROLE,
    SUSPENDED,
    SYNC,
    TAG_PREFIX,
    TICKET,
    Fact,
)
from schemas.event import Event

USER = "user"
TICKETS = "tickets"
ACTION = "action"  # an agent's, to be carried out
RETURNED = "returned"

# The detail of these may show an address that is gone already; it says nothing about the customer's address.
_NO_ADDRESS = ("user.deleted", "user.merged")
_AGENT_FACTS = {"agent.health": HEALTH, "agent.sync": SYNC}
_DELETED = ("ticket.soft_deleted", "ticket.permanently_deleted")


@dataclass(frozen=True)
class Hint:
    """Something must be read in Zendesk, or done: `kind` is `user`, `tickets` (all of a user's), `ticket`
    or `action` (an agent's).

    `detail` may hold `at_least` (the record's `updated_at` must not be older, ISO 8601), `unless_newer` (no
    call when the ticket's fact is of a later second), `merged` and `returned` (see the function).
    """

    kind: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ProfileHint:
    """Something happened to the Sailthru profile with this id or address: it must be read there."""

    sid: str | None
    address: str | None


@dataclass(frozen=True)
class Meaning:
    """What an event means. `zendesk_id` is the customer it is about, None when only a reading can tell."""

    zendesk_id: int | None
    facts: tuple[Fact, ...] = ()
    hints: tuple[Hint, ...] = ()
    profile: ProfileHint | None = None


def meaning(event: Event) -> Meaning | None:
    """The facts and hints in one event; None for a type that means nothing to us."""
    reader = _READERS.get(event.type.partition(".")[0])
    return None if reader is None else reader(event)


def returned(meant: Meaning | None) -> Meaning | None:
    """The same for an event that somebody put back by hand after the broker gave it up.

    Facts are as true as they were. Of what an agent asked to be done it is said, because some of it may not
    be done so long afterwards.
    """
    if meant is None:
        return None
    hints = tuple(
        replace(hint, detail={**hint.detail, RETURNED: True}) if hint.kind == ACTION else hint
        for hint in meant.hints
    )
    return replace(meant, hints=hints)


def _user(event: Event) -> Meaning:
    user = event.data["user"]
    facts = _detail_facts(event, user) + _change_facts(event)
    return Meaning(user["id"], tuple(facts), tuple(_user_hints(event, user)))


def _detail_facts(event: Event, user: Mapping[str, Any]) -> list[Fact]:
    stated = {CREATED: user.get("created_at"), ROLE: user.get("role")}
    facts = [_user_fact(event, name, value) for name, value in stated.items() if value is not None]
    if _shows_address(event, user):
        facts.append(_user_fact(event, ADDRESS, user.get("email")))
    return facts


def _shows_address(event: Event, user: Mapping[str, Any]) -> bool:
    """Whether the detail's address is the customer's.

    While a second one is only added or taken away, the detail repeats the main one, of the very second in
    which another event may change it.
    """
    if event.type in _NO_ADDRESS or event.data.get("active") is False or _contradicts(event, user):
        return False
    identity = event.data.get("identity")
    is_beside = event.type in ("user.identity_created", "user.identity_deleted")
    return not (is_beside and identity and (identity["primary"] is False or identity["type"] != "email"))


def _change_facts(event: Event) -> list[Fact]:
    data = event.data
    facts = [_user_fact(event, TAG_PREFIX + tag, value=True) for tag in data.get("added", ())]
    facts += [_user_fact(event, TAG_PREFIX + tag, value=False) for tag in data.get("removed", ())]
    if event.type == "user.deleted":
        facts.append(_user_fact(event, ACTIVE, value=False))
    if data.get("active") is not None:
        facts.append(_user_fact(event, ACTIVE, data["active"]))
    if data.get("suspended") is not None:
        facts.append(_user_fact(event, SUSPENDED, data["suspended"]))
    left_at = to_micros(event.occurred_at)
    facts += [_user_fact(event, FORMER_PREFIX + address, left_at) for address in _former(event)]
    return facts


def _former(event: Event) -> list[str]:
    """The addresses that an identity event shows to have been the user's main one before."""
    if not event.type.startswith("user.identity_"):
        return []
    now, before = _email(event.data.get("identity")), _email(event.data.get("previous"))
    if event.type == "user.identity_deleted":
        gone = now or before
        return [gone["value"]] if gone and gone["primary"] is not False else []
    if before is None or before["primary"] is False:
        return []
    was_replaced = now is None or now["value"] != before["value"] or now["primary"] is False
    return [before["value"]] if was_replaced else []


def _user_hints(event: Event, user: Mapping[str, Any]) -> list[Hint]:
    fresh = {"at_least": user["updated_at"]} if user.get("updated_at") else {}
    if event.type == "user.merged":
        both = [number for number in (user["id"], event.data.get("other_id")) if number]
        return [hint for number in both for hint in _full_reading(number)]
    is_back = event.data.get("active") is True
    says_nothing = event.type.startswith("user.identity_") and not (
        event.data.get("identity") or event.data.get("previous")
    )
    if is_back or says_nothing or _contradicts(event, user):
        return [Hint(USER, f"user:{user['id']}", fresh)]
    return []


def _full_reading(number: int) -> list[Hint]:
    subject = f"user:{number}"
    return [Hint(USER, subject, {"merged": True}), Hint(TICKETS, subject)]


def _contradicts(event: Event, user: Mapping[str, Any]) -> bool:
    """Whether the event's own words name another main address than its detail does."""
    if event.type not in ("user.identity_changed", "user.identity_created"):
        return False
    identity = _email(event.data.get("identity"))
    return identity is not None and identity["primary"] is True and identity["value"] != user.get("email")


def _email(identity: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return identity if identity and identity["type"] == "email" and identity["value"] else None


def _user_fact(event: Event, name: str, value: Any) -> Fact:
    number = int(event.subject.partition(":")[2])
    return Fact(event.subject, name, value, event.occurred_at, "event", event.id, number)


def _ticket(event: Event) -> Meaning:
    ticket = event.data["ticket"]
    requester = ticket.get("requester_id")
    if event.type == "ticket.marked_as_spam" or (requester is None and event.type not in _DELETED):
        return Meaning(requester, hints=(Hint(TICKET, event.subject, _fresh(ticket)),))
    return Meaning(requester, (_ticket_fact(event, ticket),))


def _ticket_fact(event: Event, ticket: Mapping[str, Any]) -> Fact:
    is_gone = event.type in _DELETED or ticket.get("status") == "deleted"
    value = None if is_gone else dict(ticket)
    holder = None if is_gone else ticket["requester_id"]
    return Fact(event.subject, TICKET, value, event.occurred_at, "event", event.id, holder)


def _fresh(ticket: Mapping[str, Any]) -> dict[str, Any]:
    return {"at_least": ticket["updated_at"]} if ticket.get("updated_at") else {}


def _trigger(event: Event) -> Meaning:
    named = event.data.get("updated_at")
    detail = {"at_least": named, "unless_newer": named} if named else {}
    return Meaning(None, hints=(Hint(TICKET, f"ticket:{event.data['ticket_id']}", detail),))


def _agent(event: Event) -> Meaning:
    """Of what agents ask for, health and sync are facts; the rest is done, not kept."""
    number = int(event.subject.partition(":")[2])
    name = _AGENT_FACTS.get(event.type)
    if name is None:
        return Meaning(number, hints=(Hint(ACTION, f"action:{event.id}"),))
    fact = Fact(event.subject, name, event.data["value"], event.occurred_at, "agent", event.id, number)
    return Meaning(number, (fact,))


def _postback(event: Event) -> Meaning:
    """Its signature covers values only, without names and time, so nothing that it says is believed."""
    sid, address = event.data.get("sid"), event.data.get("email")
    return Meaning(None, profile=ProfileHint(sid, address.lower() if address else None))


_READERS: dict[str, Callable[[Event], Meaning]] = {
    "user": _user,
    "ticket": _ticket,
    "trigger": _trigger,
    "agent": _agent,
    "postback": _postback,
}
