"""What Sailthru should hold of a customer, by the facts alone. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from bridge.facts import CREATED, HEALTH, ROLE, SYNC, CustomerFacts
from schemas.installation import Options

END_USER = "end-user"
# Everything that we ever write of a customer.
VARS = (
    "zendesk_profile_url",
    "zendesk_tags",
    "zendesk_created",
    "zendesk_sync",
    "zendesk_active",
    "zendesk_id",
    "zendesk_ticket_count",
    "zendesk_tickets",
    "zendesk_health",
)
TICKETS_VAR = "zendesk_tickets"
TAGS_VAR = "zendesk_tags"
SYNC_VAR = "zendesk_sync"
ACTIVE_VAR = "zendesk_active"


def is_customer(facts: CustomerFacts) -> bool:
    """Whether this user is one of those we sync: agents and admins are not."""
    return bool(facts.value(ROLE, END_USER) == END_USER)


def is_synced(facts: CustomerFacts) -> bool:
    """Whether the customer is being synced: an agent may switch it off, and a deleted user no longer is."""
    return facts.value(SYNC, default=True) is not False and facts.is_active() and is_customer(facts)


def sailthru_profile(
    zendesk_id: int, facts: CustomerFacts, zendesk_url: str, options: Options
) -> dict[str, Any]:
    """The vars that the customer's profile should hold; what is not known yet is left out, hence never sent.

    With the switch off only the switch itself, and what deletion says, are ours to write. Of a user who is
    gone for good the tickets and tags are taken away, whatever the switch says.
    """
    last: dict[str, Any] = {SYNC_VAR: is_synced(facts)}
    if not facts.is_active():
        last[ACTIVE_VAR] = False
    erased: dict[str, Any] = {TAGS_VAR: [], TICKETS_VAR: {}} if facts.is_gone() else {}
    if facts.value(SYNC, default=True) is False or not is_customer(facts):
        return last | erased
    return last | _vars(zendesk_id, facts, zendesk_url, options) | erased


def _vars(zendesk_id: int, facts: CustomerFacts, zendesk_url: str, options: Options) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "zendesk_profile_url": f"{zendesk_url}/agent/users/{zendesk_id}",
        "zendesk_id": zendesk_id,
        ACTIVE_VAR: facts.is_active(),
        "zendesk_created": facts.value(CREATED),
        TAGS_VAR: facts.tags(),
        "zendesk_health": facts.value(HEALTH),
    }
    tickets = facts.counted_tickets()
    if tickets is not None:
        wanted["zendesk_ticket_count"] = len(tickets)
        wanted[TICKETS_VAR] = _newest(tickets, zendesk_url, options)
    return {name: value for name, value in wanted.items() if value is not None}


def _newest(tickets: Sequence[Mapping[str, Any]], zendesk_url: str, options: Options) -> dict[str, Any]:
    newest = sorted(tickets, key=_recency, reverse=True)[: options.tickets_kept]
    return {str(ticket["id"]): _ticket(ticket, zendesk_url, options) for ticket in newest}


def _recency(ticket: Mapping[str, Any]) -> tuple[str, int]:
    return (ticket["updated_at"] or "", ticket["id"])


def _ticket(ticket: Mapping[str, Any], zendesk_url: str, options: Options) -> dict[str, Any]:
    # These vars can end up in mail templates: what the public does not see is not sent.
    is_shown = options.ticket_subjects and ticket["public"]
    return {
        "id": ticket["id"],
        "created_at": ticket["created_at"],
        "updated_at": ticket["updated_at"],
        "status": ticket["status"],
        "subject": ticket["subject"] if is_shown else "",
        "channel": ticket["channel"],
        "url": f"{zendesk_url}/agent/tickets/{ticket['id']}",
    }


def digest(value: Any) -> str:
    """A short fingerprint of a value, so that the ledger can tell what is held without holding it twice."""
    return _of_plain(value) if isinstance(value, str | int) else _fingerprint(value)


def _fingerprint(value: Any) -> str:
    return hashlib.blake2b(_canonical(value).encode(), digest_size=12).hexdigest()


# A push asks for the same ones three times: when it is planned, when it is confirmed, and whether it was all.
_of_plain = lru_cache(maxsize=2048, typed=True)(_fingerprint)


# `json.dumps` makes an encoder each time it is asked for anything but its defaults.
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
