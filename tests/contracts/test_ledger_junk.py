"""Junk among good events, from the schemas to both ledgers: the good are kept, the junk is a dead letter."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from bridge.broker.carrying import carried
from bridge.broker.contract import Outgoing
from bridge.broker.embedded import EmbeddedBroker
from bridge.directory import Directory
from bridge.facts import TAG_PREFIX
from bridge.ledger import facts, letters
from bridge.ledger.ledger import Ledger
from bridge.ledger.letters import DeadFilter
from bridge.ledger.tables import customers as customers_table
from bridge.ledger.tables import events as events_table
from bridge.vault import Vault
from consumers.worker import SecondTries, Worker
from schemas.delivery import Arrival, unreadable_event
from schemas.errors import Unreadable
from schemas.event import Event
from schemas.zendesk_events import read_delivery
from tests.bridge.installing import KEY
from tests.bridge.remotes.still_clock import NOW, StillClock
from tests.payloads import payload

GOOD = 99
NESTED = b"[" * 200_000 + b"]" * 200_000


def body(number: int, **changed: object) -> bytes:
    """A delivery about user `number`, who gets a tag."""
    record = json.loads(payload("user.tags_changed").body)
    record["id"] = f"event-{number}"
    record["subject"] = f"zen:user:{number}"
    record["detail"]["id"] = str(number)
    record["event"] = {"added": {"tags": [f"tag-{number}"]}, "removed": {"tags": []}}
    return json.dumps(record | changed).encode()


JUNK = {
    "a lone surrogate in a value": body(7, event={"added": {"tags": ["\ud800"]}, "removed": {"tags": []}}),
    "a lone surrogate in the id": body(7, id="\udfff"),
    "NUL in a value": body(7, event={"added": {"tags": ["a\x00b"]}, "removed": {"tags": []}}),
    "NUL in the id": body(7, id="a\x00b"),
    "NUL in the type": body(7, type="zen:event-type:user.\x00"),
    "an id of 64 bits": body(
        7, detail={"id": str(2**64), "email": "a@example.com"}, subject=f"zen:user:{2**64}"
    ),
    "an id just over 63 bits": body(
        7, detail={"id": 2**63, "email": "a@example.com"}, subject=f"zen:user:{2**63}"
    ),
    "200,000 brackets": NESTED,
    "200,000 brackets inside": body(7).replace(b'["tag-7"]', NESTED),
    "bytes that are no text": b"\xff\xfe\x00",
    "nothing": b"",
    "a number that is none": body(7).replace(b'"tag-7"', b"NaN"),
}


def read(content: bytes) -> Event | None:
    """As the door reads it; what is of no type we know is nobody's."""
    try:
        found = read_delivery(content, installation="acme", received_at=NOW).events
    except Unreadable as error:
        arrival = Arrival("acme", "zendesk/events", content, "application/json", NOW)
        return unreadable_event(error, arrival, id="junk")
    return found[0] if found else None


def publish(ledger: Ledger, *outgoing: Outgoing) -> None:
    publisher = EmbeddedBroker(ledger).publisher()
    for one in outgoing:
        publisher.publish(one)
    publisher.close()


def message(event: Event) -> Outgoing:
    return carried(event)


def work(ledger: Ledger, clock: StillClock) -> None:
    """One consumer keeps everything that is there, and tries again what failed."""
    directory = Directory(ledger, Vault([KEY]))
    consumer = EmbeddedBroker(ledger).consumer()
    worker = Worker(ledger, directory, consumer, clock)
    while worker.step(0):
        pass
    assert SecondTries(ledger, directory, clock).step() == 0, "an event had to be tried again"
    consumer.close()


def good() -> list[Outgoing]:
    events = [read(body(number)) for number in range(1001, 1001 + GOOD)]
    return [message(event) for event in events if event is not None]


def kept_tags(ledger: Ledger) -> int:
    subjects = [f"user:{number}" for number in range(1001, 1001 + GOOD)]
    with ledger.reading() as connection:
        found = facts.of_subjects(connection, 1, subjects)
    return sum(fact.field.startswith(TAG_PREFIX) and fact.value is True for fact in found)


@pytest.mark.parametrize("kind", JUNK)
def test_junk_among_99_good_events_is_a_dead_letter_and_the_good_are_kept(
    ledger: Ledger, acme: int, clock: StillClock, kind: str
) -> None:
    junk = read(JUNK[kind])
    messages = good()
    if junk is not None:
        messages.insert(50, message(junk))
    publish(ledger, *messages)
    work(ledger, clock)
    assert kept_tags(ledger) == GOOD
    with ledger.reading() as connection:
        found = letters.some(connection, DeadFilter(), limit=9)
        owed = connection.scalar(
            select(func.count()).select_from(customers_table).where(customers_table.c.owed)
        )
        kept = connection.scalar(select(func.count()).select_from(events_table))
    assert owed == GOOD
    if junk is not None and junk.type == "unreadable":
        assert [letter.reason for letter in found] == ["unreadable"]
        assert kept == GOOD + 1
    else:
        assert found == []


def test_the_listed_junk_is_refused_and_the_rest_is_harmless() -> None:
    refused = {
        kind for kind, content in JUNK.items() if (event := read(content)) and event.type == "unreadable"
    }
    assert refused >= {
        "an id of 64 bits", "an id just over 63 bits", "200,000 brackets", "200,000 brackets inside",
        "bytes that are no text", "nothing", "a number that is none",
        "a lone surrogate in the id", "NUL in the id",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [NESTED, b"", b"\xff", b'{"v":1}', b"7", b'{"v":2,"id":"x"}', b'{"v":1,"data":' + NESTED + b"}"],
    ids=["brackets", "empty", "no text", "few fields", "number", "another version", "brackets inside"],
)
def test_a_message_that_is_no_event_of_ours_hurts_none_of_its_99_neighbours(
    ledger: Ledger, acme: int, clock: StillClock, content: bytes
) -> None:
    messages = good()
    messages.insert(50, Outgoing("zendesk", content, "junk", "user.tags_changed", "acme", NOW))
    publish(ledger, *messages)
    work(ledger, clock)
    assert kept_tags(ledger) == GOOD
    with ledger.reading() as connection:
        (letter,) = letters.some(connection, DeadFilter(), limit=9)
    assert (letter.reason, letter.type, letter.installation_id) == ("unreadable", "message", acme)


def test_the_same_junk_again_is_counted_on_the_same_letter(
    ledger: Ledger, acme: int, clock: StillClock
) -> None:
    for _ in range(2):
        publish(ledger, Outgoing("zendesk", b"junk", "junk", "user.tags_changed", "acme", NOW))
        work(ledger, clock)
    with ledger.reading() as connection:
        (letter,) = letters.some(connection, DeadFilter(), limit=9)
    assert letter.attempts == 2
    assert letter.event_id is not None
    assert letter.event_id.startswith("message:")
