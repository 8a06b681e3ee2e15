"""Our own event: what a delivery says happened, as it travels through the broker. Versioned and strict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from schemas.errors import UnknownVersion, Unreadable

VERSION = 2
KNOWN_VERSIONS = (1, VERSION)
# `json.dumps` makes a new encoder for every call that asks for anything but its defaults.
_AS_JSON = json.JSONEncoder(separators=(",", ":")).encode
LANES = ("agent", "zendesk", "sailthru")
_NAMES = {
    "v",
    "id",
    "installation",
    "lane",
    "type",
    "subject",
    "source",
    "occurred_at",
    "received_at",
    "data",
}
# Since version 2, and only where there is something to say.
_OPTIONAL = {"delivery", "trace"}


@dataclass(frozen=True)
class Event:
    """What a delivery, an agent or a reconcile pass says happened. Immutable.

    `installation` is the installation's name; `subject` is `user:<id>`, `ticket:<id>` or empty; `occurred_at`
    is when it became true at the vendor, `received_at` when it reached us. `data` is already in our one
    spelling: see `schemas.zendesk_events`.

    `delivery` is how it came, for people; nothing is decided by it: `{"secret": int, "webhook": str,
    "invocation": str, "sent_at": str, "held": {"reason": str, "from": iso, "until": iso}}`, each only where
    it is known. `secret` is the position of the secret that verified, from 1; the ids are the sender's words.
    `trace` is the W3C traceparent of what published it, empty where nobody traces:
    https://www.w3.org/TR/trace-context/#traceparent-header
    """

    id: str
    installation: str
    lane: str
    type: str
    subject: str
    source: str
    occurred_at: datetime
    received_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    delivery: Mapping[str, Any] = field(default_factory=dict)
    trace: str = ""

    def to_bytes(self) -> bytes:
        """The event as the message's body: ASCII JSON, one line."""
        record = {
            "v": VERSION,
            "id": self.id,
            "installation": self.installation,
            "lane": self.lane,
            "type": self.type,
            "subject": self.subject,
            "source": self.source,
            "occurred_at": self.occurred_at.isoformat(),
            "received_at": self.received_at.isoformat(),
            "data": self.data,
        }
        if self.delivery:
            record["delivery"] = self.delivery
        if self.trace:
            record["trace"] = self.trace
        return _AS_JSON(record).encode("ascii")


def from_bytes(body: bytes) -> Event:
    """Read one of our own events, of this version or an older one: messages outlive an upgrade.

    Raises `UnknownVersion` for a version that we do not know and `Unreadable` for any other surprise.
    """
    try:
        record = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The message is not JSON: {error}.") from None
    if not isinstance(record, dict):
        raise Unreadable("The message is not one of our events.")
    if record.get("v") not in KNOWN_VERSIONS:
        known = " and ".join(map(str, KNOWN_VERSIONS))
        raise UnknownVersion(f"The event has version {record.get('v')!r}; this bridge knows {known}.")
    return _event(record)


def _event(record: dict[str, Any]) -> Event:
    allowed = _NAMES if record["v"] == 1 else _NAMES | _OPTIONAL
    if not _NAMES <= record.keys() <= allowed:
        strange = sorted((_NAMES - record.keys()) | (record.keys() - allowed))
        raise Unreadable(f"The event has missing or unknown fields: {', '.join(strange)}.")
    for name in record.keys() - {"v", "data", "delivery"}:
        if not isinstance(record[name], str):
            raise Unreadable(f"The event's field {name} is not a text.")
    delivery = record.get("delivery", {})
    if record["lane"] not in LANES or not isinstance(record["data"], dict) or not isinstance(delivery, dict):
        raise Unreadable("The event's lane, data or delivery is not one of ours.")
    return Event(
        id=record["id"],
        installation=record["installation"],
        lane=record["lane"],
        type=record["type"],
        subject=record["subject"],
        source=record["source"],
        occurred_at=_moment(record["occurred_at"]),
        received_at=_moment(record["received_at"]),
        data=record["data"],
        delivery=delivery,
        trace=record.get("trace", ""),
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"The event's time {text!r} is not ISO 8601.") from None
    if moment.tzinfo is None:
        raise Unreadable(f"The event's time {text!r} has no offset.")
    return moment.astimezone(UTC)
