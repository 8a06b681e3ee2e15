"""Puts events into RabbitMQ's queue as the receiver would, without its HTTP; and empties it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pika

from bridge.broker.contract import queue_of
from schemas.event import Event
from schemas.zendesk_events import read_delivery

QUEUE = queue_of("zendesk")


def fill(broker_url: str, events: Iterable[dict[str, Any]]) -> int:
    """Publish Zendesk's events and wait until the queue holds them; how many those were."""
    connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    channel = connection.channel()
    count = 0
    for count, event in enumerate(_read(events), 1):  # noqa: B007 - counted
        properties = pika.BasicProperties(
            content_type="application/json", delivery_mode=2, message_id=event.id, type=event.type
        )
        channel.basic_publish("", QUEUE, event.to_bytes(), properties)
    while depth(channel) < count:
        connection.sleep(0.1)
    connection.close()
    return count


def depth(channel: Any) -> int:
    """How many messages wait in the queue."""
    return int(channel.queue_declare(QUEUE, passive=True).method.message_count)


def purge(broker_url: str) -> None:
    """Leave nothing in the queue for the next measurement."""
    connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    connection.channel().queue_purge(QUEUE)
    connection.close()


def _read(events: Iterable[dict[str, Any]]) -> Iterable[Event]:
    now = datetime.now(UTC)
    for event in events:
        yield from read_delivery(json.dumps(event).encode(), installation="acme", received_at=now).events
