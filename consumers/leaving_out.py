"""Leaves out whoever was forgotten, before anything is kept of what comes in. Pure.

An event about somebody forgotten becomes a blank: that it came is kept, whom it was about and what it said is
not. What it means for others still counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from bridge.deciding.reading import TICKETS, USER, Hint, Meaning
from bridge.facts import TICKET, Fact
from bridge.forgotten import Gone
from schemas.event import Event

FORGOTTEN = "forgotten"


def numbers_of(stated: Iterable[Fact]) -> set[int]:
    """The customers that facts are about or count for."""
    found = set()
    for fact in stated:
        kind, _, number = fact.subject.partition(":")
        found |= {int(number)} if kind == "user" else set()
        found |= {fact.zendesk_id} if fact.zendesk_id else set()
    return found


def numbers_in(event: Event, meaning: Meaning | None) -> set[int]:
    """The customers that an event is about, or that it concerns."""
    kind, _, number = event.subject.partition(":")
    found: set[int | None] = {int(number)} if kind == "user" and number.isdigit() else set()
    found |= {_number(event.data.get(name)) for name in ("other_id", "requester_id")}
    if meaning is not None:
        found |= numbers_of(meaning.facts) | {meaning.zendesk_id}
        found |= {_number(hint.subject.partition(":")[2]) for hint in meaning.hints if hint.kind in _OF_USERS}
    return {one for one in found if one}


def places_in(event: Event) -> set[str]:
    """The addresses and sids that an event names."""
    named = {event.data.get("sid"), event.data.get("email")}
    named |= {_of(event, part, name) for part, name in _ADDRESSES}
    return {place.lower() if "@" in place else place for place in named if isinstance(place, str) and place}


def is_past(event: Event, meaning: Meaning | None, gone: Gone, named: Set[int], *, is_known: bool) -> bool:
    """Whether an event is about somebody forgotten: by the Zendesk id, or by a place of the time before.

    `named` are the customers that it names; where the ledger knows one of them (`is_known`), its address is
    its own, whoever had it before.
    """
    if _about(event, meaning, named) & gone.numbers:
        return True
    at = event.received_at if meaning is not None and meaning.profile is not None else event.occurred_at
    return not is_known and any(gone.had(place, at) for place in places_in(event))


def _about(event: Event, meaning: Meaning | None, named: Set[int]) -> Set[int]:
    """Whom the event is about, those left out whom it only concerns besides: the other one of two merged."""
    other = _number(event.data.get("other_id"))
    main = {meaning.zendesk_id} if meaning is not None else set()
    return {one for one in named if one != other} | {one for one in main if one}


def blank(event: Event) -> Event:
    """The event without whom it was about and what it said."""
    return replace(event, subject="", data={})


def unnamed(event: Event, gone: Gone) -> Event:
    """The event of somebody else, which names nobody forgotten any more."""
    if _number(event.data.get("other_id")) not in gone.numbers:
        return event
    return replace(event, data={**event.data, "other_id": None})


def of_others(meaning: Meaning | None, gone: Gone, standing: Set[str]) -> Meaning | None:
    """What somebody's past means for others, if for anybody: tickets and merges."""
    if meaning is None or meaning.zendesk_id not in gone.numbers:
        return None
    return replace(without(meaning, gone, standing), zendesk_id=None)


def without(meaning: Meaning, gone: Gone, standing: Set[str]) -> Meaning:
    """The same without the facts and hints of whoever was forgotten."""
    facts = facts_without(meaning.facts, gone, standing)
    return replace(meaning, facts=tuple(facts), hints=tuple(_hints_without(meaning.hints, gone)))


def facts_without(stated: Iterable[Fact], gone: Gone, standing: Set[str]) -> list[Fact]:
    """These facts without those of whoever was forgotten.

    A ticket that stands in the ledger (`standing`: its subject) and is theirs now has left its customer.
    """
    left = (_left(fact, gone, standing) for fact in stated)
    return [fact for fact in left if fact is not None]


def _left(fact: Fact, gone: Gone, standing: Set[str]) -> Fact | None:
    if numbers_of([fact]).isdisjoint(gone.numbers):
        return fact
    if fact.field == TICKET and fact.subject in standing:
        return replace(fact, value=None, zendesk_id=None)
    return None


def _hints_without(hints: Sequence[Hint], gone: Gone) -> Iterator[Hint]:
    for hint in hints:
        if hint.kind not in _OF_USERS or _number(hint.subject.partition(":")[2]) not in gone.numbers:
            yield hint


def _of(event: Event, part: str, name: str) -> Any:
    inner = event.data.get(part)
    return inner.get(name) if isinstance(inner, Mapping) else None


def _number(value: Any) -> int | None:
    """A Zendesk id, however it is spelt."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_OF_USERS = (USER, TICKETS)
_ADDRESSES = (("user", "email"), ("identity", "value"), ("previous", "value"))
