"""Keeps what exports state, as readings do; a backfill's pushes wait until it hands its customers over."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.clock import to_micros
from bridge.customer import Customer
from bridge.deciding.reading import Meaning
from bridge.facts import SYNC, Fact
from bridge.forgotten import Forgotten
from bridge.ledger import backfills, customers, events, facts, waits
from bridge.ledger.events import KEPT, KeptEvent
from bridge.ledger.exports import BACKFILL, RECONCILE
from consumers import profile_waits
from consumers.admitting import admit_reading
from consumers.exporting.stating import shown_as
from consumers.keeping import Keeping
from consumers.patience import PATIENT, Patience
from schemas.event import Event

# What a backfill finds new of a customer whom Sailthru knows of already is pushed when that customer's turn
# comes; should the backfill never get there, then after this time.
LATER = timedelta(days=1)


def keep_reconciled(
    connection: Connection,
    installation: tuple[int, str],
    stated: Sequence[Fact],
    now: datetime,
    patience: Patience = PATIENT,
    *,
    forgotten: Forgotten,
) -> dict[int, set[str]]:
    """Keep what a pass of the clock read. Returns whom no event had told of it, and in which fields.

    `installation` is its id and its name. Each of those customers gets an event of its own. Of whom was
    `forgotten` nothing is kept.
    """
    stated, _ = admit_reading(connection, installation[0], stated, forgotten=forgotten)
    keeping = Keeping(connection, installation[0], now)
    keeping.merge(stated)
    keeping.meet_customers([Meaning(None, tuple(stated))])
    found = _drifted(keeping)
    keeping.write(patience)
    kept = [_event(keeping, installation[1], RECONCILE, number, found[number]) for number in sorted(found)]
    events.keep(connection, installation[0], kept, to_micros(now))
    return {number: set(fields) for number, fields in found.items()}


def _drifted(keeping: Keeping) -> dict[int, set[str]]:
    """Who is synced and held something else than Zendesk says."""
    shown = {number: shown_as(fields) for number, fields in keeping.merged.news.items()}
    subjects = [f"user:{number}" for number in shown]
    switched_off = {
        fact.zendesk_id
        for fact in facts.of_fields(keeping.connection, keeping.installation_id, subjects, SYNC)
        if fact.value is False
    }
    return {
        number: fields
        for number, fields in shown.items()
        if fields and number not in switched_off and not keeping.is_staff(number)
    }


def keep_backfilled(
    connection: Connection,
    installation_id: int,
    stated: Sequence[Fact],
    now: datetime,
    *,
    are_users: bool,
    forgotten: Forgotten,
) -> None:
    """Keep what a backfill read. Nobody is pushed yet, and nobody read for the first time.

    Of whom was `forgotten` nothing is kept.
    """
    stated, _ = admit_reading(connection, installation_id, stated, forgotten=forgotten)
    keeping = Keeping(connection, installation_id, now)
    keeping.merge(stated)
    named = {fact.zendesk_id for fact in stated if fact.zendesk_id}
    keeping.customers = _met(connection, installation_id, named | keeping.merged.touched)
    keeping.store(to_micros(now))
    if are_users:
        backfills.read(connection, installation_id, keeping.marks(named), to_micros(now))
    _owe_later(keeping)
    waits.add(connection, keeping.waits)
    profile_waits.note_openings(connection, installation_id, keeping.merged.openings, PATIENT, now)


def _met(connection: Connection, installation_id: int, numbers: AbstractSet[int]) -> dict[int, Customer]:
    held = customers.locked(connection, installation_id, numbers)
    customers.add(connection, installation_id, numbers - held.keys())
    return {number: held.get(number) or Customer(installation_id, number) for number in numbers}


def _owe_later(keeping: Keeping) -> None:
    """Whoever was pushed before, or is about to be, owes what is new; the others do once they are whole."""
    known = [
        number
        for number in keeping.merged.touched
        if keeping.customers[number].seen_at is not None or keeping.customers[number].wanted
    ]
    due_at = to_micros(keeping.now + LATER)
    marks = keeping.marks(known)
    backfills.owe_later(
        keeping.connection, keeping.installation_id, marks, to_micros(keeping.now), due_at=due_at
    )
    keeping.reopen(marks)


def note_released(
    connection: Connection, installation: tuple[int, str], versions: Mapping[int, int], now: datetime
) -> None:
    """An event for each customer that a backfill handed over: what becomes of it is its outcome."""
    kept = [
        KeptEvent(_new_event(installation[1], BACKFILL, number, {}, now), number, version, KEPT)
        for number, version in sorted(versions.items())
    ]
    events.keep(connection, installation[0], kept, to_micros(now))


def _event(keeping: Keeping, name: str, source: str, number: int, fields: AbstractSet[str]) -> KeptEvent:
    event = _new_event(name, source, number, {"fields": sorted(fields)}, keeping.now)
    return KeptEvent(event, number, keeping.customers[number].wanted + 1, KEPT)


def _new_event(name: str, source: str, number: int, data: Mapping[str, object], now: datetime) -> Event:
    return Event(
        id=f"{source}:{uuid.uuid4()}",
        installation=name,
        lane="zendesk",
        type=f"{source}.customer",
        subject=f"user:{number}",
        source=source,
        occurred_at=now,
        received_at=now,
        data=data,
    )
