"""Connections that stay open between calls, by host; one call on one of them.

urllib3 connects and verifies, `http.client` reads the reply; what both do for everybody else (retries, pools
of settings, histories, hooks) costs more processor time than the rest of a push, and is left out.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from http.client import HTTPResponse, IncompleteRead
from typing import Any, cast

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPResponse as UnpackingResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationParseError, NewConnectionError
from urllib3.util import Url, parse_url

from bridge.clock import SystemClock

IDLE_S = 50.0  # load balancers drop idle connections after a minute: ours are given up earlier
CONNECTIONS_PER_HOST = 128
HOSTS = 64

_monotonic = SystemClock().monotonic  # sockets live in real time, whatever clock a test hands in


@dataclass(frozen=True)
class Reply:
    """What came back, unpacked; the names of `headers` are in lower case, and of equal ones the first counts.

    `body` ends after the first byte beyond what was allowed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Kept-alive connections to any number of hosts, for any number of threads, over one TLS context.

    `authorities` is the file with the certificates that may vouch for others.
    """

    def __init__(self, authorities: str = DEFAULT_CA_BUNDLE_PATH) -> None:
        self._authorities = authorities
        self._lock = threading.Lock()
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    def call(  # noqa: PLR0913 - the parts of a request, and its three limits
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        connect_s: float,
        read_s: float,
        largest: int,
    ) -> Reply:
        """Send once and read the whole reply, no more of it than `largest` and a byte.

        Raises urllib3's `ConnectTimeoutError` while nothing was sent, else whatever it was.
        """
        origin, target = _split(url)
        host = self._host(origin)
        head = _head(method, target, {"Host": host.name, **headers}, body)
        connection = host.lent() or self._connected(host, connect_s)
        try:
            reply, is_reusable = connection.exchange(method, head + (body or b""), read_s, largest)
        except BaseException:
            connection.close()
            raise
        if is_reusable:
            host.give_back(connection)
        else:
            connection.close()
        return reply

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Made for the first call that needs it: reading all those certificates takes a while."""
        return ssl.create_default_context(cafile=self._authorities)

    def close(self) -> None:
        """Close what is idle now; what is in use is closed when its call ends."""
        with self._lock:
            hosts, self._hosts = self._hosts, OrderedDict()
        for host in hosts.values():
            host.close()

    def _host(self, origin: str) -> _Host:
        with self._lock:
            host = self._hosts.get(origin)
            if host is None:
                host = self._hosts[origin] = _Host(_origin(origin))
                if len(self._hosts) > HOSTS:
                    self._hosts.popitem(last=False)[1].close()
            return host

    def _connected(self, host: _Host, timeout_s: float) -> _Connection:
        connection = host.made(lambda: self._context, timeout_s)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection


