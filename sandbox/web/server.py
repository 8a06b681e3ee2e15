"""A lean HTTP/1.1 server on asyncio: keep-alive, no delay, one thread, latency that occupies nobody."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
import threading
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus

from sandbox.web.messages import BadRequest, Ending, Outcome, Pending, Reply, Request, Reset, take_request

log = logging.getLogger("sandbox")
NO_LINGER = struct.pack("ii", 1, 0)
REASONS = {status.value: status.phrase for status in HTTPStatus}

Handle = Callable[[Request], Outcome]


class HttpServer:
    """Serves `handle` on a loopback port from a daemon thread, until `stop`."""

    def __init__(self, handle: Handle, now: Callable[[], datetime], *, port: int = 0) -> None:
        self.handle = handle
        self.now = now
        self.latency_s = 0.0
        self.connections: set[Connection] = set()
        self.loop = asyncio.new_event_loop()
        self.socket = socket.create_server(("127.0.0.1", port), backlog=1024, reuse_port=False)
        self.port: int = self.socket.getsockname()[1]
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sandbox-{self.port}", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Cuts every connection and ends the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            self.loop.create_server(lambda: Connection(self), sock=self.socket, backlog=1024)
        )
        self._started.set()
        try:
            self.loop.run_forever()
        finally:
            server.close()
            for connection in list(self.connections):
                connection.cut()
            self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.run_until_complete(server.wait_closed())
            self.loop.close()


class Connection(asyncio.Protocol):
    """One client connection: requests one after another, each answered before the next is read."""

    def __init__(self, server: HttpServer) -> None:
        self.server = server
        self.buffer = bytearray()
        self.busy = False
        self.advancing = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.server.connections.discard(self)
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._advance()

    def cut(self) -> None:
        """Ends the connection without a goodbye."""
        if self.transport is not None:
            self.transport.abort()

    def _advance(self) -> None:
        if self.advancing:
            return
        self.advancing = True
        try:
            while not self.busy and (request := take_request(self.buffer)) is not None:
                self.busy = True
                self._dispatch(request)
        except BadRequest as error:
            self._finish(Reply(400, {"error": "BadRequest", "description": str(error)}), last=True)
        finally:
            self.advancing = False

    def _dispatch(self, request: Request) -> None:
        last = request.headers.get("connection", "").lower() == "close"
        loop = self.server.loop
        outcome = self._outcome(request)
        if isinstance(outcome, Pending):
            outcome.when_answered(
                lambda ending: _soon(loop, lambda: self._finish(ending, last=last)),
            )
        elif self.server.latency_s and not request.path.startswith("/sandbox/"):
            loop.call_later(self.server.latency_s, lambda: self._finish(outcome, last=last))
        else:
            self._finish(outcome, last=last)

    def _outcome(self, request: Request) -> Outcome:
        try:
            return self.server.handle(request)
        except Exception:  # a fault of the sandbox itself must be seen, not hang a test
            log.exception("the sandbox failed at %s %s", request.method, request.path)
            return Reply(500, {"error": "SandboxFault", "description": "see the sandbox's log"})

    def _finish(self, ending: Ending, *, last: bool) -> None:
        transport = self.transport
        if transport is None:
            return
        if isinstance(ending, Reply):
            transport.write(_encode(ending, self.server.now()))
            self.busy = False
            if last:
                transport.close()
            else:
                self._advance()
        elif isinstance(ending, Reset):
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            transport.abort()


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


def _encode(reply: Reply, at: datetime) -> bytes:
    body = _body(reply)
    lines = [
        f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Unknown')}",
        f"Date: {format_datetime(at, usegmt=True)}",
        f"Content-Length: {len(body)}",
    ]
    if "Content-Type" not in reply.headers:
        lines.append("Content-Type: application/json; charset=utf-8")
    lines.extend(f"{name}: {value}" for name, value in reply.headers.items())
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def _body(reply: Reply) -> bytes:
    if reply.body is None:
        return b""
    if isinstance(reply.body, bytes):
        return reply.body
    return json.dumps(reply.body, ensure_ascii=False, separators=(",", ":")).encode()
