"""Stands before everything that is kept of what Zendesk, Sailthru or an agent says: of whoever was forgotten
nothing gets past, whichever way it came. Holds the subjects first, so that nobody is forgotten in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.customer import Customer
from bridge.deciding.reading import TICKETS, USER, Meaning, meaning
from bridge.facts import TICKET, Fact
from bridge.forgotten import Forgotten, Gone
from bridge.ledger import customers, facts
from bridge.ledger.writing import lock_subjects
from consumers import leaving_out
from consumers.postbacks import Postbacks
from schemas.event import Event


@dataclass(frozen=True)
class Meant:
    """An event beside what it means; None: nothing to us. `ignored_for`: why nothing else of it is kept."""

    event: Event
    meaning: Meaning | None
    ignored_for: str = ""


def admit_events(
    connection: Connection,
    installation_id: int,
    batch: Sequence[Meant],
    postbacks: Postbacks,
    *,
    forgotten: Forgotten,
) -> Sequence[Meant]:
    """The batch as it may be kept: of whoever was forgotten only that something came."""
    hold(connection, installation_id, [one.meaning for one in batch], postbacks.numbers())
    if not forgotten.is_any(connection, installation_id):
        return batch
    return _without_forgotten(connection, installation_id, batch, postbacks, forgotten)


def admit_reading(
    connection: Connection,
    installation_id: int,
    stated: Sequence[Fact],
    read: Iterable[int] = (),
    *,
    forgotten: Forgotten,
) -> tuple[Sequence[Fact], set[int]]:
    """The facts of a reading, or of an export, as they may be kept; and who of those `read` is left."""
    numbers = set(read)
    hold(connection, installation_id, [Meaning(None, tuple(stated))], numbers)
    if not forgotten.is_any(connection, installation_id):
        return stated, numbers
    named = leaving_out.numbers_of(stated) | numbers
    gone = forgotten.among(connection, installation_id, numbers=named)
    standing = _standing(connection, installation_id, stated)
    return leaving_out.facts_without(stated, gone, standing), numbers - gone.numbers


def is_forgotten(connection: Connection, installation_id: int, event: Event, forgotten: Forgotten) -> bool:
    """Whether an event is about somebody of whom nothing is kept."""
    batch = [Meant(event, meaning(event))]
    (left,) = admit_events(connection, installation_id, batch, Postbacks({}), forgotten=forgotten)
    return bool(left.ignored_for)


def hold(
    connection: Connection,
    installation_id: int,
    meanings: Iterable[Meaning | None],
    numbers: Iterable[int] = (),
) -> None:
    """Hold all subjects concerned until the transaction ends, in one step and hence in one order."""
    subjects = {f"user:{number}" for number in numbers}
    for one in meanings:
        if one is not None:
            subjects |= {fact.subject for fact in one.facts}
            subjects |= {f"user:{number}" for number in leaving_out.numbers_of(one.facts)}
            subjects |= {hint.subject for hint in one.hints if hint.kind in (USER, TICKETS)}
            subjects |= {f"user:{one.zendesk_id}"} if one.zendesk_id else set()
    lock_subjects(connection, installation_id, subjects)


def _without_forgotten(
    connection: Connection,
    installation_id: int,
    batch: Sequence[Meant],
    postbacks: Postbacks,
    forgotten: Forgotten,
) -> list[Meant]:
    named = {one.event.id: leaving_out.numbers_in(one.event, one.meaning) for one in batch}
    named = {event_id: numbers | postbacks.numbers([event_id]) for event_id, numbers in named.items()}
    everybody = set().union(*named.values())
    places = set().union(*(leaving_out.places_in(one.event) for one in batch))
    gone = forgotten.among(connection, installation_id, numbers=everybody, places=places)
    known = customers.locked(connection, installation_id, everybody)
    stated = [fact for one in batch if one.meaning is not None for fact in one.meaning.facts]
    standing = _standing(connection, installation_id, stated)
    return [_left(one, gone, named[one.event.id], known, standing) for one in batch]


def _left(
    one: Meant, gone: Gone, named: Set[int], known: Mapping[int, Customer], standing: Set[str]
) -> Meant:
    if leaving_out.is_past(one.event, one.meaning, gone, named, is_known=bool(known.keys() & named)):
        others = leaving_out.of_others(one.meaning, gone, standing)
        return Meant(leaving_out.blank(one.event), others, ignored_for=leaving_out.FORGOTTEN)
    left = one.meaning and leaving_out.without(one.meaning, gone, standing)
    return Meant(leaving_out.unnamed(one.event, gone), left)


def _standing(connection: Connection, installation_id: int, stated: Iterable[Fact]) -> set[str]:
    """The tickets among these facts that the ledger has a fact of."""
    tickets = {fact.subject for fact in stated if fact.field == TICKET}
    return {fact.subject for fact in facts.of_fields(connection, installation_id, tickets, TICKET)}
