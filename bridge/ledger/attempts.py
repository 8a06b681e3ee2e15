"""Attempts: each try to push, begun before the call, finished after it: a crash leaves evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from bridge.ledger.prepared import Prepared
from bridge.ledger.tables import attempts

SENDING = "sending"
CONFIRMED = "confirmed"
LATER = "later"
UNKNOWN = "unknown"
REFUSED = "refused"
HALTED = "halted"


@dataclass(frozen=True)
class Attempt:
    """One try on one customer, under the pusher's number `lease`.

    `fields` names what is sent. `version` is that of the facts it was planned by: it pays the events up to
    it. `request` is what is asked, redacted: neither secrets nor whole addresses.
    """

    installation_id: int
    zendesk_id: int
    lease: int
    system: str
    action: str
    fields: tuple[str, ...]
    version: int = 0
    request: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """How an attempt ended; `error` is a sentence without addresses or secrets, `reply` redacted too.

    Both directions number their attempts on a customer from one: the action tells them apart.
    """

    installation_id: int
    zendesk_id: int
    lease: int
    action: str
    outcome: str
    error: str = ""
    reply: Mapping[str, Any] = field(default_factory=dict)


def start(connection: Connection, begun: Sequence[Attempt], now: int) -> None:
    """Say what is about to be sent."""
    rows = [
        {
            "installation_id": one.installation_id,
            "zendesk_id": one.zendesk_id,
            "lease": one.lease,
            "system": one.system,
            "action": one.action,
            "version": one.version,
            "fields": _written(one.fields),
            "request": _written(one.request),
            "started_at": now,
            "outcome": SENDING,
            "error": "",
        }
        for one in begun
    ]
    if rows:
        _START.run_all(connection, rows)


def finish(connection: Connection, ended: Sequence[Finished], now: int) -> None:
    """Say how they ended."""
    rows = [
        {
            "key_installation": one.installation_id,
            "key_customer": one.zendesk_id,
            "key_lease": one.lease,
            "key_action": one.action,
            "outcome": one.outcome,
            "error": one.error,
            "reply": _written(one.reply),
            "finished_at": now,
        }
        for one in ended
    ]
    if rows:
        _FINISH.run_all(connection, rows)


# `json.dumps` makes an encoder each time it is asked for anything but its defaults.
_written = json.JSONEncoder(separators=(",", ":")).encode
_STARTED = (
    "installation_id",
    "zendesk_id",
    "lease",
    "system",
    "action",
    "version",
    "fields",
    "request",
    "started_at",
    "outcome",
    "error",
)
_START = Prepared(insert(attempts).inline().values({name: bindparam(name) for name in _STARTED}))
_FINISH = Prepared(
    update(attempts)
    .where(
        attempts.c.installation_id == bindparam("key_installation"),
        attempts.c.zendesk_id == bindparam("key_customer"),
        attempts.c.lease == bindparam("key_lease"),
        attempts.c.action == bindparam("key_action"),
    )
    .values({name: bindparam(name) for name in ("outcome", "error", "reply", "finished_at")})
)
