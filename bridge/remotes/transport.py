"""One HTTP call, with an end to it.

requests measures its read time-out anew for every few bytes, so a server that trickles could hold a thread
for ever. Here connecting and replying each have one deadline for the whole of it, and a reply has a largest
size. Redirects are not followed, cookies not kept, proxies and .netrc of the environment not used.
"""

from __future__ import annotations

import io
import logging
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPResponse
from typing import Any, cast

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from bridge.clock import Clock, SystemClock
from bridge.errors import SendAgain, TryLater
from bridge.remotes.rates import http_date

CONNECT_S = 3.05
READ_S = 10.0
LONGEST_CALL_S = 2 * CONNECT_S + READ_S
"""A call with the default time-outs ends within this; connecting and the TLS handshake have `CONNECT_S` each.
Looking up the name is the resolver's own affair. A lease has to be longer."""

LARGEST_BODY = 2 * 1024 * 1024
IDLE_S = 50.0  # load balancers drop idle connections after a minute: ours are given up earlier
CONNECTIONS_PER_HOST = 128
HOSTS = 64

_monotonic = SystemClock().monotonic  # sockets live in real time, whatever clock a test hands in


@dataclass(frozen=True)
class Request:
    """What is sent. `system` names the remote in errors; `url` holds the query string already."""

    system: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    read_s: float = READ_S


@dataclass(frozen=True)
class Answer:
    """What came back.

    `received_at` is on our clock; `server_at` is the server's `Date`, None when it sent none; `sent_at` is
    when the request left, on the server's clock as far as that is known (`Date` less the time the call took).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_at: datetime
    received_at: datetime
    server_at: datetime | None


class Transport:
    """Keeps connections alive, for any number of hosts and threads.

    `adapter` carries the requests; only a test hands in another than ours.
    """

    def __init__(self, clock: Clock, adapter: BaseAdapter | None = None) -> None:
        # urllib3 logs whole addresses, at debug level and with header warnings; ours hold keys and emails
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        self._clock = clock
        self._adapter = adapter or _Adapter()

    def send(self, request: Request) -> Answer:
        """Send once. Any status is an answer; without one, the errors of `bridge.errors` say what to do.

        Raises `TryLater` when nothing can have been applied, `SendAgain` when a write may have been.
        """
        started_at, started = self._clock.now(), self._clock.monotonic()
        try:
            response = self._adapter.send(
                _prepared(request), stream=True, timeout=(min(CONNECT_S, request.read_s), request.read_s)
            )
            body = _body(response)
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            # these errors quote the address, which holds keys: nothing of them is passed on
            raise _unanswered(request, error) from None
        if len(body) > LARGEST_BODY:
            raise unclear(request.system, request.method, "too_large", f"more than {LARGEST_BODY} bytes")
        elapsed = timedelta(seconds=max(self._clock.monotonic() - started, 0.0))
        server_at = http_date(response.headers.get("date", ""))
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=body,
            sent_at=started_at if server_at is None else server_at - elapsed,
            received_at=started_at + elapsed,
            server_at=server_at,
        )

    def close(self) -> None:
        """Let go of all idle connections; calls under way finish."""
        self._adapter.close()


def unclear(system: str, method: str, reason: str, detail: str) -> TryLater:
    """The error for an answer that says nothing: a read may be repeated, a write may have been applied."""
    kind = TryLater if method == "GET" else SendAgain
    return kind(system, reason, detail=detail)


def _prepared(request: Request) -> requests.PreparedRequest:
    """The request as an adapter takes it: no session in between cares for cookies or redirects."""
    prepared = requests.PreparedRequest()
    prepared.method = request.method
    prepared.url = request.url
    prepared.headers = CaseInsensitiveDict(request.headers)
    if request.body is not None:
        prepared.headers["Content-Length"] = str(len(request.body))
    prepared.body = request.body
    prepared.hooks = {}
    return prepared


def _body(response: requests.Response) -> bytes:
    try:
        return cast(bytes, response.raw.read(LARGEST_BODY + 1, decode_content=True))
    finally:
        response.raw.close()  # what was not read to its end is not used again


def _unanswered(request: Request, error: Exception) -> TryLater:
    cause = _cause(error)
    kind = type(cause).__name__
    if isinstance(cause, ConnectTimeoutError):  # also the base of all that goes wrong before the first byte
        return TryLater(request.system, "unreachable", detail=kind)
    if isinstance(cause, (TimeoutError, ReadTimeoutError, requests.Timeout)):
        return unclear(request.system, request.method, "timeout", kind)
    return unclear(request.system, request.method, "connection_lost", kind)


def _cause(error: Exception) -> BaseException:
    """The innermost error that requests and urllib3 have wrapped."""
    cause: BaseException = error
    for _ in range(8):
        reason = getattr(cause, "reason", None)
        inner = reason if isinstance(reason, BaseException) else None
        if inner is None:
            inner = next((one for one in reversed(cause.args) if isinstance(one, BaseException)), None)
        if inner is None or isinstance(cause, ConnectTimeoutError):
            return cause
        cause = inner
    return cause


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


class _Reply(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(cast(socket.socket, _TimedSocket(sock)), *args, **kwargs)


class _Connection(HTTPConnection):
    """Connects within one time-out however many addresses a name has; tells "not sent" from "no answer"."""

    response_class = _Reply
    used = 0.0
    _held: list[bytes] | None = None

    def connect(self) -> None:
        try:
            super().connect()
        except ConnectTimeoutError:
            raise
        except (OSError, HTTPError) as error:  # a failed handshake too: nothing was asked yet
            raise NewConnectionError(self, type(error).__name__) from error

    def request(self, *args: Any, **kwargs: Any) -> None:
        self.used = _monotonic()
        if self.sock is not None:
            self.sock.settimeout(self.timeout)  # the last reply left what remained of its own
        self._held = []
        try:
            super().request(*args, **kwargs)
        finally:
            held, self._held = self._held, None
        super().send(b"".join(held))

    def send(self, data: Any) -> None:
        """Head and body leave in one piece: a packet and a system call less for each request."""
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)

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


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """requests' adapter over our connections, with one TLS context for all of them."""

    def __init__(self) -> None:
        super().__init__(pool_connections=HOSTS, pool_maxsize=CONNECTIONS_PER_HOST)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002 - requests' own signature
        context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        self.poolmanager = PoolManager(
            connections, maxsize=maxsize, block=block, ssl_context=context, **kwargs
        )
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def get_connection_with_tls_context(self, request: Any, *_: Any, **__: Any) -> HTTPConnectionPool:
        return cast(HTTPConnectionPool, self.poolmanager.connection_from_url(request.url))

    def request_url(self, request: Any, *_: Any) -> str:
        return cast(str, request.url[request.url.index("/", len("https://")) :])

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()  # without the cookies and the guess at an encoding
        response.status_code, response.headers, response.raw = (
            resp.status,
            resp.headers,  # whatever their case, as ours would be
            resp,
        )
        response.request = req
        return response

    def cert_verify(self, *_: Any) -> None:
        """The context verifies, always."""
