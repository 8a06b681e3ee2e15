"""All that the bridge holds of one customer: both directions, facts by owner, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from bridge.clock import iso
from bridge.clock import iso_of as moment
from bridge.customer import EMAIL, Customer, Known
from bridge.deciding.projection import digest, sailthru_profile
from bridge.deciding.to_zendesk.planning import mark_of
from bridge.deciding.to_zendesk.projection import why_nothing, zendesk_user
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.facts import TICKET, CustomerFacts, Fact, of_customer
from bridge.ledger import customers, event_lists, facts, letters, looking, zendesk_users
from bridge.ledger.event_lists import EventFilter
from bridge.ledger.events import TO_SAILTHRU, TO_ZENDESK
from bridge.ledger.installations import Installation
from bridge.ledger.letters import DeadFilter
from bridge.owners import OWNERS, owner_of
from bridge.timeline.events import summary
from bridge.zendesk_user import TAG, ZendeskUser

SHOWN = 20


def customer_record(connection: Connection, installation: Installation, zendesk_id: int) -> dict[str, Any]:
    """The record of one customer that the ledger knows."""
    customer = customers.one(connection, installation.id, zendesk_id)
    assert customer is not None
    own = facts.of_customers(connection, installation.id, [zendesk_id]).get(zendesk_id) or of_customer(())
    user = zendesk_users.one(connection, installation.id, zendesk_id)
    tries = looking.attempts_on(connection, installation.id, zendesk_id, limit=SHOWN)
    dead = letters.some(
        connection, DeadFilter(installation_id=installation.id, zendesk_id=zendesk_id), limit=SHOWN
    )
    return {
        "installation": installation.name,
        "zendesk_id": zendesk_id,
        "sid": customer.sid,
        "address": own.address(),
        "state": customer.state,
        "owed": customer.owed,
        "owed_since": moment(customer.owed_at),
        "due_at": moment(customer.due_at),
        "pushed_at": moment(customer.pushed_at),
        "version": {"wanted": customer.wanted, "paid": customer.paid},
        "failures": customer.failures,
        "facts": _by_owner(own),
        "sailthru": _sailthru(customer, own, installation),
        "zendesk": None if user is None else _zendesk(user, own, installation),
        "attempts": [_attempt(one) for one in tries],
        "events": _events(connection, installation.id, zendesk_id),
        "dead": [{"id": one.id, "reason": one.reason, "error": one.error} for one in dead],
    }


def _by_owner(own: CustomerFacts) -> list[dict[str, Any]]:
    """The facts, those of one owner together, in the order of their fields."""
    order = list(dict.fromkeys(OWNERS.values()))
    found = [_fact(fact) for fact in (*own.fields.values(), *own.tickets.values())]
    return sorted(found, key=lambda one: (order.index(one["owner"]), one["field"], one["subject"]))


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "owner": owner_of(fact.field),
        "subject": fact.subject,
        "field": fact.field,
        "value": fact.value,
        "at": iso(fact.at),
        "origin": fact.origin,
    }


def named(fact: Mapping[str, Any]) -> str:
    """What a fact is about, in one word: of a ticket its number too."""
    return str(fact["subject"] if fact["field"] == TICKET else fact["field"])


def _sailthru(customer: Customer, own: CustomerFacts, installation: Installation) -> list[dict[str, Any]]:
    """What Sailthru should hold, field by field, and whether it surely does."""
    settings = installation.settings
    wanted = sailthru_profile(customer.zendesk_id, own, settings.zendesk.url, settings.options)
    rows = [_held(EMAIL, own.address(), own.address(), customer.known.get(EMAIL))]
    rows += [_held(name, value, digest(value), customer.known.get(name)) for name, value in wanted.items()]
    return rows


def _held(name: str, value: Any, fingerprint: str | None, known: Known | None) -> dict[str, Any]:
    is_held = known is not None and bool(known.digest) and known.digest == fingerprint
    return {
        "field": name,
        "should_hold": value,
        "holds": "yes" if is_held else _doubt(known),
        "since": _since(known),
    }


def _doubt(known: Known | None) -> str:
    if known is None:
        return "never sent"
    return "no" if known.digest else "unknown"


def _since(known: Known | None) -> str | None:
    return moment(known.at) if known is not None and known.at else None


def _zendesk(user: ZendeskUser, own: CustomerFacts, installation: Installation) -> dict[str, Any]:
    """The way back: when the profile was and will be read, what is owed, what Zendesk should hold."""
    return {
        "read_at": moment(user.read_at),
        "refresh_at": moment(user.refresh_at),
        "has_open_ticket": user.has_open,
        "owed": user.owed,
        "owed_since": moment(user.owed_at),
        "due_at": moment(user.due_at),
        "pushed_at": moment(user.pushed_at),
        "version": {"wanted": user.wanted, "paid": user.paid},
        "failures": user.failures,
        "tickets_to_tag": list(user.opened),
        "not_written": why_nothing(own) or None,
        "fields": _zendesk_fields(user, own, installation),
    }


def _zendesk_fields(
    user: ZendeskUser, own: CustomerFacts, installation: Installation
) -> list[dict[str, Any]]:
    """What Zendesk should hold, field by field and the tag, and whether it surely does."""
    wanted = zendesk_user(own, installation.settings.options)
    rows = [_held(name, value, digest(value), user.known.get(name)) for name, value in wanted.fields.items()]
    if wanted.is_high_value is None:  # no score: the tag is left as it stands
        return rows
    known = user.known.get(TAG)
    return [*rows, _held(f"tag {HIGH_VALUE_TAG}", wanted.is_high_value, mark_of(wanted), known)]


def _attempt(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "started_at": moment(one["started_at"]),
        "finished_at": moment(one["finished_at"]),
        "system": one["system"],
        "action": one["action"],
        "fields": one["fields"],
        "outcome": one["outcome"],
        "error": one["error"],
    }


def _events(connection: Connection, installation_id: int, zendesk_id: int) -> list[dict[str, Any]]:
    """The newest events of either direction: a busy one must not push the other out of sight."""
    found = [
        row
        for lanes in (TO_SAILTHRU, TO_ZENDESK)
        for row in event_lists.newest_events(
            connection,
            EventFilter(installation_id=installation_id, zendesk_id=zendesk_id, lanes=lanes),
            limit=SHOWN,
        )
    ]
    names = looking.names(connection)
    return [summary(row, names) for row in sorted(found, key=lambda row: row.kept_at, reverse=True)]
