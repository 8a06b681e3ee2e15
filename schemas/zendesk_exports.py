"""One page of an incremental export of Zendesk's: users or tickets that changed, and where to go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from schemas import zendesk_records as records
from schemas.errors import Unreadable
from schemas.zendesk_records import TicketRecord, UserRecord

USERS = "users"
TICKETS = "tickets"

Record = TypeVar("Record")


@dataclass(frozen=True)
class ExportPage(Generic[Record]):
    """Up to a thousand records. `after` is the cursor to go on with; `is_last`: there is nothing more now.

    `strange` counts entries that cannot be read: one of them must not hold up all the others.
    """

    items: tuple[Record, ...]
    after: str | None
    is_last: bool
    strange: int = 0


def user_page(record: Any) -> ExportPage[UserRecord]:
    """A page of users. Raises `Unreadable` when it is no page at all."""
    return _page(record, USERS, records.user)


def ticket_page(record: Any) -> ExportPage[TicketRecord]:
    """A page of tickets. Raises `Unreadable` when it is no page at all."""
    return _page(record, TICKETS, records.ticket)


def _page(record: Any, name: str, read: Callable[[Any], Record]) -> ExportPage[Record]:
    if not isinstance(record, Mapping) or not isinstance(record.get(name), list):
        raise Unreadable(f"The reply holds no {name}.")
    after = record.get("after_cursor")
    cursor = after if isinstance(after, str) and after else None
    is_last = record.get("end_of_stream") is True
    if cursor is None and not is_last:
        # what is not surely complete must never look so
        raise Unreadable("The reply says that there is more, but not where.")
    found = [_read(entry, read) for entry in record[name]]
    items = tuple(one for one in found if one is not None)
    return ExportPage(items, cursor, is_last=is_last, strange=len(found) - len(items))


def _read(entry: Any, read: Callable[[Any], Record]) -> Record | None:
    try:
        return read(entry)
    except Unreadable:
        return None
