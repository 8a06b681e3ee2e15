"""Which changes concern the way back to Zendesk, and which tickets were just opened. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.facts import ACTIVE, ROLE, SAILTHRU_PREFIX, SYNC, TAG_PREFIX, TAGS, TICKET, Fact

HIGH_VALUE_TAG = "sailthru_highvalue"
SOLVED = ("solved", "closed", "deleted")
JUST_NOW = timedelta(hours=1)


@dataclass(frozen=True)
class Opening:
    """A ticket of customer `number` that became unsolved.

    `at` is when: of a new ticket its creation, of one reopened the change.
    """

    number: int
    ticket: int
    at: datetime

    def is_recent(self, now: datetime) -> bool:
        """Whether an agent may be about to look at it; an old one that was only now read is not."""
        return self.at >= now - JUST_NOW


def concerns_zendesk(old: Fact | None, new: Fact) -> bool:
    """Whether what Zendesk should hold can differ once `new` stands in the place of `old`."""
    if new.field.startswith(SAILTHRU_PREFIX) or new.field in (ACTIVE, ROLE, SYNC):
        return True
    if new.field == TICKET:
        return _unsolved(old) != _unsolved(new)
    if new.field == TAGS:
        return _lists_tag(old) != _lists_tag(new)
    return new.field == TAG_PREFIX + HIGH_VALUE_TAG


def opening(old: Fact | None, new: Fact) -> Opening | None:
    """The ticket that is unsolved for its requester now and was not before, if there is one."""
    if new.field != TICKET or new.zendesk_id is None or not _is_unsolved(new.value):
        return None
    if _unsolved(old) == _unsolved(new):
        return None
    is_new = old is None or old.value is None
    created_at = _moment(new.value.get("created_at")) if is_new else None
    return Opening(new.zendesk_id, int(new.subject.partition(":")[2]), created_at or new.at)


def _unsolved(fact: Fact | None) -> int | None:
    """Whose unsolved ticket it is."""
    return fact.zendesk_id if fact is not None and _is_unsolved(fact.value) else None


def _is_unsolved(ticket: Any) -> bool:
    return ticket is not None and ticket.get("status") not in SOLVED


def has_unsolved(tickets: list[dict[str, Any]] | None) -> bool:
    """Whether any of these tickets still needs an agent."""
    return any(_is_unsolved(ticket) for ticket in tickets or ())


def _lists_tag(fact: Fact | None) -> bool:
    return fact is not None and HIGH_VALUE_TAG in fact.value


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
