"""RabbitMQ, the same on 3.10 and 4: what `amqp://…` and `amqps://…` open."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bridge.broker import rabbitmq_topology as topology
from bridge.broker.contract import Message, QueueDepth
from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.broker.rabbitmq_consumer import RabbitConsumer
from bridge.broker.rabbitmq_letters import RabbitLetters
from bridge.broker.rabbitmq_link import server_version
from bridge.broker.rabbitmq_publisher import RabbitPublisher

log = structlog.get_logger(__name__)


class RabbitBroker:
    """Connects when it is asked for something; publishers and consumers keep connections of their own."""

    def __init__(self, address: RabbitAddress) -> None:
        self._address = address
        self._letters = RabbitLetters(address)
        self._users: list[RabbitPublisher | RabbitConsumer] = []

    def publisher(self) -> RabbitPublisher:
        publisher = RabbitPublisher(self._address)
        self._users.append(publisher)
        return publisher

    def consumer(self) -> RabbitConsumer:
        consumer = RabbitConsumer(self._address)
        self._users.append(consumer)
        return consumer

    def declare(self) -> None:
        with topology.connected(self._address, "declaring") as connection:
            topology.declare(connection, self._address)
            log.info(
                "the broker's queues are as they must be",
                action="broker_declared",
                address=self._address.shown,
                version=server_version(connection),
            )

    def depths(self) -> Sequence[QueueDepth]:
        with topology.connected(self._address, "counting") as connection:
            return topology.depths(connection)

    def given_up(self, limit: int) -> Sequence[Message]:
        return self._letters.take(limit)

    def settle_given_up(self, messages: Sequence[Message]) -> None:
        self._letters.settle(messages)

    def close(self) -> None:
        for user in self._users:
            user.close()
        self._letters.close()
