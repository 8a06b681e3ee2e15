"""Publishes to RabbitMQ, pipelined: all threads share one connection, and each waits for its own confirm.

What waits when the connection's thread comes round is sent together, so a confirm's round trip is shared as a
group commit shares a flush.
"""

from __future__ import annotations

import os
import time
from collections import deque
from threading import Lock
from weakref import WeakMethod

from pika import BasicProperties
from pika.channel import Channel
from pika.frame import Method
from pika.spec import Basic

from bridge.broker.contract import PUBLISH_TIMEOUT_S, Outgoing, queue_of
from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.broker.rabbitmq_frames import publishing
from bridge.broker.rabbitmq_link import Link
from bridge.errors import Unavailable

PROBE_EVERY_S = 1.0


class _Waiting:
    """One publish, and the lock that its thread sleeps on."""

    __slots__ = ("error", "is_forgotten", "outgoing", "settled")

    def __init__(self, outgoing: Outgoing) -> None:
        self.outgoing = outgoing
        self.settled = Lock()
        self.settled.acquire()
        self.error = ""
        self.is_forgotten = False

    def settle(self, error: str = "") -> None:
        self.error = self.error or error
        self.settled.release()


class RabbitPublisher:
    """Thread-safe. Its thread starts with the first publish, in each process anew after a fork."""

    def __init__(self, address: RabbitAddress) -> None:
        self._address = address
        self._begin()
        _begin_anew_after_forks(self)

    def _begin(self) -> None:
        self._starting = Lock()
        self._session: _Session | None = None

    def publish(self, outgoing: Outgoing) -> None:
        waiting = _Waiting(outgoing)
        session = self._session or self._started()
        session.send(waiting)
        if not waiting.settled.acquire(timeout=PUBLISH_TIMEOUT_S):
            session.forget(waiting)
            raise Unavailable("broker", f"no confirm within {PUBLISH_TIMEOUT_S * 1000:.0f} ms")
        if waiting.error:
            raise Unavailable("broker", waiting.error)

    def is_away(self) -> bool:
        return self._session is not None and self._session.is_away()

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _started(self) -> _Session:
        with self._starting:
            if self._session is None:
                self._session = _Session(self._address)
            return self._session


class _Session:
    """One process's connection for publishing, and whoever waits for it."""

    def __init__(self, address: RabbitAddress) -> None:
        self._away = ""  # why, while it is known; the next attempt to connect may still mend it
        self._probes_at: float | None = None  # while confirms stay out: when the next publish may find out
        self._queue: deque[_Waiting] = deque()
        self._is_flush_due = False
        self._channel: Channel | None = None
        self._last_tag = 0
        self._unconfirmed: dict[int, _Waiting] = {}
        self._was_open = False
        self._link = Link(address, "publisher", self)
        self._link.start()

    def is_away(self) -> bool:
        return bool(self._away) or self._probes_at is not None

    def send(self, waiting: _Waiting) -> None:
        """Hand over to the connection's thread; raise at once while it is known to be in vain."""
        if self._away:
            raise Unavailable("broker", self._away)
        if self._probes_at is not None:
            self._probe_or_raise()
        self._queue.append(waiting)
        if not self._is_flush_due:  # else the thread was woken already and has not looked yet
            self._is_flush_due = True
            self._link.call(self._flush)

    def forget(self, waiting: _Waiting) -> None:
        """Its thread gave up. Until a confirm comes, only one publish a second is let through to find out."""
        waiting.is_forgotten = True
        self._probes_at = time.monotonic() + PROBE_EVERY_S

    def close(self) -> None:
        self._away = "the publisher is closed"
        self._link.close()
        self._fail_queued(self._away)

    def on_open(self, channel: Channel) -> None:
        self._last_tag = 0
        channel.confirm_delivery(self._on_confirm, callback=lambda _frame: self._on_ready(channel))
        channel.add_on_return_callback(self._on_return)

    def on_lost(self, reason: str) -> None:
        # An open connection that breaks is opened again at once, and what comes meanwhile waits for that.
        self._away = "" if self._was_open else reason
        self._was_open = False
        self._channel = None
        self._fail_unconfirmed(f"the connection was lost before the confirm: {reason}")
        if self._away:
            self._fail_queued(reason)

    def on_blocked(self) -> None:
        self._away = "RabbitMQ takes no messages for want of memory or disk (see rabbitmqctl status)"
        self._fail_unconfirmed(self._away)
        self._fail_queued(self._away)

    def on_unblocked(self) -> None:
        self._away = ""

    def _on_ready(self, channel: Channel) -> None:
        self._channel = channel
        self._was_open = True
        self._away = ""
        self._probes_at = None
        self._flush()

    def _flush(self) -> None:
        """Send whatever waits, in one piece."""
        self._is_flush_due = False  # before looking: whoever comes later wakes this thread again
        if self._channel is None or not self._channel.is_open:
            return
        number, largest_piece = self._channel.channel_number, self._link.largest_piece
        frames = []
        while self._queue:
            waiting = self._queue.popleft()
            if not waiting.is_forgotten:
                frames.append(publishing(waiting.outgoing, number, largest_piece))
                self._last_tag += 1
                self._unconfirmed[self._last_tag] = waiting
        if frames:
            self._link.send(b"".join(frames))

    def _on_confirm(self, frame: Method) -> None:
        self._probes_at = None
        error = "" if isinstance(frame.method, Basic.Ack) else "RabbitMQ refused the message"
        tag = frame.method.delivery_tag
        if not frame.method.multiple:
            self._settle(tag, error)
            return
        for confirmed in [each for each in self._unconfirmed if each <= tag]:
            self._settle(confirmed, error)

    def _on_return(
        self, _channel: Channel, method: Basic.Return, properties: BasicProperties, _body: bytes
    ) -> None:
        """Remember that nobody took it; the confirm that follows settles it."""
        for waiting in self._unconfirmed.values():
            outgoing = waiting.outgoing
            named = (queue_of(outgoing.lane), outgoing.message_id)
            if not waiting.error and named == (method.routing_key, properties.message_id):
                waiting.error = f"no queue {method.routing_key}; `bridge check` makes it"
                return

    def _settle(self, tag: int, error: str) -> None:
        waiting = self._unconfirmed.pop(tag, None)
        if waiting is not None:
            waiting.settle(error)

    def _probe_or_raise(self) -> None:
        now = time.monotonic()
        if self._probes_at is not None and now < self._probes_at:
            raise Unavailable("broker", "it confirms nothing at present")
        self._probes_at = now + PROBE_EVERY_S

    def _fail_unconfirmed(self, reason: str) -> None:
        """They may be kept all the same: their senders send again, which is harmless."""
        unconfirmed, self._unconfirmed = self._unconfirmed, {}
        for waiting in unconfirmed.values():
            waiting.settle(reason)

    def _fail_queued(self, reason: str) -> None:
        while self._queue:
            self._queue.popleft().settle(reason)


def _begin_anew_after_forks(publisher: RabbitPublisher) -> None:
    # The child has neither the thread nor a right to the socket, and the lock may have been held.
    begin = WeakMethod(publisher._begin)

    def in_child() -> None:
        if (method := begin()) is not None:
            method()

    os.register_at_fork(after_in_child=in_child)
