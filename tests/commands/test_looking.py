"""queues, events, customers and dead letters, over rows that the ledger's own functions wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridge.clock import to_micros
from bridge.facts import ADDRESS, Fact
from bridge.gauges import Gauges
from bridge.ledger import customers, dead, directions, events, facts
from bridge.ledger.customers import Mark
from bridge.ledger.dead import DeadLetter
from bridge.ledger.directions import HALTED, Direction
from bridge.ledger.events import KEPT, KeptEvent
from bridge.metrics import exposition
from bridge.services import Services
from schemas.delivery import Arrival, unreadable_event
from schemas.errors import Unreadable
from schemas.event import Event
from tests.commands.conftest import Terminal

AT = datetime(2026, 11, 22, 9, 55, 16, tzinfo=UTC)


def event(id: str = "event-1", zendesk_id: int = 7) -> Event:  # noqa: A002
    return Event(
        id=id,
        installation="acme",
        lane="zendesk",
        type="user.tags_changed",
        subject=f"user:{zendesk_id}",
        source="webhook",
        occurred_at=AT,
        received_at=AT,
        data={"user": {"id": zendesk_id}, "added": ["vip"], "removed": []},
    )


@pytest.fixture
def acme(terminal: Terminal, services: Services) -> int:
    """An installation with one customer who owes a push, one event and one dead letter."""
    terminal.add()
    kept = services.directory.ask_now("acme")
    assert kept is not None
    now = services.ledger.micros()
    long_ago = to_micros(services.ledger.now() - timedelta(seconds=60))
    with services.ledger.writing() as connection:
        customers.add(connection, kept.id, [7])
        customers.mark_owed(connection, kept.id, [Mark(7, "jane@example.com")], long_ago)
        fact = Fact("user:7", ADDRESS, "jane@example.com", AT, "event", "event-1", 7)
        facts.store(connection, kept.id, [fact])
        events.keep(connection, kept.id, [KeptEvent(event(), 7, 1, KEPT)], now)
        letter = DeadLetter(
            kept.id,
            lane="zendesk",
            type="push",
            reason="email_conflict",
            error="Held by another.",
            zendesk_id=7,
        )
        dead.bury(connection, letter, now)
    return kept.id


def test_queues_show_each_lane(terminal: Terminal, acme: int) -> None:
    rows = {row.pop("lane"): row for row in terminal.said("queues")}
    assert set(rows) == {"agent", "zendesk", "sailthru"}
    zendesk = rows["zendesk"]
    assert 59 < zendesk.pop("oldest_seconds") < 120
    assert zendesk == {"depth": 0, "parked": 0, "owed": 1, "dead": 1}


def test_what_is_owed_by_a_halted_installation_is_no_ones_delay(
    terminal: Terminal, services: Services, acme: int
) -> None:
    with services.ledger.writing() as connection:
        directions.put(connection, Direction(acme, "sailthru", HALTED, "bad_credentials", 0, 1, 0))
    (row,) = [row for row in terminal.said("queues") if row["lane"] == "zendesk"]
    assert (row["owed"], row["oldest_seconds"]) == (1, 0)


def test_the_gauges_are_read_with_no_consumer_running(services: Services, acme: int) -> None:
    with services.ledger.writing() as connection:
        directions.put(connection, Direction(acme, "sailthru", HALTED, "bad_credentials", 0, 1, 0))
    services.broker.declare()
    page = exposition(Gauges(services.ledger, services.broker))[0].decode()
    for line in (
        'bridge_queue_depth{queue="bridge.zendesk"} 0.0',
        'bridge_queue_depth{queue="bridge.zendesk.dead"} 0.0',
        'bridge_queue_oldest_seconds{queue="bridge.agent"} 0.0',
        'bridge_dead_letters{lane="zendesk",reason="email_conflict"} 1.0',
        'bridge_installation_halted{installation="acme",lane="zendesk"} 1.0',
    ):
        assert line in page


@pytest.mark.parametrize("known_as", ["7", "jane@example.com", "JANE@example.com"])
def test_a_customer_is_found_by_what_is_known(terminal: Terminal, acme: int, known_as: str) -> None:
    record = terminal.said("customers", "show", known_as, "--installation", "acme")
    assert (record["zendesk_id"], record["address"], record["owed"]) == (7, "jane@example.com", True)
    assert record["facts"][0]["at"] == "2026-11-22T09:55:16Z"
    held = {row["field"]: row for row in record["sailthru"]}
    assert held["zendesk_profile_url"]["should_hold"].endswith("/agent/users/7")
    assert held["email"]["holds"] == "never sent"
    assert [one["id"] for one in record["events"]] == ["event-1"]
    assert [one["owner"] for one in record["facts"]] == ["Zendesk"]
    assert record["zendesk"] is None
    assert terminal.run("customers", "show", known_as).exit_code == 0


def test_a_customer_nobody_heard_of_is_a_sentence(terminal: Terminal, acme: int) -> None:
    for known_as in ("8", "nobody@example.com", "9" * 30):
        assert terminal.run("customers", "show", known_as).exit_code == 1


def test_dead_letters_have_their_shape(terminal: Terminal, acme: int) -> None:
    (row,) = terminal.said("dead", "list")
    assert list(row) == [
        "id",
        "installation",
        "lane",
        "type",
        "customer",
        "reason",
        "error",
        "attempts",
        "first_seen",
        "last_seen",
    ]
    assert (row["installation"], row["customer"], row["reason"]) == ("acme", 7, "email_conflict")
    for chosen, count in (("email_conflict", 1), ("unreadable", 0)):
        assert len(terminal.said("dead", "list", "--reason", chosen)) == count
    assert terminal.said("dead", "show", str(row["id"]))["state"] == "open"


def test_a_replayed_letter_makes_its_customer_owed_again(
    terminal: Terminal, services: Services, acme: int
) -> None:
    with services.ledger.writing() as connection:
        before = customers.one(connection, acme, 7)
    (row,) = terminal.said("dead", "list")
    assert terminal.said("dead", "replay", str(row["id"])) == {"replayed": [row["id"]], "failed": []}
    with services.ledger.reading() as connection:
        after = customers.one(connection, acme, 7)
    assert before is not None
    assert after is not None
    assert (after.wanted, after.owed) == (before.wanted + 1, True)
    assert terminal.said("dead", "list") == []
    assert terminal.run("dead", "replay", str(row["id"])).exit_code == 1


def test_a_replayed_event_travels_its_lane_again(terminal: Terminal, services: Services, acme: int) -> None:
    now = services.ledger.micros()
    letter = DeadLetter(
        acme,
        lane="zendesk",
        type="user.tags_changed",
        reason="bug",
        error="x",
        event_id="event-1",
        zendesk_id=7,
    )
    with services.ledger.writing() as connection:
        dead.bury(connection, letter, now)
    done = terminal.said("dead", "replay", "--all", "--reason", "bug")
    assert len(done["replayed"]) == 1
    (message,) = services.broker.consumer().take(0)
    assert message.body == event().to_bytes()


def test_a_body_that_is_still_unreadable_stays_a_letter(
    terminal: Terminal, services: Services, acme: int
) -> None:
    arrival = Arrival("acme", "zendesk/events", b"[not json", "application/json", AT)
    strange = unreadable_event(Unreadable("It is not JSON."), arrival, id="strange")
    letter = DeadLetter(
        acme, lane="zendesk", type="unreadable", reason="unreadable", error="x", event_id="strange"
    )
    with services.ledger.writing() as connection:
        events.keep(connection, acme, [KeptEvent(strange, None, None, "dead")], services.ledger.micros())
        dead.bury(connection, letter, services.ledger.micros())
    result = terminal.run("dead", "replay", "--all", "--reason", "unreadable")
    assert result.exit_code == 1
    assert "drop the letter" in result.stderr
    assert len(terminal.said("dead", "list", "--reason", "unreadable")) == 1


def test_dropped_letters_are_gone_for_good(terminal: Terminal, acme: int) -> None:
    assert len(terminal.said("dead", "drop", "--all", "--installation", "acme")["dropped"]) == 1
    assert terminal.said("dead", "list") == []


@pytest.mark.parametrize("words", [("replay",), ("drop",), ("replay", "1", "--all")])
def test_replaying_needs_ids_or_all_and_not_both(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert terminal.run("dead", *words).exit_code == 2
