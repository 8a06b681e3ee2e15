"""Takes messages from RabbitMQ.

The connection's thread keeps heartbeats, receives and acknowledges, so the consumer's own may be busy.

In hand is what RabbitMQ has given us and we have not acknowledged, read or unread: all of it comes back one
delivery older when the process dies. So the first message is fetched alone, of whichever lane, and only when
that went well the lanes are subscribed to. A larger hand is one more subscription for as many again:
cancelling the smaller one would send innocent messages back.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from functools import partial
from threading import Condition

from pika import BasicProperties
from pika.channel import Channel
from pika.frame import Method
from pika.spec import Basic

from bridge.broker.contract import LANES, Message, queue_of
from bridge.broker.in_hand import InHand
from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.broker.rabbitmq_link import LET_GO, Link
from bridge.errors import Unavailable


class RabbitConsumer:
    """One thread's consumer; connects with the first `take`."""

    def __init__(self, address: RabbitAddress) -> None:
        self._link = Link(address, "consumer", self)
        self._is_started = False
        # Both threads read and write what follows, under this condition only.
        self._news = Condition()
        self._away = "not connected yet"
        self._channel: Channel | None = None
        self._number = 0  # of the channel: delivery tags mean nothing to another one
        self._begin_anew()

    def take(self, wait_s: float) -> Sequence[Message]:
        if not self._is_started:
            self._is_started = True
            self._link.start()
        with self._news:
            self._news.wait_for(lambda: any(self._unread.values()), timeout=wait_s)
            taken = self._read()
            if not taken:
                self._ready.clear()
                if self._away:
                    raise Unavailable("broker", self._away)
            return taken

    def acknowledge(self, messages: Sequence[Message]) -> None:
        with self._news:
            tags = [message.tag[1] for message in messages if message.tag[0] == self._number]
            if tags:
                self._link.call(partial(self._settle, self._number, tags))

    def let_go(self) -> None:
        with self._news:
            self._begin_anew()
        self._link.call(self._link.drop)

    def is_backlogged(self, lane: str) -> bool:
        with self._news:
            return bool(self._unread[lane]) or self._ready[lane] > 0

    def close(self) -> None:
        if self._is_started:
            self._link.close()

    # In the consumer's thread, under the condition

    def _begin_anew(self) -> None:
        """Nothing is in hand; what the old channel still brings is passed over."""
        self._channel = None
        self._number += 1
        self._in_hand = InHand()
        self._subscribed = 0
        self._unread: dict[str, deque[Message]] = {lane: deque() for lane in LANES}
        self._unsettled: dict[int, str] = {}  # delivery tag -> lane, oldest first
        self._held: Counter[str] = Counter()
        self._ready: Counter[str] = Counter()  # what RabbitMQ said waits behind a full hand

    def _read(self) -> list[Message]:
        """The agent's first, then from the other lanes in turn."""
        taken: list[Message] = []
        agent, *others = self._unread.values()
        _move(agent, taken, self._in_hand.size)
        while len(taken) < self._in_hand.size and any(others):
            for lane in others:
                _move(lane, taken, min(len(taken) + 1, self._in_hand.size))
        return taken

    # In the link's thread

    def on_open(self, channel: Channel) -> None:
        with self._news:
            self._begin_anew()
            self._channel, self._away = channel, ""
        channel.add_on_cancel_callback(lambda _frame: self._link.drop())  # the queue moved or was deleted
        self._fetch(channel, deque(LANES))

    def on_lost(self, reason: str) -> None:
        with self._news:
            self._begin_anew()
            self._away = "" if reason == LET_GO else reason

    def on_blocked(self) -> None:
        """Concerns who publishes."""

    def on_unblocked(self) -> None:
        """Concerns who publishes."""

    def _fetch(self, channel: Channel, lanes: deque[str]) -> None:
        """Fetch one message of the first lane that has any; subscribe when none has."""
        lane = lanes.popleft()

        def on_nothing(_frame: Method) -> None:
            if lanes:
                self._fetch(channel, lanes)
            else:
                self._subscribe(channel)

        def on_message(
            _channel: Channel, method: Basic.GetOk, properties: BasicProperties, body: bytes
        ) -> None:
            channel.callbacks.remove(channel.channel_number, Basic.GetEmpty, on_nothing)
            self._receive(lane, channel, method, properties, body)
            with self._news:
                self._ready[lane] = method.message_count

        channel.add_callback(on_nothing, [Basic.GetEmpty], one_shot=True)
        channel.basic_get(queue_of(lane), on_message)

    def _subscribe(self, channel: Channel) -> None:
        """Bring the subscriptions up to the size of the hand."""
        with self._news:
            more, self._subscribed = self._in_hand.size - self._subscribed, self._in_hand.size
        channel.basic_qos(prefetch_count=more)
        for lane in LANES:
            channel.basic_consume(queue_of(lane), partial(self._receive, lane))

    def _receive(
        self, lane: str, channel: Channel, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        with self._news:
            is_current = channel is self._channel
            if not is_current:
                return
            tag = method.delivery_tag
            self._unsettled[tag] = lane
            self._held[lane] += 1
            self._ready[lane] = 0
            is_full = 0 < self._subscribed <= self._held[lane]
            self._unread[lane].append(
                Message(
                    lane=lane,
                    body=body,
                    tag=(self._number, tag),
                    deliveries=deliveries(properties),
                    is_returned=was_given_up(properties),
                )
            )
            self._news.notify()
        if is_full:
            channel.queue_declare(queue_of(lane), passive=True, callback=partial(self._on_depth, lane))

    def _on_depth(self, lane: str, frame: Method) -> None:
        with self._news:
            self._ready[lane] = frame.method.message_count

    def _settle(self, number: int, tags: Sequence[int]) -> None:
        with self._news:
            channel = self._channel
            if channel is None or number != self._number:
                return
            tags = [tag for tag in tags if tag in self._unsettled]
            for tag in tags:
                self._held[self._unsettled.pop(tag)] -= 1
            oldest_left = next(iter(self._unsettled), None)
            grows = self._in_hand.has_settled(len(tags))
        if tags:
            with self._link.joined():
                _acknowledge(channel, tags, oldest_left)
        if grows or not self._subscribed:
            self._subscribe(channel)


def _acknowledge(channel: Channel, tags: Sequence[int], oldest_left: int | None) -> None:
    """In one frame where no message that is still in hand would be acknowledged with them."""
    last = max(tags)
    if oldest_left is None or oldest_left > last:
        channel.basic_ack(last, multiple=True)
        return
    for tag in tags:
        channel.basic_ack(tag)


def _move(source: deque[Message], target: list[Message], size: int) -> None:
    while source and len(target) < size:
        target.append(source.popleft())


def deliveries(properties: BasicProperties) -> int:
    """This one, and those before; absent at first."""
    headers = properties.headers or {}
    return int(headers.get("x-delivery-count") or 0) + 1


def was_given_up(properties: BasicProperties) -> bool:
    """Whether it was in a dead queue before: RabbitMQ says so in a header that stays when it is moved."""
    return "x-death" in (properties.headers or {})
