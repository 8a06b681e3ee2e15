"""Event bodies: the envelope, the `detail` of users and tickets, and how it all is spelled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from sandbox.moments import nanoseconds, seconds
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.catalogue import SLASHED
from sandbox.zendesk.records import Identity, Ticket, User


def envelope(name: str, detail: Mapping[str, Any], event: Mapping[str, Any], *, at: datetime, event_id: str,  # noqa: PLR0913 - keyword-only, all but the first optional
             account_id: int, oddities: ZendeskOddities) -> dict[str, Any]:  # fmt: skip
    """One event. User events carry whole seconds, ticket events nine digits."""
    of_user = name.startswith("user.")
    separator = "/" if oddities.type_spelling == "slash" and name in SLASHED else ":"
    kind = name.partition(".")[0]
    return {
        "account_id": account_id,
        "id": event_id,
        "type": f"zen:event-type{separator}{name}",
        "subject": f"zen:{kind}:{detail['id']}",
        "time": seconds(at) if of_user else nanoseconds(at, extra=crc32(event_id.encode())),
        "zendesk_event_version": "2022-11-06",
        "detail": dict(detail),
        "event": _spelled(name, event, oddities),
    }


def encode(body: Mapping[str, Any], oddities: ZendeskOddities) -> bytes:
    """The raw bytes that are signed and sent."""
    if oddities.pretty:
        return (json.dumps(body, ensure_ascii=False, indent=3) + "\n").encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def user_detail(user: User, oddities: ZendeskOddities) -> dict[str, Any]:
    role = user.role.upper().replace("-", "_") if oddities.role_case == "upper" else user.role
    return {
        "created_at": seconds(user.created_at),
        "default_group_id": oddities.no_id,
        "email": user.email or "",
        "external_id": user.external_id or "",
        "id": str(user.id),
        "organization_id": str(user.organization_id or oddities.no_id),
        "role": role,
        "updated_at": seconds(user.updated_at),
    }


def ticket_detail(ticket: Ticket, *, actor_id: int | None, oddities: ZendeskOddities) -> dict[str, Any]:
    return {
        "actor_id": _id(actor_id or ticket.requester_id),
        "assignee_id": _id(ticket.assignee_id),
        "brand_id": "360000001",
        "created_at": seconds(ticket.created_at),
        "custom_status": None,
        "description": ticket.description,
        "external_id": ticket.external_id,
        "form_id": None,
        "group_id": _id(ticket.group_id),
        "id": str(ticket.id),
        "is_public": ticket.is_public,
        "organization_id": None,
        "priority": upper(ticket.priority),
        "requester_id": str(ticket.requester_id),
        "status": upper(ticket.status),
        "subject": ticket.subject,
        "submitter_id": str(ticket.requester_id),
        "tags": _tags(ticket.tags, oddities),
        "type": upper(ticket.type),
        "updated_at": seconds(ticket.updated_at),
        "via": {"channel": ticket.channel},
    }


def identity_part(identity: Identity) -> dict[str, Any]:
    return {
        "id": str(identity.id),
        "primary": identity.primary,
        "type": identity.type,
        "value": identity.value,
    }


def upper(value: str | None) -> str | None:
    return None if value is None else value.upper()


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)


def _tags(tags: tuple[str, ...], oddities: ZendeskOddities) -> Any:
    match oddities.tags_as:
        case "null":
            return None
        case "string":
            return " ".join(tags)
    return list(tags)


def _spelled(name: str, event: Mapping[str, Any], oddities: ZendeskOddities) -> dict[str, Any]:
    spelled = dict(event)
    if name in ("user.identity_created", "user.identity_deleted") and "identity" in spelled:
        spelled[oddities.identity_key] = spelled.pop("identity")
    if name == "user.custom_field_changed" and "field" in spelled:
        spelled[oddities.field_key] = spelled.pop("field")
    return spelled
