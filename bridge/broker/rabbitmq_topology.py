"""The queues as they must be, made where they are missing and checked where they are not.

Quorum queues, whose arguments mean the same on RabbitMQ 3.10 and 4: whatever differs in its defaults is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from bridge.broker.contract import (
    DEAD_QUEUES,
    DELIVERY_LIMIT,
    LANES,
    QUEUES,
    QueueDepth,
    dead_queue_of,
    queue_of,
)
from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.broker.rabbitmq_link import told
from bridge.errors import BadSettings, Unavailable

PRECONDITION_FAILED = 406
# Reading a dead letter and leaving it counts as a delivery too, and past the limit of a queue without a dead
# queue of its own RabbitMQ deletes the message. Version 3.10 has no way to say "no limit".
NO_LIMIT = 1_000_000


def arguments() -> Mapping[str, Mapping[str, Any]]:
    """The arguments of each queue, dead queues first: at-least-once dead lettering needs its target."""
    return {
        **{dead_queue_of(lane): _dead_arguments() for lane in LANES},
        **{queue_of(lane): _arguments(lane) for lane in LANES},
    }


def _arguments(lane: str) -> Mapping[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead_queue_of(lane),
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",  # at-least-once asks for it
    }


def _dead_arguments() -> Mapping[str, Any]:
    return {"x-queue-type": "quorum", "x-delivery-limit": NO_LIMIT}


@contextmanager
def connected(address: RabbitAddress, purpose: str) -> Iterator[pika.BlockingConnection]:
    """A connection for a few questions.

    Raises `Unavailable("broker")`, and `BadSettings` when RabbitMQ does not let us in.
    """
    connection = connect(address, purpose)
    try:
        with translated(address):
            yield connection
    finally:
        if connection.is_open:
            connection.close()


def connect(address: RabbitAddress, purpose: str) -> pika.BlockingConnection:
    """The same, for the caller to close."""
    with translated(address):
        return pika.BlockingConnection(address.parameters(purpose))


@contextmanager
def translated(address: RabbitAddress) -> Iterator[None]:
    """Say pika's errors in ours."""
    try:
        yield
    except (AuthenticationError, ProbableAuthenticationError) as error:
        raise BadSettings(
            [f"RabbitMQ at {address.shown} does not accept the user or the password in BROKER_URL."]
        ) from error
    except ProbableAccessDeniedError as error:
        raise BadSettings(
            [
                f"RabbitMQ at {address.shown} has no such virtual host, or BROKER_URL's user may not use it: "
                f"rabbitmqctl set_permissions -p {address.virtual_host} USER '.*' '.*' '.*'"
            ]
        ) from error
    except (AMQPError, OSError) as error:
        raise Unavailable("broker", f"{address.shown}: {told(error)}") from error


def declare(connection: pika.BlockingConnection, address: RabbitAddress) -> None:
    """Make each queue, or be told that it is there as it should be. Names every misfit at once."""
    faults = []
    for queue, wanted in arguments().items():
        try:
            with _channel(connection) as channel:
                channel.queue_declare(queue, durable=True, arguments=dict(wanted))
        except ChannelClosedByBroker as closed:
            faults.append(_fault(address, queue, closed))
    if faults:
        raise BadSettings(faults)


def _fault(address: RabbitAddress, queue: str, closed: ChannelClosedByBroker) -> str:
    if closed.reply_code != PRECONDITION_FAILED:
        return f"RabbitMQ does not let us make the queue {queue}: {closed.reply_text}."
    return (
        f"The queue {queue} was made with other settings ({closed.reply_text}). Stop the bridge's processes, "
        "move its messages away if it has any "
        f"(rabbitmqctl list_queues --vhost {address.virtual_host} name messages), then delete it: "
        f"rabbitmqctl delete_queue --vhost {address.virtual_host} {queue}; the next start makes it anew."
    )


def depths(connection: pika.BlockingConnection) -> list[QueueDepth]:
    """What waits in each queue. RabbitMQ does not tell a client how old it is."""
    with _channel(connection) as channel:
        return [
            QueueDepth(queue=queue, depth=_depth(channel, queue), oldest_s=None)
            for queue in QUEUES + DEAD_QUEUES
        ]


def _depth(channel: BlockingChannel, queue: str) -> int:
    try:
        return int(channel.queue_declare(queue, passive=True).method.message_count)
    except ChannelClosedByBroker as closed:
        raise Unavailable(
            "broker", f"no queue {queue}: {closed.reply_text}; `bridge check` makes it"
        ) from closed


@contextmanager
def _channel(connection: pika.BlockingConnection) -> Iterator[BlockingChannel]:
    """A channel of its own, because a fault closes it."""
    channel = connection.channel()
    try:
        yield channel
    finally:
        if channel.is_open:
            channel.close()
