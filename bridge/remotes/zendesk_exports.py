"""Zendesk's incremental exports: a thousand users or tickets a call, everything that changed since a moment.

Deleted records are in them; what changed in the most recent minute is not. Zendesk counts these calls apart:
ten a minute, thirty with its High Volume add-on.
"""

from __future__ import annotations

from bridge.errors import TryLater
from bridge.remotes.zendesk import Reading, Zendesk
from bridge.remotes.zendesk_errors import SYSTEM
from schemas import zendesk_exports as pages
from schemas.errors import Unreadable
from schemas.zendesk_exports import ExportPage
from schemas.zendesk_records import TicketRecord, UserRecord

PAGE_SIZE = 1000
READ_S = 60.0  # a thousand tickets take Zendesk a while
LARGEST = 48 * 1024 * 1024  # and each of them may carry dozens of custom fields


def users(
    zendesk: Zendesk, *, cursor: str | None, since: int, size: int = PAGE_SIZE
) -> Reading[ExportPage[UserRecord]]:
    """One page of users: what follows `cursor`, or, without one, from `since` on (seconds since the epoch).

    A cursor that Zendesk does not take any more raises `Refused`; beyond that as every call.
    """
    reading = zendesk.get(*_asked(pages.USERS, cursor, since, size), read_s=READ_S, largest=LARGEST)
    try:
        return Reading(pages.user_page(reading.value), reading.sent_at)
    except Unreadable as error:
        raise TryLater(SYSTEM, "garbled", detail=error.fault) from None


def tickets(
    zendesk: Zendesk, *, cursor: str | None, since: int, size: int = PAGE_SIZE
) -> Reading[ExportPage[TicketRecord]]:
    """One page of tickets; as `users`."""
    reading = zendesk.get(*_asked(pages.TICKETS, cursor, since, size), read_s=READ_S, largest=LARGEST)
    try:
        return Reading(pages.ticket_page(reading.value), reading.sent_at)
    except Unreadable as error:
        raise TryLater(SYSTEM, "garbled", detail=error.fault) from None


def _asked(kind: str, cursor: str | None, since: int, size: int) -> tuple[str, dict[str, str]]:
    begin = {"start_time": str(since)} if cursor is None else {"cursor": cursor}
    return f"/api/v2/incremental/{kind}/cursor.json", {**begin, "per_page": str(size)}
