"""Gives dead letters another try: their event travels its lane once more, or their customer is owed again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row

from bridge.broker.carrying import carried
from bridge.broker.contract import Publisher
from bridge.clock import from_micros
from bridge.errors import Refused
from bridge.ledger import actions, customers, dead, looking, zendesk_users
from bridge.ledger.customers import Mark
from bridge.ledger.dead import DROPPED, REPLAYED, DeadLetter
from bridge.ledger.ledger import Ledger
from bridge.zendesk_user import REFUSED
from schemas.agent_action import Seen, loosens
from schemas.errors import Unreadable
from schemas.event import Event
from schemas.postback import read_postback
from schemas.trigger import read_trigger
from schemas.zendesk_events import read_delivery

TO_ZENDESK = "sailthru"  # the lane of what Zendesk is owed

# A looser consent is never sent again by a machine: what the agent saw may no longer be so.
NEVER_REPLAYED = frozenset({"consent_changed"})


def replay(ledger: Ledger, publisher: Publisher, letter: DeadLetter, *, operator: str) -> None:
    """Try again what the letter is about.

    Raises `Refused` when another try cannot help, `Unavailable` when ledger or broker are away: the letter
    then stays open.
    """
    if letter.reason in NEVER_REPLAYED:
        raise Refused("bridge", letter.reason, detail="an agent has to decide anew, in the sidebar")
    # Published first: should the next step fail, the letter stays open and a second replay does no harm.
    for event in _events(ledger, letter):
        publisher.publish(carried(event, attempt=letter.attempts + 1, first_error=letter.reason))
    with ledger.writing() as connection:
        if letter.zendesk_id is not None:
            owe = _owe_zendesk if letter.lane == TO_ZENDESK else _owe
            owe(connection, letter, now=ledger.micros())
        dead.mark(connection, [letter.id], REPLAYED)
        _note(connection, letter, ledger.micros(), operator=operator, action="dead_replayed")


def drop(ledger: Ledger, letter: DeadLetter, *, operator: str) -> None:
    """Give the letter up for good."""
    with ledger.writing() as connection:
        dead.mark(connection, [letter.id], DROPPED)
        _note(connection, letter, ledger.micros(), operator=operator, action="dead_dropped")


def _owe(connection: Connection, letter: DeadLetter, *, now: int) -> None:
    number = letter.zendesk_id
    assert number is not None
    found = customers.locked(connection, letter.installation_id, [number])
    for customer in found.values():
        fresh = replace(
            customer,
            failures=0,
            failing_since=None,
            not_before=0,
            link=replace(customer.link, conflict=None),
        )
        customers.save(connection, [fresh])
        mark = Mark(customer.zendesk_id, customer.address)
        customers.mark_owed(connection, letter.installation_id, [mark], now)


def _owe_zendesk(connection: Connection, letter: DeadLetter, *, now: int) -> None:
    number = letter.zendesk_id
    assert number is not None
    found = zendesk_users.locked(connection, letter.installation_id, [number])
    for user in found.values():
        known = {name: one for name, one in user.known.items() if name != REFUSED}
        fresh = replace(user, known=known, failures=0, failing_since=None, not_before=0)
        zendesk_users.save(connection, [fresh])
    mark = zendesk_users.Mark(number, now)
    zendesk_users.mark_owed(connection, letter.installation_id, [mark], now)
    if letter.type.startswith("read."):
        zendesk_users.set_refresh(connection, letter.installation_id, {number: now})


def _events(ledger: Ledger, letter: DeadLetter) -> tuple[Event, ...]:
    if letter.event_id is None:
        return ()
    with ledger.reading() as connection:
        row = looking.event(connection, letter.installation_id, letter.event_id)
        name = looking.names(connection).get(letter.installation_id, "")
    if row is None:
        raise Refused(
            "bridge", "event_gone", detail="its event is older than RETENTION_DAYS; drop the letter"
        )
    event = _event(row, name)
    if _loosens(event):
        raise Refused(
            "bridge", "consent", detail="only an agent may loosen it, in the sidebar; drop the letter"
        )
    return _read_again(event) if event.type == "unreadable" else (event,)


def _loosens(event: Event) -> bool:
    """Whether it would give a customer more mail: the customer may have decided otherwise since."""
    if event.source != "agent":
        return False
    seen, kind = event.data.get("seen"), event.type.removeprefix("agent.")
    return loosens(kind, event.data.get("value"), Seen.from_record(seen) if seen else None)


def _read_again(event: Event) -> tuple[Event, ...]:
    """The events of a body that could not be read when it came; a newer bridge may be able to."""
    body = str(event.data.get("body", "")).encode()
    name, came_at = event.installation, event.received_at
    try:
        if event.source == "webhook":
            return read_delivery(body, installation=name, received_at=came_at).events
        read = read_postback if event.source == "postback" else read_trigger
        return read(body, installation=name, received_at=came_at, new_id=lambda: uuid4().hex).events
    except Unreadable as error:
        raise Refused(
            "bridge", "unreadable", detail=f"{error}; correct the sender, then drop the letter"
        ) from None


def _event(row: Row[Any], installation: str) -> Event:
    return Event(
        id=row.id,
        installation=installation,
        lane=row.lane,
        type=row.type,
        subject=row.subject,
        source=row.source,
        occurred_at=from_micros(row.occurred_at),
        received_at=from_micros(row.received_at),
        data=json.loads(row.data),
        trace=row.trace or "",
    )


def _note(connection: Connection, letter: DeadLetter, at: int, *, operator: str, action: str) -> None:
    actions.note(
        connection,
        at,
        operator=operator,
        action=action,
        target=f"dead letter {letter.id}",
        installation_id=letter.installation_id,
        detail={"reason": letter.reason},
    )
