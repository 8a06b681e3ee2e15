"""How a delivery came, for whoever looks at its events later. Pure; nothing is decided by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from receiver.signatures import TIMESTAMP, Headers

# What each is called in `Event.delivery`. Only the time is covered by the signature: the ids are what the
# sender says. https://developer.zendesk.com/documentation/webhooks/anatomy-of-a-webhook-request/
_HEADERS = (
    ("webhook", "X-Zendesk-Webhook-Id"),
    ("invocation", "X-Zendesk-Webhook-Invocation-Id"),
    ("sent_at", TIMESTAMP),
)
LONGEST = 64


def way_of(headers: Headers, secret: int) -> Mapping[str, Any]:
    """What is told of a delivery that the secret at this position verified, from 1. See `Event.delivery`."""
    told = [(name, headers.get(header) or "") for name, header in _HEADERS]
    return {"secret": secret} | {name: text for name, text in told if _is_plain(text)}


def _is_plain(text: str) -> bool:
    """Strangers' words end up on pages and in tables: short ones of letters that are there to be read."""
    return 0 < len(text) <= LONGEST and text.isascii() and text.isprintable()
