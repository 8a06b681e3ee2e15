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
from bridge.customer import Customer
from bridge.errors import Refused
from bridge.ledger import actions, customers, dead, looking, waits, zendesk_users
from bridge.ledger.customers import Mark
from bridge.ledger.dead import OPEN, DeadLetter
from bridge.ledger.ledger import Ledger
from bridge.ledger.waits import Wait
from bridge.zendesk_user import REFUSED, ZendeskUser
from schemas.agent_action import Seen, loosens
from schemas.errors import Unreadable
from schemas.event import Event, from_bytes
from schemas.postback import read_postback
from schemas.trigger import read_trigger
from schemas.zendesk_events import read_delivery

TO_ZENDESK = "sailthru"  # the lane of what Zendesk is owed

# A looser consent is never sent again by a machine: what the agent saw may no longer be so.
NEVER_REPLAYED = frozenset({"consent_changed"})
# Readings in Zendesk that were given up; a profile has a due time of its own.
READ_IN_ZENDESK = ("user", "tickets", "ticket")


def replay(  # noqa: PLR0913 - who, by what way, and as part of what
    ledger: Ledger,
    publisher: Publisher,
    letter: DeadLetter,
    *,
    operator: str,
    via: str = actions.COMMAND,
    again: bool = False,
    replay_id: int | None = None,
) -> None:
    """Try again what the letter is about; `again` also if it died of the same after the last time.

    Raises `Refused` when another try cannot help, `Unavailable` when ledger or broker are away: the letter
    then stays open.
    """
    with ledger.reading() as connection:
        events = travelling(connection, letter, again=again)
    # Published first: should the next step fail, the letter stays open and a second replay does no harm.
    for event in events:
        publisher.publish(carried(event, attempt=letter.attempts + 1, first_error=letter.reason))
    with ledger.writing() as connection:
        _owe_again(connection, letter, now=ledger.micros())
        dead.mark_replayed(connection, letter.id, ledger.micros(), replay_id=replay_id)
        if replay_id is None:  # a replay of many is one action
            _note(connection, letter, ledger.micros(), operator=operator, via=via)


def travelling(connection: Connection, letter: DeadLetter, *, again: bool = False) -> tuple[Event, ...]:
    """The events that a replay would publish: none for a letter about a push or a reading.

    Raises `Refused` with what to do where there is nothing to be replayed, or it must not be.
    """
    if letter.state != OPEN:
        raise Refused("bridge", "not_open", detail=f"it is no longer open: it was {letter.state}")
    if letter.reason in NEVER_REPLAYED:
        raise Refused("bridge", letter.reason, detail="an agent has to decide anew, in the sidebar")
    if letter.died_again and not again:
        raise Refused(
            "bridge",
            "died_again",
            detail="it was replayed and died of the same; mend the cause, then give --again",
        )
    if letter.event_id is None:
        return ()
    event = _event_of(connection, letter)
    if _loosens(event):
        raise Refused(
            "bridge", "consent", detail="only an agent may loosen it, in the sidebar; drop the letter"
        )
    return _read_again(event) if event.type == "unreadable" else (event,)


def _event_of(connection: Connection, letter: DeadLetter) -> Event:
    """What could not be kept is in the letter itself; all else among the events."""
    body = letter.data.get("event") or (letter.data.get("body") if letter.type == "message" else None)
    if body is not None:
        try:
            return from_bytes(str(body).encode())
        except Unreadable as error:
            raise Refused("bridge", "unreadable", detail=f"{error}; drop the letter") from None
    row = looking.event(connection, letter.installation_id, letter.event_id or "")
    if row is None:
        raise Refused(
            "bridge", "event_gone", detail="its event is older than RETENTION_DAYS; drop the letter"
        )
    return _event(row, looking.names(connection).get(letter.installation_id, ""))


def _owe_again(connection: Connection, letter: DeadLetter, *, now: int) -> None:
    if letter.type.startswith("read.") and letter.lane != TO_ZENDESK:
        _read_once_more(connection, letter, now=now)
    elif letter.zendesk_id is not None:
        owe = _owe_zendesk if letter.lane == TO_ZENDESK else _owe
        owe(connection, letter, now=now)


def _read_once_more(connection: Connection, letter: DeadLetter, *, now: int) -> None:
    kind, moment = letter.type.partition(".")[2], from_micros(now)
    subject = letter.data.get("subject") or f"user:{letter.zendesk_id}"
    if kind in READ_IN_ZENDESK:
        wait = Wait(letter.installation_id, subject, kind, due_at=moment, since=moment)
        waits.add(connection, [wait])


def freed(customer: Customer) -> Customer:
    """The customer as a replay leaves it: nothing has failed, and no conflict is decided."""
    return replace(
        customer,
        failures=0,
        failing_since=None,
        not_before=0,
        link=replace(customer.link, conflict=None),
    )


def freed_user(user: ZendeskUser) -> ZendeskUser:
    """The same for the way back: what Zendesk refused is sent again."""
    known = {name: one for name, one in user.known.items() if name != REFUSED}
    return replace(user, known=known, failures=0, failing_since=None, not_before=0)


def _owe(connection: Connection, letter: DeadLetter, *, now: int) -> None:
    number = letter.zendesk_id
    assert number is not None
    found = customers.locked(connection, letter.installation_id, [number])
    for customer in found.values():
        customers.save(connection, [freed(customer)])
        mark = Mark(customer.zendesk_id, customer.address)
        customers.mark_owed(connection, letter.installation_id, [mark], now)


def _owe_zendesk(connection: Connection, letter: DeadLetter, *, now: int) -> None:
    number = letter.zendesk_id
    assert number is not None
    found = zendesk_users.locked(connection, letter.installation_id, [number])
    zendesk_users.save(connection, [freed_user(user) for user in found.values()])
    mark = zendesk_users.Mark(number, now)
    zendesk_users.mark_owed(connection, letter.installation_id, [mark], now)
    if letter.type.startswith("read."):
        zendesk_users.set_refresh(connection, letter.installation_id, {number: now})


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


def _note(connection: Connection, letter: DeadLetter, at: int, *, operator: str, via: str) -> None:
    actions.note(
        connection,
        at,
        operator=operator,
        action="dead_replayed",
        target=f"dead letter {letter.id}",
        installation_id=letter.installation_id,
        detail={"reason": letter.reason},
        via=via,
    )
