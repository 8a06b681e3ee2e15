"""The three questions to Zendesk (users, one user's tickets, one ticket), and what is kept of each answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.clock import to_micros
from bridge.customer import NOT_IN_ZENDESK, Customer
from bridge.deciding.projection import END_USER
from bridge.deciding.steps import ZENDESK
from bridge.facts import ROLE, Fact
from bridge.ledger import customers, events, learning, waits
from bridge.ledger.installations import Installation
from bridge.ledger.waits import Wait
from bridge.remotes.zendesk import Zendesk
from consumers import records
from consumers.keeping import keep_reading
from consumers.leaving_out import FORGOTTEN
from consumers.parts import Parts
from schemas.zendesk_records import UserRecord

LAGGING = timedelta(seconds=2)
MOST_LAGGING = 5
ASK_AGAIN_S = (2.0, 10.0, 60.0)  # after a 404: replicas lag, and test deliveries carry invented ids


@dataclass(frozen=True)
class Asked:
    """The waits of one installation that one call to `system` is to end."""

    parts: Parts
    installation: Installation
    waits: tuple[Wait, ...]
    system: str = ZENDESK


Question = Callable[[Asked], None]


def _zendesk(asked: Asked) -> Zendesk:
    return asked.parts.remotes.zendesk(asked.installation)


def ask_users(asked: Asked) -> None:
    """Read up to a hundred users."""
    found, read_at = _users(asked, _zendesk(asked))
    reading_id = _new_id()
    stated: list[Fact] = []
    read: list[Wait] = []
    for wait in asked.waits:
        record = found.get(wait.number)
        if record is None:
            _not_there(asked, wait, read_at)
        elif (at := _dated(wait, record.updated_at, read_at)) is None:
            _lag(asked, wait)
        else:
            stated += records.user_facts(record, at, reading_id)
            read.append(wait)
    if read:
        _learn_tagging(asked, found.values())
        _keep_users(asked, stated, read)


def _learn_tagging(asked: Asked, found: Iterable[UserRecord]) -> None:
    """Whether users have tags in this account: its records show them, or never do."""
    shown = {record.tags is not None for record in found if record.active}
    if not shown:
        return
    has_tags = any(shown)
    with asked.parts.ledger.reading() as connection:
        known = learning.zendesk_ways(learning.learned(connection, asked.installation.id)).has_user_tags
    if known != has_tags:
        with asked.parts.ledger.writing() as connection:
            learning.learn(connection, asked.installation.id, user_tags=has_tags)


def _users(asked: Asked, zendesk: Zendesk) -> tuple[dict[int, UserRecord], datetime]:
    """The users that Zendesk knows of those asked for, and the time of the reading."""
    numbers = [wait.number for wait in asked.waits]
    if len(numbers) == 1:
        began_at = asked.parts.clock.now()
        one = zendesk.user(numbers[0])
        return ({numbers[0]: one.value}, one.sent_at) if one else ({}, began_at)
    many = zendesk.users(numbers)
    return {record.id: record for record in many.value}, many.sent_at


def _keep_users(asked: Asked, stated: Sequence[Fact], read: Sequence[Wait]) -> None:
    now = asked.parts.clock.now()
    numbers = [wait.number for wait in read]
    staff = {fact.zendesk_id for fact in stated if fact.field == ROLE and fact.value != END_USER}
    with asked.parts.ledger.writing() as connection:
        _keep(connection, asked, stated, read=numbers)
        held = customers.locked(connection, asked.installation.id, numbers)
        first = [replace(one, read_at=to_micros(now)) for one in held.values() if one.read_at is None]
        customers.save(connection, first)
        for wait in read:
            waits.end(connection, wait)
            if wait.number in staff:
                # Their tickets are no concern of ours.
                _end_tickets(connection, asked.installation.id, wait.subject)


def _end_tickets(connection: Connection, installation_id: int, subject: str) -> None:
    for wait in waits.of_subject(connection, installation_id, subject):
        if wait.kind == "tickets":
            waits.end(connection, wait)


def ask_tickets(asked: Asked) -> None:
    """Read one page of a user's tickets. The list stands, and the customer is seen, with the last one."""
    (wait,) = asked.waits
    page = _zendesk(asked).tickets_of(wait.number, wait.progress.get("after"))
    if page is None:
        _no_tickets(asked, wait)
        return
    reading_id = _new_id()
    stated = [records.ticket_fact(one, page.sent_at, reading_id) for one in page.value.items]
    counting = [one.id for one in page.value.items if one.status != "deleted"]
    ids = [*wait.progress.get("ids", ()), *counting]
    first_at = wait.progress.get("first_at") or page.sent_at.isoformat()
    if page.value.after is None:
        listed = records.complete_list(wait.number, ids, datetime.fromisoformat(first_at), reading_id)
        _keep_last_page(asked, wait, [*stated, listed])
        return
    now = asked.parts.clock.now()
    progress = {"after": page.value.after, "ids": ids, "first_at": first_at}
    with asked.parts.ledger.writing() as connection:
        _keep(connection, asked, stated)
        waits.put_off(connection, wait, now, progress=progress)


