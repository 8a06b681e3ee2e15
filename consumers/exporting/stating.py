"""What a page of an export states: the very facts of a reading, but dated with care. Pure.

What changed in the most recent minute is not in an export, so it says nothing about that minute: its facts
are dated a minute before the request was sent, or, should a record be younger, by its own last change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bridge.facts import (
    ACTIVE,
    ADDRESS,
    CREATED,
    ROLE,
    TAG_PREFIX,
    TAGS,
    TICKET,
    TICKETS,
    Fact,
)
from consumers import records
from schemas.zendesk_exports import ExportPage
from schemas.zendesk_records import TicketRecord, UserRecord

LEFT_OUT = timedelta(seconds=60)

# By what Sailthru holds: which of its fields a change of this fact concerns. The others are not sent there.
_SHOWN_AS: Mapping[str, str] = {
    ADDRESS: "email",
    ACTIVE: "zendesk_active",
    ROLE: "zendesk_sync",
    CREATED: "zendesk_created",
    TAGS: "zendesk_tags",
    TICKET: "zendesk_tickets",
    TICKETS: "zendesk_tickets",
}


def dated(updated_at: datetime | None, sent_at: datetime) -> datetime:
    """From when on what an export asked for at `sent_at` shows of a record was surely so."""
    vouched_at = sent_at - LEFT_OUT
    return vouched_at if updated_at is None else min(sent_at, max(vouched_at, updated_at))


def of_users(page: ExportPage[UserRecord], sent_at: datetime, reading_id: str) -> list[tuple[Fact, ...]]:
    """The facts in each user's record."""
    return [records.user_facts(one, dated(one.updated_at, sent_at), reading_id) for one in page.items]


def of_tickets(page: ExportPage[TicketRecord], sent_at: datetime, reading_id: str) -> list[tuple[Fact, ...]]:
    """The one fact in each ticket's record."""
    return [(records.ticket_fact(one, dated(one.updated_at, sent_at), reading_id),) for one in page.items]


def shown_as(fields: Iterable[str]) -> set[str]:
    """The fields of a profile in Sailthru that changes of these facts concern."""
    names = (TAGS if field.startswith(TAG_PREFIX) else field for field in fields)
    return {_SHOWN_AS[name] for name in names if name in _SHOWN_AS}
