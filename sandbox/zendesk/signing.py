"""Zendesk's webhook signature: HMAC-SHA256 over the timestamp and the raw body, standard base64."""

from __future__ import annotations

import base64
import hashlib
import hmac


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature header for a body sent at `timestamp` (the header's text). The secret is used as text."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def headers(secret: str, body: bytes, *, timestamp: str, webhook_id: str, invocation_id: str,
            account_id: int) -> dict[str, str]:  # fmt: skip
    """All headers of one delivery."""
    return {
        "Content-Type": "application/json; charset=utf-8",
        "X-Zendesk-Account-Id": str(account_id),
        "X-Zendesk-Webhook-Id": webhook_id,
        "X-Zendesk-Webhook-Invocation-Id": invocation_id,
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
        "X-Zendesk-Webhook-Signature": sign(secret, timestamp, body),
    }
