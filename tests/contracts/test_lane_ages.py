"""The age of the oldest message is right on every broker, with no consumer running and while one works."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.broker.opening import open_broker
from bridge.ledger import events, installations
from bridge.ledger.events import KeptEvent
from bridge.ledger.ledger import Ledger
from bridge.queues import LaneState, lane_states, watch
from bridge.vault import Vault
from schemas.event import Event
from tests.bridge.installing import KEY, acme
from tests.consumers.world import ManualClock
from tests.contracts.brokers import BrokerHouse, every_house, outgoing


# Not on PostgreSQL: its embedded broker goes by the database's clock, which no test can move.
@pytest.fixture(params=["embedded-sqlite", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerHouse]:
    yield from every_house(request, tmp_path)


class Lane:
    """The lane of Zendesk's events, at moments that the test names."""

    def __init__(self, store: BrokerHouse) -> None:
        self.clock = ManualClock(datetime.now(UTC))
        self.ledger = Ledger(store.ledger().engine, self.clock)
        self.broker = open_broker(store.broker_url, self.ledger)
        store.doors.callback(self.broker.close)
        self.broker.declare()
        self.publisher = self.broker.publisher()

    def later(self, seconds: float) -> None:
        self.clock.move(seconds)

    def publish(self, number: int) -> None:
        self.publisher.publish(outgoing(number))

    def state(self) -> LaneState:
        return next(one for one in lane_states(self.ledger, self.broker) if one.lane == "zendesk")


def test_a_message_that_nobody_takes_grows_old(store: BrokerHouse) -> None:
    lane = Lane(store)
    watch(lane.ledger, lane.broker)

    lane.publish(1)
    lane.later(90)

    assert lane.state().depth == 1
    assert lane.state().oldest_s == pytest.approx(90, abs=5)


def test_an_empty_lane_has_no_age(store: BrokerHouse) -> None:
    lane = Lane(store)
    watch(lane.ledger, lane.broker)
    lane.later(90)

    assert lane.state().depth == 0
    assert lane.state().oldest_s == 0


@pytest.mark.rabbitmq
def test_what_was_taken_meanwhile_makes_the_rest_younger(rabbit_store: BrokerHouse) -> None:
    """RabbitMQ tells no ages: what still waits came after the newest event that was taken."""
    lane = Lane(rabbit_store)
    watch(lane.ledger, lane.broker)
    lane.publish(1)
    lane.later(600)

    keep_one(lane)
    lane.later(20)

    assert lane.state().oldest_s == pytest.approx(20, abs=5)


@pytest.fixture
def rabbit_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerHouse]:
    request.param = "rabbitmq"
    yield from every_house(request, tmp_path)


def keep_one(lane: Lane) -> None:
    """A worker keeps an event that has just arrived."""
    now = lane.clock.now()
    event = Event("e1", "acme", "zendesk", "user.created", "user:7", "webhook", now, now, {})
    with lane.ledger.writing() as connection:
        made = installations.add(connection, Vault([KEY]), name="acme", settings=acme(), at=now)
        kept = KeptEvent(event, 7, 1, events.KEPT)
        events.keep(connection, made.id, [kept], lane.ledger.micros())