def _split(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    place, slash, target = rest.partition("/")
    return f"{scheme}://{place}", slash + target


@lru_cache(HOSTS)
def _origin(text: str) -> Url:
    origin = parse_url(text)
    if origin.scheme not in ("http", "https") or not origin.host or origin.path or origin.query:
        raise LocationParseError("the address of a remote")  # which may hold keys, and is not repeated
    return origin


def _head(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    # A line end inside would let a value say more than one header.
    if " " in target or not target or not "".join(lines).isprintable():
        raise ValueError("a control character in the head of a request")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


class _Host:
    """The idle connections to one host, the one used last first."""

    def __init__(self, origin: Url) -> None:
        self._origin = origin
        self._lock = threading.Lock()
        self._idle: deque[_Connection] = deque()
        self._is_closed = False
        weakref.finalize(self, _close_all, self._idle)
        self.name = cast(str, origin.host) + (f":{origin.port}" if origin.port else "")

    def lent(self) -> _Connection | None:
        """One that is still good, if there is any."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.is_connected:
                return connection
            connection.close()

    def give_back(self, connection: _Connection) -> None:
        with self._lock:
            is_kept = not self._is_closed and len(self._idle) < CONNECTIONS_PER_HOST
            if is_kept:
                self._idle.append(connection)
        if not is_kept:
            connection.close()

    def made(self, context: Callable[[], ssl.SSLContext], timeout_s: float) -> _Connection:
        host = cast(str, self._origin.host).strip("[]")
        if self._origin.scheme == "https":
            return _SecureConnection(host, self._origin.port, timeout=timeout_s, ssl_context=context())
        return _Connection(host, self._origin.port, timeout=timeout_s)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
        _close_all(self._idle)


def _close_all(idle: deque[_Connection]) -> None:
    while idle:
        idle.pop().close()


class _TimedReader(io.RawIOBase):
    """Reads from a socket until a deadline that no trickle moves."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._reader = cast(io.RawIOBase, sock.makefile("rb", buffering=0))
        self._ends = _monotonic() + (sock.gettimeout() or 0.0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends - _monotonic()
        if left <= 0:
            raise TimeoutError("the reply took too long")
        self._sock.settimeout(left)
        return cast("int | None", self._reader.readinto(buffer))

    def close(self) -> None:
        if not self.closed:
            self._reader.close()
        super().close()


class _TimedSocket:
    """What `http.client` asks of a socket when it reads a reply."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock))


class _Connection(HTTPConnection):
    """Connects within one time-out however many addresses a name has; tells "not sent" from "no answer"."""

    used = 0.0

    def connect(self) -> None:
        try:
            super().connect()
        except ConnectTimeoutError:
            raise
        except (OSError, HTTPError) as error:  # a failed handshake too: nothing was asked yet
            raise NewConnectionError(self, type(error).__name__) from error

    def exchange(self, method: str, request: bytes, read_s: float, largest: int) -> tuple[Reply, bool]:
        """Head and body leave in one piece; also whether the connection is good for another call."""
        self.used = _monotonic()
        sock = cast(socket.socket, self.sock)
        sock.settimeout(read_s)  # the last reply left what remained of its own
        sock.sendall(request)
        response = HTTPResponse(cast(socket.socket, _TimedSocket(sock)), method=method)
        try:
            response.begin()
            headers = _by_name(response)
            body = _body(response, headers, largest)
            return Reply(response.status, headers, body), response.isclosed() and not response.will_close
        finally:
            response.close()

    @property
    def is_connected(self) -> bool:
        return _monotonic() - self.used < IDLE_S and super().is_connected

    def _new_conn(self) -> socket.socket:
        ends = _monotonic() + cast(float, self.timeout)
        problem: OSError = OSError("the name has no address")
        try:
            for *_, address in socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM):
                left = ends - _monotonic()
                if left <= 0:
                    break
                try:
                    return self._opened(cast("tuple[str, int]", address[:2]), left)
                except OSError as error:
                    problem = error
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, type(error).__name__) from error
        raise NewConnectionError(self, type(problem).__name__) from problem

    def _opened(self, address: tuple[str, int], timeout_s: float) -> socket.socket:
        sock = socket.create_connection(address, timeout_s)
        for option in self.socket_options or ():
            sock.setsockopt(*option)
        return sock


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        super().connect()
        if not self.is_verified:  # cannot be, with the context it was given
            raise NewConnectionError(self, "the certificate was not verified")


def _by_name(response: HTTPResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        headers.setdefault(name.lower(), re.sub(r"\r?\n", "", value))
    return headers


def _body(response: HTTPResponse, headers: Mapping[str, str], largest: int) -> bytes:
    """No more than `largest` and one more byte, however much is packed into it."""
    if headers.get("content-encoding", "identity") != "identity":
        unpacking = UnpackingResponse(
            body=cast(Any, response), headers=headers, preload_content=False, decode_content=True
        )
        body = unpacking.read(largest + 1, decode_content=True)
    else:
        body = response.read(largest + 1)
    if len(body) <= largest and response.length:
        raise IncompleteRead(b"", response.length)  # the connection ended before the reply did
    return body
