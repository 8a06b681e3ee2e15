"""Records as REST shows them: ids are integers, none is null, enums are lower case."""

from __future__ import annotations

from typing import Any

from sandbox.moments import seconds
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.records import Identity, Ticket, User
from sandbox.zendesk.rest.fields import UserFields


def user_json(user: User, base: str, fields: UserFields, oddities: ZendeskOddities) -> dict[str, Any]:
    shown = {
        "id": user.id,
        "url": f"{base}/api/v2/users/{user.id}.json",
        "name": user.name,
        "email": user.email,
        "active": user.active,
        "created_at": seconds(user.created_at),
        "updated_at": seconds(user.updated_at),
        "role": user.role,
        "external_id": user.external_id,
        "suspended": user.suspended,
        "shared": False,
        "verified": True,
        "user_fields": fields.shown(user.user_fields),
        "organization_id": user.organization_id,
        "phone": None,
        "locale": "en-US",
        "time_zone": "Eastern Time (US & Canada)",
        "notes": "",
        "details": "",
        "last_login_at": None,
    }
    return {**shown, "tags": list(user.tags)} if oddities.user_tagging else shown


def identity_json(identity: Identity, user: User, base: str) -> dict[str, Any]:
    created = seconds(identity.created_at or user.created_at)
    return {
        "url": f"{base}/api/v2/users/{user.id}/identities/{identity.id}.json",
        "id": identity.id,
        "user_id": user.id,
        "type": identity.type,
        "value": identity.value,
        "verified": True,
        "primary": identity.primary,
        "deliverable_state": "deliverable",
        "undeliverable_count": 0,
        "created_at": created,
        "updated_at": created,
    }


def ticket_json(ticket: Ticket, base: str) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "url": f"{base}/api/v2/tickets/{ticket.id}.json",
        "status": ticket.status,
        "custom_status_id": None,
        "via": {"channel": ticket.channel, "source": {"from": {}, "to": {}, "rel": None}},
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": ticket.description,
        "priority": ticket.priority,
        "type": ticket.type,
        "requester_id": ticket.requester_id,
        "submitter_id": ticket.requester_id,
        "assignee_id": ticket.assignee_id,
        "group_id": ticket.group_id,
        "organization_id": None,
        "external_id": ticket.external_id,
        "tags": list(ticket.tags),
        "custom_fields": [],
        "is_public": ticket.is_public,
        "created_at": seconds(ticket.created_at),
        "updated_at": seconds(ticket.updated_at),
        "generated_timestamp": int(ticket.changed_at.timestamp()),
    }
