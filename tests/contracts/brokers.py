"""The brokers that the contract is held against, each over a store that outlives what opens it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pika
import pytest

from bridge.broker.contract import DEAD_QUEUES, QUEUES, Broker, Consumer, Message, Outgoing
from bridge.broker.opening import open_broker
from bridge.clock import SystemClock
from bridge.ledger.engine import open_engine
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import metadata

ARRIVED = datetime(2026, 11, 22, 9, 55, 16, tzinfo=UTC)


@dataclass(frozen=True)
class BrokerHouse:
    """One store of messages; every `open` is what another process would open."""

    broker_url: str
    database_url: str
    doors: ExitStack

    @property
    def is_rabbit(self) -> bool:
        return self.broker_url.startswith("amqp")

    def ledger(self) -> Ledger:
        engine = open_engine(self.database_url)
        self.doors.callback(engine.dispose)
        return Ledger(engine, SystemClock())

    def open(self) -> Broker:
        broker = open_broker(self.broker_url, self.ledger())
        self.doors.callback(broker.close)
        return broker


@contextmanager
def house(broker_url: str, database_url: str) -> Iterator[BrokerHouse]:
    """A house with empty tables."""
    with ExitStack() as doors:
        made = BrokerHouse(broker_url=broker_url, database_url=database_url, doors=doors)
        metadata.create_all(made.ledger().engine)
        yield made


def houses() -> list[Any]:
    """Parameters of a fixture that hands its request to `every_house`."""
    return [
        "embedded-sqlite",
        pytest.param("embedded-postgresql", marks=pytest.mark.postgresql),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ]


def every_house(request: pytest.FixtureRequest, folder: Path) -> Iterator[BrokerHouse]:
    """The house that the request's parameter names."""
    broker_url, database_url = "embedded://", sqlite_url(folder)
    if request.param == "embedded-postgresql":
        database_url = request.getfixturevalue("postgres_url")
    if request.param == "rabbitmq":
        broker_url = request.getfixturevalue("rabbit").url
        delete_queues(broker_url)
    with house(broker_url, database_url) as made:
        yield made


def delete_queues(amqp_url: str) -> None:
    """Leave nothing of the test before."""
    with closing(pika.BlockingConnection(pika.URLParameters(amqp_url))) as connection:
        for queue in QUEUES + DEAD_QUEUES:
            connection.channel().queue_delete(queue)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def outgoing(number: int, *, lane: str = "zendesk", body: bytes | None = None) -> Outgoing:
    """A message that can be told from its fellows."""
    return Outgoing(
        lane=lane,
        body=b"%s-%d" % (lane.encode(), number) if body is None else body,
        message_id=f"event-{number}",
        type="user.tags_changed",
        installation="acme",
        received_at=ARRIVED,
    )


def bodies(messages: Sequence[Message]) -> list[bytes]:
    return [message.body for message in messages]


def drained(consumer: Consumer, count: int, *, batches: list[int] | None = None) -> list[Message]:
    """Take and acknowledge until `count` messages came; fewer when none comes for five seconds."""
    found: list[Message] = []
    while len(found) < count:
        taken = consumer.take(5)
        if not taken:
            break
        if batches is not None:
            batches.append(len(taken))
        found += taken
        consumer.acknowledge(taken)
    return found
