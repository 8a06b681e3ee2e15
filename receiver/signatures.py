"""Whether Zendesk signed a delivery. Pure: headers, raw bytes, secrets and the time in; or `BadSignature`.

The signature is the standard base64 of HMAC-SHA256 over the timestamp header and the raw body, keyed with the
secret as text: it is not decoded. https://developer.zendesk.com/documentation/webhooks/verifying/
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bridge.errors import Rejected
from schemas.errors import Unreadable
from schemas.installation_values import PUBLIC_TEST_SECRET
from schemas.spelling import moment

SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"
# How far the time of sending may be from ours, in seconds, either way; the event itself may be older.
WINDOW_S = 300
LONGEST_TIMESTAMP = 64


class Headers(Protocol):
    """Any mapping of names to values."""

    def get(self, key: str, /) -> str | None:
        """The value of that header, or None."""


class BadSignature(Rejected):
    """The sender has not shown that it knows a secret of the installation.

    `code` is one of `unsigned`, `bad_signature`, `stale`, `no_secrets`, `test_secret`.
    """

    def __init__(self, code: str, hint: str = "") -> None:
        super().__init__(code, 401, hint)


def verify(headers: Headers, body: bytes, *, secrets: Sequence[str], now: datetime) -> int:
    """Which of `secrets` signed these bytes within 300 s of `now`, counted from 1; else `BadSignature`.

    Nothing a stranger sends makes it raise anything else.
    """
    given, timestamp = _header(headers, SIGNATURE), _header(headers, TIMESTAMP)
    position = _signer(secrets, given, timestamp, body)
    if position is None:
        is_any_usable = any(secret.strip() != PUBLIC_TEST_SECRET for secret in secrets)
        raise _refusal(given, timestamp, body, has_secrets=is_any_usable)
    # The time is looked at last: only who knows a secret is told that he is late.
    if abs((_sent_at(timestamp) - now).total_seconds()) > WINDOW_S:
        raise BadSignature(
            "stale",
            f"The signature's time differs from ours by more than {WINDOW_S} s: check this machine's clock.",
        )
    return position


def _signer(secrets: Sequence[str], given: bytes, timestamp: bytes, body: bytes) -> int | None:
    for position, secret in enumerate(secrets, start=1):
        if secret.strip() == PUBLIC_TEST_SECRET:
            continue
        if hmac.compare_digest(signature(secret, timestamp, body), given):
            return position
    return None


def signature(secret: str, timestamp: bytes, body: bytes) -> bytes:
    """What the signature header must hold."""
    return b64encode(hmac.digest(secret.encode(), timestamp + body, hashlib.sha256))


def _header(headers: Headers, name: str) -> bytes:
    text = headers.get(name) or ""
    if not text:
        raise BadSignature("unsigned", f"The header {name} is missing.")
    # Bytes are compared, for texts beyond ASCII make the comparison raise.
    if not text.isascii():
        raise BadSignature("bad_signature", f"The header {name} is not ASCII.")
    return text.encode("ascii")


def _refusal(given: bytes, timestamp: bytes, body: bytes, *, has_secrets: bool) -> BadSignature:
    if hmac.compare_digest(signature(PUBLIC_TEST_SECRET, timestamp, body), given):
        return BadSignature(
            "test_secret",
            "Zendesk signed this with the public secret of its test form. Save the webhook, then test it.",
        )
    if not has_secrets:
        return BadSignature(
            "no_secrets", "No webhook secret is kept for this installation: run `bridge setup`."
        )
    return BadSignature("bad_signature", "None of the installation's webhook secrets made this signature.")


def _sent_at(timestamp: bytes) -> datetime:
    try:
        return moment(timestamp[:LONGEST_TIMESTAMP].decode("ascii"))
    except Unreadable:
        raise BadSignature("bad_signature", "The signature's time is not ISO 8601.") from None
