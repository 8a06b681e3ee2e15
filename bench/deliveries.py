"""Deliveries as Zendesk sends them, distinct and really signed, made before anything is measured."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SECRET = "bench-webhook-secret-0123456789abcdef"
PATH = "/hooks/acme/zendesk/events"
WORDS = (
    "The parcel was left with a neighbour whom nobody knows, and the tracking page has been silent since. "
)


def ticket_event(ticket: int, requester: int, *, at: datetime, number: int = 0) -> dict[str, Any]:
    """An ordinary event of about 1.5 kB: a ticket's status changed. `number` varies what it says."""
    status = ("OPEN", "PENDING", "HOLD", "SOLVED")[number % 4]
    return {
        "account_id": 18000001,
        "detail": {
            "actor_id": "900001",
            "assignee_id": "900001",
            "brand_id": "360000000001",
            "created_at": "2026-11-20T09:50:00Z",
            "custom_status": "100",
            "description": WORDS * 7,
            "external_id": None,
            "form_id": "200",
            "group_id": "300",
            "id": str(ticket),
            "is_public": True,
            "organization_id": None,
            "priority": "NORMAL",
            "requester_id": str(requester),
            "status": status,
            "subject": f"Where is my parcel ({number})?",
            "submitter_id": str(requester),
            "tags": ["parcel", "late"],
            "type": "QUESTION",
            "updated_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "via": {"channel": "web_service"},
        },
        "event": {
            "meta": {"sequence": {"id": "39313930383633353634323835", "position": number}},
            "current": status,
            "previous": "NEW",
        },
        "id": str(uuid.uuid4()),
        "subject": f"zen:ticket:{ticket}",
        "time": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "type": "zen:event-type:ticket.status_changed",
        "zendesk_event_version": "2022-11-06",
    }


def raw_request(event: dict[str, Any], *, sent_at: datetime) -> bytes:
    """The whole HTTP request, keep-alive, signed as of `sent_at`."""
    body = json.dumps(event).encode()
    timestamp = f"{sent_at:%Y-%m-%dT%H:%M:%SZ}"
    mac = hmac.digest(SECRET.encode(), timestamp.encode() + body, hashlib.sha256)
    head = (
        f"POST {PATH} HTTP/1.1\r\n"
        "Host: bridge.example\r\n"
        "User-Agent: Zendesk Webhook\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        "X-Zendesk-Account-Id: 18000001\r\n"
        "X-Zendesk-Webhook-Id: 01KAP3Q2V9H5W0R8S6T4Y2N1M0\r\n"
        f"X-Zendesk-Webhook-Invocation-Id: {event['id']}\r\n"
        f"X-Zendesk-Webhook-Signature: {base64.b64encode(mac).decode()}\r\n"
        f"X-Zendesk-Webhook-Signature-Timestamp: {timestamp}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def distinct_requests(count: int, *, customers: int = 10_000) -> Iterable[bytes]:
    """So many signed requests, all different, over so many customers; good for five minutes from now."""
    now = datetime.now(UTC)
    for number in range(count):
        at = now - timedelta(seconds=60) + timedelta(milliseconds=number % 60_000)
        event = ticket_event(1_000_000 + number, 1_000 + number % customers, at=at, number=number)
        yield raw_request(event, sent_at=now)


def write_requests(file: Path, requests: Iterable[bytes]) -> int:
    """Write them as load.lua reads them; how many those were."""
    count = 0
    with file.open("wb") as out:
        for request in requests:
            out.write(b"%010d" % len(request) + request)
            count += 1
    return count
