"""Facts of one customer for tests that need no ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bridge.facts import TAG_PREFIX, TAGS, TICKET, TICKETS, CustomerFacts, Fact, of_customer

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
NUMBER = 7


def fact(field: str, value: Any, subject: str = f"user:{NUMBER}") -> Fact:
    return Fact(subject, field, value, AT, "reading", "reading:1", NUMBER)


def facts_of(
    *, tags: list[str] | None = None, tickets: dict[int, str] | None = None, **said: Any
) -> CustomerFacts:
    """A customer of whom the profile says so; its tags (None: the account has none), its tickets' states."""
    stated = [fact(f"sailthru/{name}", value) for name, value in said.items() if name not in OWN]
    stated += [fact(name, value) for name, value in said.items() if name in OWN]
    if tags is not None:
        stated += [fact(TAGS, sorted(tags)), *(fact(TAG_PREFIX + tag, True) for tag in tags)]
    statuses = tickets or {}
    stated += [
        fact(TICKET, {"id": number, "status": status}, f"ticket:{number}")
        for number, status in statuses.items()
    ]
    stated.append(fact(TICKETS, sorted(statuses)))
    return of_customer(stated)


OWN = ("role", "active", "sync")
