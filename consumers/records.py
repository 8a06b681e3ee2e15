"""What a reading in Zendesk states: facts dated when the request was sent, on the server's clock. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bridge.facts import (
    ACTIVE,
    ADDRESS,
    CREATED,
    GONE,
    ROLE,
    SUSPENDED,
    TAG_PREFIX,
    TAGS,
    TICKET,
    TICKETS,
    Fact,
)
from schemas.zendesk_records import TicketRecord, UserRecord


def user_facts(record: UserRecord, at: datetime, reading_id: str) -> tuple[Fact, ...]:
    """Everything a user's record says: its fields, each of its tags, and that these are all."""
    stated: dict[str, Any] = {ACTIVE: record.active, ROLE: record.role, SUSPENDED: record.suspended}
    if record.created_at:
        stated[CREATED] = record.created_at
    if record.active:
        stated[ADDRESS] = record.email
    if record.tags is not None:
        stated |= {TAG_PREFIX + tag: True for tag in record.tags}
        stated[TAGS] = sorted(record.tags)
    return _of_user(record.id, stated, at, reading_id)


def user_is_gone(number: int, at: datetime, reading_id: str) -> tuple[Fact, ...]:
    """A user we knew is not there any more: merged away, or deleted for good."""
    return _of_user(number, {ACTIVE: False, GONE: True}, at, reading_id)


def _of_user(number: int, stated: Mapping[str, Any], at: datetime, reading_id: str) -> tuple[Fact, ...]:
    subject = f"user:{number}"
    return tuple(
        Fact(subject, name, value, at, "reading", reading_id, number) for name, value in stated.items()
    )


def ticket_fact(record: TicketRecord, at: datetime, reading_id: str) -> Fact:
    """What one ticket's record says; a deleted one counts for nobody."""
    is_gone = record.status == "deleted" or record.requester_id is None
    value = None if is_gone else record.as_fact()
    holder = None if is_gone else record.requester_id
    return Fact(f"ticket:{record.id}", TICKET, value, at, "reading", reading_id, holder)


def ticket_is_gone(number: int, at: datetime, reading_id: str) -> Fact:
    """A ticket that is not there any more."""
    return Fact(f"ticket:{number}", TICKET, None, at, "reading", reading_id, None)


def complete_list(number: int, tickets: Iterable[int], at: datetime, reading_id: str) -> Fact:
    """That these were all tickets of a user when the first page was asked for."""
    return Fact(f"user:{number}", TICKETS, sorted(tickets), at, "reading", reading_id, number)
