"""A connection to RabbitMQ that lives in a thread of its own.

Heartbeats flow whatever the other threads do, and a lost connection is opened again without anybody asking.
All callbacks run in that thread; `call` is the only way in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, Protocol

import structlog
from pika import SelectConnection
from pika.adapters.select_connection import IOLoop
from pika.channel import Channel
from pika.exceptions import AMQPError
from pika.spec import FRAME_END_SIZE, FRAME_HEADER_SIZE, FRAME_MAX_SIZE

from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.greenlets import share_one_thread

BACK_OFF_S = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
PROVEN_S = 5.0  # a connection that lived this long starts the back-off anew
END_WITHIN_S = 2.0
LET_GO = "let go of on purpose"

log = structlog.get_logger(__name__)


class LinkUser(Protocol):
    """What a link tells of itself, in its own thread."""

    def on_open(self, channel: Channel) -> None:
        """There is a fresh channel."""

    def on_lost(self, reason: str) -> None:
        """The channel is gone, or could not be had; the link goes on trying."""

    def on_blocked(self) -> None:
        """RabbitMQ reads nothing from us: a memory or disk alarm."""

    def on_unblocked(self) -> None:
        """It does again."""


class JoiningConnection(SelectConnection):  # type: ignore[misc]
    """Sends in one piece what is written inside `joined`: every frame is a system call of its own else."""

    _held: list[bytes] | None = None

    @contextmanager
    def joined(self) -> Iterator[None]:
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            if held:
                super()._adapter_emit_data(b"".join(held))

    def _adapter_emit_data(self, data: bytes) -> None:
        if self._held is None:
            super()._adapter_emit_data(data)
        else:
            self._held.append(data)


class Link:
    """Opens its connection again and again until it is closed."""

    def __init__(self, address: RabbitAddress, purpose: str, user: LinkUser) -> None:
        self._address = address
        self._purpose = purpose
        self._user = user
        self._closing = Event()
        self._connection: JoiningConnection | None = None
        self._opened_at: float | None = None
        self._reason = ""
        self._failures = 0
        self._thread = Thread(target=self._run, name=f"rabbitmq-{purpose}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def call(self, callback: Callable[[], None]) -> None:
        """Have `callback` run in the link's thread; never, when there is no connection."""
        connection = self._connection
        if connection is not None:
            connection.ioloop.add_callback_threadsafe(callback)

    def drop(self) -> None:
        """In the link's thread: let go of the connection and all it holds; a new one follows at once."""
        self._failures = 0
        self._end_connection(LET_GO)

    @contextmanager
    def joined(self) -> Iterator[None]:
        """In the link's thread: what is written inside leaves in one piece."""
        assert self._connection is not None
        with self._connection.joined():
            yield

    def send(self, frames: bytes) -> None:
        """In the link's thread: write whole frames of an open channel, past pika's own encoding of them."""
        assert self._connection is not None
        self._connection._adapter_emit_data(frames)

    @property
    def largest_piece(self) -> int:
        """How many bytes of a body one frame holds, as agreed on with the server."""
        assert self._connection is not None
        agreed = int(self._connection.params.frame_max) or FRAME_MAX_SIZE
        return int(agreed - FRAME_HEADER_SIZE - FRAME_END_SIZE)

    def close(self) -> None:
        """End the connection in order, and the thread."""
        self._closing.set()
        self.call(lambda: self._end_connection("closed"))
        if self._thread.is_alive():
            self._thread.join(END_WITHIN_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._live_once()
            self._user.on_lost(self._reason)
            if self._closing.wait(self._pause_s()):
                return

    def _pause_s(self) -> float:
        """How long to wait before the next try; the first follows at once."""
        if self._opened_at is not None and time.monotonic() - self._opened_at >= PROVEN_S:
            self._failures = 0
        pause_s = BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
        self._failures += 1
        return pause_s

    def _live_once(self) -> None:
        """One connection, from the attempt to open it to its end; `_reason` says why it ended."""
        self._reason, self._opened_at = "", None
        connection = JoiningConnection(
            self._address.parameters(self._purpose),
            on_open_callback=self._on_connected,
            on_open_error_callback=self._on_ended,
            on_close_callback=self._on_ended,
            custom_ioloop=_own_loop(),
        )
        self._connection = connection
        try:
            connection.ioloop.start()
        except Exception as error:  # noqa: BLE001 - this thread must outlive any fault
            self._end_after_a_fault(connection, error)
        finally:
            self._connection = None
            connection.ioloop.close()

    def _on_connected(self, connection: JoiningConnection) -> None:
        self._opened_at = time.monotonic()
        connection.add_on_connection_blocked_callback(lambda *_frame: self._user.on_blocked())
        connection.add_on_connection_unblocked_callback(lambda *_frame: self._user.on_unblocked())
        connection.channel(on_open_callback=self._on_channel)
        log.info(
            "connected to RabbitMQ",
            action="broker_connected",
            purpose=self._purpose,
            address=self._address.shown,
            version=server_version(connection),
        )

    def _on_channel(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._on_channel_closed)
        self._user.on_open(channel)

    def _on_channel_closed(self, _channel: Channel, reason: Exception) -> None:
        self._end_connection(told(reason))

    def _on_ended(self, connection: JoiningConnection, reason: Exception | str) -> None:
        self._reason = self._reason or told(reason)
        if not self._closing.is_set() and self._reason != LET_GO:
            log.warning(
                "RabbitMQ is away",
                action="broker_away",
                purpose=self._purpose,
                address=self._address.shown,
                error=self._reason,
            )
        connection.ioloop.stop()

    def _end_connection(self, reason: str) -> None:
        connection = self._connection
        if connection is not None and not (connection.is_closing or connection.is_closed):
            self._reason = self._reason or reason
            connection.close()

    def _end_after_a_fault(self, connection: JoiningConnection, error: Exception) -> None:
        self._reason = f"a fault of ours: {type(error).__name__}"
        log.error("the broker's thread failed", action="broker_fault", exc_info=error)
        with suppress(AMQPError, OSError):
            connection.close()
            connection.ioloop.call_later(END_WITHIN_S, connection.ioloop.stop)
            connection.ioloop.start()


def _own_loop() -> Any:
    """An event loop for one connection. Where gevent replaced threads and sockets, it runs all events."""
    if not share_one_thread():
        return IOLoop()
    from bridge.broker.rabbitmq_hub_loop import HubLoop  # the other processes do without gevent

    return HubLoop()


def told(reason: Any) -> str:
    """A cause in words, for people; pika hides it in a cause of the cause, or says nothing but a class."""
    nested = getattr(reason, "exceptions", None) or getattr(reason, "args", None)
    if nested and isinstance(nested[-1], Exception):
        return told(nested[-1])
    exception = getattr(reason, "exception", None)
    if isinstance(exception, Exception):
        return told(exception)
    return str(reason) or type(reason).__name__


def server_version(connection: Any) -> str:
    """The server's version, as it names it."""
    connection = getattr(connection, "_impl", connection)  # pika's blocking connection wraps another
    version = (connection.server_properties or {}).get("version", "unknown")
    return version.decode() if isinstance(version, bytes) else str(version)
