"""Reads one page of an export, and keeps it together with the place where the walk goes on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import structlog
from sqlalchemy import Connection

from bridge.clock import to_micros
from bridge.errors import BridgeError, Refused
from bridge.facts import Fact
from bridge.ledger import exports
from bridge.ledger.exports import Walk
from bridge.ledger.ledger import Ledger
from bridge.remotes import zendesk_exports
from bridge.remotes.zendesk import Zendesk
from consumers.exporting import stating
from schemas.zendesk_exports import TICKETS, USERS, ExportPage

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=2)  # of two walks, and of one that begins anew
AT_ONCE = 200  # records in one transaction: nobody waits long for the ledger
CURSOR_REFUSED = ("bad_request", "invalid", "not_found")

Stated = Sequence[Sequence[Fact]]
Keep = Callable[[Connection, Sequence[Fact]], None]


class Overtaken(BridgeError):
    """Another process went on with this walk meanwhile; what was kept twice is the same."""

    def __init__(self) -> None:
        super().__init__("another process reads the same export of this installation")


@dataclass(frozen=True)
class Turned:
    """A page that was read: the facts in each record, and the walk after it."""

    stated: Stated
    after: Walk


def turn(zendesk: Zendesk, walk: Walk) -> Turned:
    """Read the next page; raises as every call of that client.

    A cursor that Zendesk does not take any more leaves the walk where it begins anew.
    """
    try:
        page, sent_at, stated = _READERS[walk.kind](zendesk, walk)
    except Refused as error:
        if walk.cursor is None or error.reason not in CURSOR_REFUSED:
            raise
        log.warning("The export begins anew.", action="export_anew", kind=walk.kind, error=str(error))
        return Turned([], replace(begun_anew(walk), pages=walk.pages + 1))
    after = replace(
        walk,
        cursor=page.after or walk.cursor,
        sent_at=to_micros(sent_at),
        is_ended=page.is_last,
        pages=walk.pages + 1,
        records=walk.records + len(page.items),
        strange=walk.strange + page.strange,
    )
    return Turned(stated, after)


def begun_anew(walk: Walk) -> Walk:
    """The same walk without its cursor, back to what it surely read and a little further."""
    overlap = to_micros_of(stating.LEFT_OUT + OVERLAP)
    since = walk.since if walk.sent_at is None else max(0, walk.sent_at - overlap)
    return replace(walk, cursor=None, since=since, is_ended=False)


def keep_page(ledger: Ledger, before: Walk, turned: Turned, keep: Keep) -> None:
    """Keep a page in parts; the walk goes on in the transaction of the last one.

    Raises `Overtaken` when another process moved the walk: then only facts were kept.
    """
    parts = list(_parts(turned.stated)) or [()]
    for part in parts[:-1]:
        with ledger.writing() as connection:
            keep(connection, part)
    with ledger.writing() as connection:
        keep(connection, parts[-1])
        if not exports.advance(connection, before, turned.after):
            raise Overtaken


def to_micros_of(span: timedelta) -> int:
    """A duration in microseconds."""
    return span // timedelta(microseconds=1)


def _parts(stated: Stated) -> Iterator[tuple[Fact, ...]]:
    for start in range(0, len(stated), AT_ONCE):
        yield tuple(chain.from_iterable(stated[start : start + AT_ONCE]))


def _users(zendesk: Zendesk, walk: Walk) -> tuple[ExportPage[Any], datetime, Stated]:
    reading = zendesk_exports.users(zendesk, cursor=walk.cursor, since=walk.since // 1_000_000)
    return reading.value, reading.sent_at, stating.of_users(reading.value, reading.sent_at, _new_id(walk))


def _tickets(zendesk: Zendesk, walk: Walk) -> tuple[ExportPage[Any], datetime, Stated]:
    reading = zendesk_exports.tickets(zendesk, cursor=walk.cursor, since=walk.since // 1_000_000)
    return reading.value, reading.sent_at, stating.of_tickets(reading.value, reading.sent_at, _new_id(walk))


_READERS: Mapping[str, Callable[[Zendesk, Walk], tuple[ExportPage[Any], datetime, Stated]]] = {
    USERS: _users,
    TICKETS: _tickets,
}


def _new_id(walk: Walk) -> str:
    return f"{walk.purpose}:{uuid.uuid4()}"
