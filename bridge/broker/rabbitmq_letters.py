"""The messages that RabbitMQ gave up, held on a connection of their own until they are settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from bridge.broker.contract import LANES, Message, dead_queue_of
from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.broker.rabbitmq_consumer import deliveries
from bridge.broker.rabbitmq_topology import connect, translated


class RabbitLetters:
    """Used by one thread. A connection that is lost meanwhile gives everything back, which is harmless."""

    def __init__(self, address: RabbitAddress) -> None:
        self._address = address
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._number = 0
        self._held = 0

    def take(self, limit: int) -> Sequence[Message]:
        with translated(self._address):
            taken = list(islice(self._waiting(self._open_channel()), limit))
        self._held += len(taken)
        self._close_when_nothing_is_held()
        return taken

    def settle(self, messages: Sequence[Message]) -> None:
        channel = self._channel
        if channel is None:
            return
        mine = [message.tag[1] for message in messages if message.tag[0] == self._number]
        with suppress(AMQPError, OSError):
            for tag in mine:
                channel.basic_ack(tag)
            self._held -= len(mine)
        self._close_when_nothing_is_held()

    def close(self) -> None:
        connection, self._connection, self._channel, self._held = self._connection, None, None, 0
        if connection is not None and connection.is_open:
            with suppress(AMQPError, OSError):
                connection.close()

    def _open_channel(self) -> BlockingChannel:
        if self._channel is None or not self._channel.is_open:
            self.close()
            self._connection = connect(self._address, "given up")
            self._channel = self._connection.channel()
            self._number += 1
        return self._channel

    def _waiting(self, channel: BlockingChannel) -> Iterator[Message]:
        for lane in LANES:
            while True:
                method, properties, body = channel.basic_get(dead_queue_of(lane))
                if method is None:
                    break
                tag = (self._number, method.delivery_tag)
                yield Message(lane=lane, body=body, tag=tag, deliveries=deliveries(properties))

    def _close_when_nothing_is_held(self) -> None:
        # Nobody would send this connection's heartbeats.
        if self._held <= 0:
            self.close()
