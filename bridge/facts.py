"""Facts: last-writer-wins registers.

Pure: what stands when two facts about one field meet, and when nobody can say.

Vendors' times decide, not the order of arrival, so duplicated, late and reordered events end in the same
facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

Origin = Literal["event", "reading", "agent"]

# User events carry whole seconds, and so does the Date header that dates a reading: closer than this, the two
# cannot be put in order.
TIE = timedelta(seconds=2)

ADDRESS = "address"
ACTIVE = "active"
GONE = "gone"  # not even deleted any more: Zendesk knows no such user
ROLE = "role"
CREATED = "created_at"
SUSPENDED = "suspended"
SYNC = "sync"
HEALTH = "health"
TICKET = "ticket"
TAGS = "tags"  # the complete list of tags, as read
TICKETS = "tickets"  # the complete list of ticket ids, as read
TAG_PREFIX = "tag/"
FORMER_PREFIX = "former/"  # the value is when it is first known to have been this user's, in microseconds

# What a reading of the profile states; Sailthru owns it, and Zendesk is owed it.
SAILTHRU_PREFIX = "sailthru/"
OPTOUT = "sailthru/optout"  # none, basic, all
ENGAGEMENT = "sailthru/engagement"
SCORE = "sailthru/score"  # 1 to 4; None: not available
LISTS = "sailthru/lists"  # name -> time of the sign-up, ISO 8601 UTC, None where it cannot be read
SIGNUP = "sailthru/signup"  # this and the next: ISO 8601 UTC, None: never
LAST_OPEN = "sailthru/last_open"
LAST_CLICK = "sailthru/last_click"
LAST_PAGEVIEW = "sailthru/last_pageview"
LAST_PURCHASE = "sailthru/last_purchase"
LAST_LOGIN = "sailthru/last_login"
LIFETIME = "sailthru/lifetime"  # messages, opens, clicks, pageviews, purchases, revenue_cents -> integer
PREDICTIONS = "sailthru/predictions"  # var -> number, of those that the installation names


@dataclass(frozen=True)
class Fact:
    """One field of one subject, its value, and when that became true.

    `subject` is `user:<id>` or `ticket:<id>`; `zendesk_id` the customer it counts for (of a ticket: the
    requester that its value names; None once deleted). `value` is JSON data.
    """

    subject: str
    field: str
    value: Any
    at: datetime
    origin: Origin
    event_id: str
    zendesk_id: int | None

    @property
    def order(self) -> tuple[datetime, str]:
        """What decides between two facts: the time, then the greater event id."""
        return (self.at, self.event_id)


@dataclass(frozen=True)
class Meeting:
    """What came of two facts about the same field: which stands, and whether the value changed.

    From `doubt_until` on a reading can tell which was later; None: surely ordered.
    """

    stands: Fact
    changed: bool
    doubt_until: datetime | None


def meet(old: Fact | None, new: Fact) -> Meeting:
    """Let a new fact meet the one that stands."""
    if old is None:
        return Meeting(new, changed=True, doubt_until=None)
    stands = max(old, new, key=lambda fact: fact.order)
    if old.value == new.value:
        return Meeting(stands, changed=False, doubt_until=None)
    doubt_until = max(old.at, new.at) + TIE if is_tie(old, new) else None
    return Meeting(stands, changed=stands is new, doubt_until=doubt_until)


def with_earliest(old: Fact, new: Fact) -> tuple[Fact, Fact]:
    """Two facts about one former address, each with the earlier of the times that they hold as values.

    A former address counts by when it was last left, but a claim on the profile found there by when it was
    first.
    """
    earliest = min(old.value, new.value)
    return replace(old, value=earliest), replace(new, value=earliest)


def is_tie(one: Fact, other: Fact) -> bool:
    """Whether the times of two facts are too close, at the precision they carry, to tell their order."""
    if "agent" in (one.origin, other.origin):
        return False
    if "reading" in (one.origin, other.origin):
        return abs(one.at - other.at) < TIE
    if one.at == other.at:
        return True
    same_second = one.at.replace(microsecond=0) == other.at.replace(microsecond=0)
    return same_second and (one.at.microsecond == 0 or other.at.microsecond == 0)


def counts(listed: Fact | None, key: Any, at: datetime) -> bool:
    """Whether a tag or ticket fact of time `at` counts beside the subject's last complete list.

    A list says as much about what is not in it: an older fact that it leaves out is over.
    """
    return listed is None or at > listed.at or key in listed.value


def doubts_list(listed: Fact | None, key: Any, fact: Fact) -> datetime | None:
    """Until when to wait before reading again, because a list and a fact contradict each other closely."""
    if listed is None or fact.origin == "agent" or abs(fact.at - listed.at) >= TIE:
        return None
    is_member = bool(fact.value) and fact.zendesk_id == listed.zendesk_id
    return None if is_member == (key in listed.value) else max(fact.at, listed.at) + TIE


@dataclass(frozen=True)
class CustomerFacts:
    """All facts of one customer: its own by field, and those of the tickets that name it as requester."""

    fields: Mapping[str, Fact]
    tickets: Mapping[int, Fact]

    def value(self, field: str, default: Any = None) -> Any:
        fact = self.fields.get(field)
        return default if fact is None else fact.value

    def is_active(self) -> bool:
        return self.value(ACTIVE, default=True) is not False

    def is_gone(self) -> bool:
        """Whether Zendesk erased the user: its tickets and tags are nobody's business any more."""
        return self.value(GONE) is True and not self.is_active()

    def address(self) -> str | None:
        """The address; that of an inactive user is none."""
        return self.value(ADDRESS) if self.is_active() else None

    def last_address(self) -> str | None:
        """The address, or an inactive user's last one: its profile may still be on the way there."""
        last: str | None = self.value(ADDRESS)
        return last

    def former_addresses(self) -> list[str]:
        """Addresses this user had, newest first, the present one left out."""
        former = [fact for name, fact in self.fields.items() if name.startswith(FORMER_PREFIX)]
        last = self.fields.get(ADDRESS)
        if last is not None and last.value and not self.is_active():
            former.append(last)
        former.sort(key=lambda fact: fact.order, reverse=True)
        names = [_former(fact) for fact in former]
        return [name for name in dict.fromkeys(names) if name != self.address()]

    def tags(self) -> list[str] | None:
        """The tags, sorted; None while no complete list was read."""
        listed = self.fields.get(TAGS)
        if listed is None:
            return None
        counted = {
            name.removeprefix(TAG_PREFIX): fact
            for name, fact in self.fields.items()
            if name.startswith(TAG_PREFIX)
        }
        return sorted(tag for tag, fact in counted.items() if fact.value and counts(listed, tag, fact.at))

    def counted_tickets(self) -> list[dict[str, Any]] | None:
        """The tickets that count, as they are in their facts; None while no complete list was read."""
        listed = self.fields.get(TICKETS)
        if listed is None:
            return None
        return [
            fact.value
            for number, fact in self.tickets.items()
            if fact.value is not None and counts(listed, number, fact.at)
        ]


def of_customer(facts: Iterable[Fact]) -> CustomerFacts:
    """Sort one customer's facts into its own and its tickets'."""
    own: dict[str, Fact] = {}
    tickets: dict[int, Fact] = {}
    for fact in facts:
        if fact.field == TICKET:
            tickets[int(fact.subject.partition(":")[2])] = fact
        else:
            own[fact.field] = fact
    return CustomerFacts(own, tickets)


def _former(fact: Fact) -> str:
    name = fact.field.removeprefix(FORMER_PREFIX)
    return str(fact.value) if fact.field == ADDRESS else name