def _keep_last_page(asked: Asked, wait: Wait, stated: Sequence[Fact]) -> None:
    now = asked.parts.clock.now()
    with asked.parts.ledger.writing() as connection:
        _keep(connection, asked, stated, read=[wait.number])
        held = customers.locked(connection, asked.installation.id, [wait.number])
        first = [replace(one, seen_at=to_micros(now)) for one in held.values() if one.seen_at is None]
        customers.save(connection, first)
        waits.end(connection, wait)


def _no_tickets(asked: Asked, wait: Wait) -> None:
    """No such user: whoever asks for the user itself decides what that means."""
    with asked.parts.ledger.writing() as connection:
        if not _asks_again(connection, asked, wait):
            waits.end(connection, wait)


def ask_ticket(asked: Asked) -> None:
    """Read one ticket."""
    (wait,) = asked.waits
    began_at = asked.parts.clock.now()
    reading = _zendesk(asked).ticket(wait.number)
    if reading is None:
        _not_there(asked, wait, began_at)
        return
    at = _dated(wait, reading.value.updated_at, reading.sent_at)
    if at is None:
        _lag(asked, wait)
    else:
        _keep_ticket(asked, wait, records.ticket_fact(reading.value, at, _new_id()))


def _keep_ticket(asked: Asked, wait: Wait, fact: Fact) -> None:
    now = asked.parts.clock.now()
    with asked.parts.ledger.writing() as connection:
        _keep(connection, asked, [fact])
        held = customers.locked(connection, asked.installation.id, [fact.zendesk_id or 0])
        one = held.get(fact.zendesk_id or 0)
        if fact.zendesk_id is None:
            events.end_subject(connection, asked.installation.id, wait.subject, "deleted ticket")
        elif one is None:
            events.end_subject(connection, asked.installation.id, wait.subject, FORGOTTEN)
        else:
            events.adopt(connection, asked.installation.id, wait.subject, fact.zendesk_id, one.wanted)
            _look_again(connection, one, to_micros(now))
        waits.end(connection, wait)


def _look_again(connection: Connection, customer: Customer, now: int) -> None:
    """Events that only hinted are applied by the next look at their customer, even if nothing changed."""
    if not customer.owed:
        customers.save(connection, [replace(customer, owed=True, due_at=max(now, customer.not_before))])


def _dated(wait: Wait, updated_at: datetime | None, sent_at: datetime) -> datetime | None:
    """When the reading counts as made; None when it came from a lagging replica and is to be repeated.

    One that lags to the end still tells what it knows, as of the time it was true.
    """
    named = wait.detail.get("at_least")
    if named is None or updated_at is None or updated_at >= datetime.fromisoformat(named):
        return sent_at
    return updated_at if wait.progress.get("lagged", 0) >= MOST_LAGGING else None


def _lag(asked: Asked, wait: Wait) -> None:
    progress = {**wait.progress, "lagged": wait.progress.get("lagged", 0) + 1}
    with asked.parts.ledger.writing() as connection:
        waits.put_off(connection, wait, asked.parts.clock.now() + LAGGING, progress=progress)


def _asks_again(connection: Connection, asked: Asked, wait: Wait) -> bool:
    """Wait to ask once more for what was not found; False when that was done often enough."""
    missed = wait.progress.get("missed", 0)
    if missed >= len(ASK_AGAIN_S):
        return False
    due_at = asked.parts.clock.now() + timedelta(seconds=ASK_AGAIN_S[missed])
    waits.put_off(connection, wait, due_at, progress={**wait.progress, "missed": missed + 1})
    return True


def _not_there(asked: Asked, wait: Wait, at: datetime) -> None:
    """Zendesk has no such record: asked again three times, then believed."""
    with asked.parts.ledger.writing() as connection:
        if _asks_again(connection, asked, wait):
            return
        waits.end(connection, wait)
        if wait.kind == "ticket":
            _ticket_is_gone(connection, asked, wait, at)
        else:
            _user_is_gone(connection, asked, wait, at)


def _ticket_is_gone(connection: Connection, asked: Asked, wait: Wait, at: datetime) -> None:
    gone = records.ticket_is_gone(wait.number, at, _new_id())
    _keep(connection, asked, [gone])
    events.end_subject(connection, asked.installation.id, wait.subject, "not in Zendesk")


def _user_is_gone(connection: Connection, asked: Asked, wait: Wait, at: datetime) -> None:
    """One that was read before is gone now; one that never was is nobody."""
    held: Collection[Customer] = customers.locked(connection, asked.installation.id, [wait.number]).values()
    for customer in held:
        if customer.read_at is not None:
            gone = records.user_is_gone(wait.number, at, _new_id())
            _keep(connection, asked, gone, read=[wait.number])
        else:
            unknown = replace(customer, state=NOT_IN_ZENDESK, owed=False, owed_at=None)
            customers.save(connection, [unknown])
            key = (asked.installation.id, customer.zendesk_id)
            events.finish(connection, *key, outcome=events.IGNORED, reason="not in Zendesk")


def _keep(connection: Connection, asked: Asked, stated: Sequence[Fact], read: Iterable[int] = ()) -> None:
    parts = asked.parts
    keep_reading(
        connection,
        asked.installation.id,
        stated,
        parts.clock.now(),
        read=read,
        patience=parts.patience,
        forgotten=parts.directory.forgotten,
    )


def _new_id() -> str:
    return f"reading:{uuid.uuid4()}"
