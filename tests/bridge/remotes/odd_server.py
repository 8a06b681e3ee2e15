"""A server on a real socket that answers as no good server would."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType

Conversation = Callable[[socket.socket, threading.Event], None]


class OddServer:
    """Runs `conversation` for each connection, after it has read the first request's head.

    `ended` is set when the test is over, so that a slow conversation ends too.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.ended = threading.Event()
        self.connections = 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> OddServer:
        self._start(self._accept)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self.ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target)
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(10)
            self._start(lambda one=connection: self._talk(one))  # type: ignore[misc]

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            try:
                read_head(connection)
                self._conversation(connection, self.ended)
            except OSError:
                return  # the client has had enough, which is what most of these tests are about


def read_head(connection: socket.socket) -> bytes:
    """Read up to the empty line; what follows it may be part of the answer."""
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(4096)
        if not received:
            raise ConnectionResetError
        head += received
    return head
