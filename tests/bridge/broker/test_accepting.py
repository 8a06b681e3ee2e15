"""Accepted means kept: with the broker, or in the spool until the broker is back and there is room."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.broker.accepting import Acceptance, Shares
from bridge.broker.contract import Publisher
from bridge.broker.draining import TURN, drain
from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.broker.rabbitmq_publisher import RabbitPublisher
from bridge.clock import SystemClock
from bridge.errors import Unavailable
from bridge.ledger import spool
from bridge.ledger.engine import open_engine
from bridge.ledger.ledger import Ledger
from schemas.event import Event, from_bytes
from tests.contracts.brokers import BrokerHouse, bodies, drained, house, outgoing, sqlite_url
from tests.services.places import free_port


@pytest.fixture
def here(tmp_path: Path) -> Iterator[BrokerHouse]:
    with house("embedded://", sqlite_url(tmp_path)) as made:
        yield made


@pytest.fixture
def ledger(here: BrokerHouse) -> Ledger:
    return here.ledger()


@pytest.fixture
def away() -> Iterator[Publisher]:
    """A publisher whose broker nobody has started."""
    with closing(RabbitPublisher(RabbitAddress(f"amqp://guest:guest@127.0.0.1:{free_port()}/"))) as made:
        yield made


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def waiting(ledger: Ledger) -> list[tuple[str, str, int]]:
    with ledger.reading() as connection:
        return [(each.installation, each.reason, each.count) for each in spool.counts(connection)]


def idle(_installation: str) -> int:
    return 0


def test_what_the_broker_takes_is_published(here: BrokerHouse, ledger: Ledger) -> None:
    broker = here.open()
    acceptance = Acceptance(broker.publisher(), ledger, unapplied=idle)

    assert acceptance.keep(outgoing(1)) == "published"

    assert bodies(broker.consumer().take(5)) == [b"zendesk-1"]
    assert waiting(ledger) == []


def test_while_the_broker_is_away_the_spool_keeps_everything(away: Publisher, ledger: Ledger) -> None:
    acceptance = Acceptance(away, ledger, unapplied=idle)

    with ThreadPoolExecutor(16) as pool:
        kept = list(pool.map(lambda number: acceptance.keep(outgoing(number)), range(200)))

    assert kept == ["spooled"] * 200
    assert waiting(ledger) == [("acme", "broker_away", 200)]


def test_with_neither_broker_nor_ledger_nothing_is_accepted(away: Publisher, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    nowhere = Ledger(engine, SystemClock())
    try:
        with pytest.raises(Unavailable) as refused:
            Acceptance(away, nowhere, unapplied=idle).keep(outgoing(1))
    finally:
        engine.dispose()

    assert refused.value.part == "ledger"


def test_above_its_share_an_installation_is_parked_and_its_agents_are_not(
    here: BrokerHouse, ledger: Ledger
) -> None:
    kept: list[str] = []
    acceptance = Acceptance(
        here.open().publisher(), ledger, unapplied=lambda _name: kept.count("published"), share=3
    )

    for number in range(5):
        kept += [acceptance.keep(outgoing(number))]

    assert kept == ["published"] * 3 + ["parked"] * 2
    assert acceptance.keep(outgoing(9, lane="agent")) == "published"
    assert waiting(ledger) == [("acme", "parked", 2)]


def test_the_ledgers_count_decides_who_is_parked(here: BrokerHouse, ledger: Ledger) -> None:
    acceptance = Acceptance(here.open().publisher(), ledger, unapplied=lambda name: 1000, share=1000)

    assert acceptance.keep(outgoing(1)) == "parked"


def test_what_was_applied_meanwhile_is_asked_before_anything_is_parked() -> None:
    """The count between two looks knows of no push: a busy installation that keeps up is not parked."""
    moments = [0.0]
    shares = Shares(lambda _name: 1, share=3, monotonic=lambda: moments[0])
    assert shares.has_room("acme")
    shares.count("acme")
    shares.count("acme")

    assert not shares.has_room("acme")
    moments[0] = 0.2
    assert shares.has_room("acme")


def test_a_share_that_nobody_can_count_stops_nobody(here: BrokerHouse, ledger: Ledger) -> None:
    def cannot_tell(_installation: str) -> int:
        raise Unavailable("ledger")

    assert Acceptance(here.open().publisher(), ledger, unapplied=cannot_tell).keep(outgoing(1)) == "published"


def test_the_spool_drains_to_the_broker_and_is_empty_then(
    here: BrokerHouse, ledger: Ledger, away: Publisher
) -> None:
    broker = here.open()
    acceptance = Acceptance(away, ledger, unapplied=idle)
    for number in range(5):
        acceptance.keep(outgoing(number))

    assert drain(ledger, broker.publisher(), idle) == 5

    assert set(bodies(drained(broker.consumer(), 5))) == {b"zendesk-%d" % number for number in range(5)}
    assert waiting(ledger) == []


def test_an_event_tells_why_and_how_long_it_was_held(
    here: BrokerHouse, ledger: Ledger, away: Publisher
) -> None:
    broker, at = here.open(), datetime(2026, 11, 22, tzinfo=UTC)
    event = Event(
        "e1", "acme", "zendesk", "t", "user:7", "webhook", at, at, delivery={"secret": 1}, trace=TRACE
    )
    Acceptance(away, ledger, unapplied=idle).keep(replace(outgoing(1), body=event.to_bytes()))

    drain(ledger, broker.publisher(), idle)

    (body,) = bodies(drained(broker.consumer(), 1))
    assert from_bytes(body).trace == TRACE
    told = from_bytes(body).delivery
    assert (told["secret"], told["held"]["reason"]) == (1, "broker_away")
    assert told["held"]["from"] <= told["held"]["until"]


def test_nothing_leaves_the_spool_without_a_confirm(ledger: Ledger, away: Publisher) -> None:
    acceptance = Acceptance(away, ledger, unapplied=idle)
    acceptance.keep(outgoing(1))

    assert drain(ledger, away, idle) == 0

    assert waiting(ledger) == [("acme", "broker_away", 1)]


def test_parked_messages_go_in_turn_and_only_as_far_as_there_is_room(
    here: BrokerHouse, ledger: Ledger
) -> None:
    with ledger.writing() as connection:
        for name in ("acme", "globex", "initech"):
            parked = spool.ToSpool(
                lane="zendesk", body=b"{}", message_id="1", type="t", installation=name, reason="parked"
            )
            spool.keep(connection, [parked] * (TURN + 50), ledger.now())
    room = {"acme": 7, "globex": 0, "initech": 10_000}

    assert drain(ledger, here.open().publisher(), room.__getitem__) == 7 + TURN

    assert waiting(ledger) == [
        ("acme", "parked", TURN + 43),
        ("globex", "parked", TURN + 50),
        ("initech", "parked", 50),
    ]
