"""One HTTP call, with an end to it.

requests measures its read time-out anew for every few bytes, so a server that trickles could hold a thread
for ever. Here connecting and replying each have one deadline for the whole of it, and a reply has a largest
size. Redirects are not followed, cookies not kept, proxies and .netrc of the environment not used.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import cast

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, HTTPError, ReadTimeoutError

from bridge.clock import Clock
from bridge.errors import SendAgain, TryLater
from bridge.remotes.connections import Connections, Reply
from bridge.remotes.rates import http_date

CONNECT_S = 3.05
READ_S = 10.0
LONGEST_CALL_S = 2 * CONNECT_S + READ_S
"""A call with the default time-outs ends within this; connecting and the TLS handshake have `CONNECT_S` each.
Looking up the name is the resolver's own affair. A lease has to be longer."""

LARGEST_BODY = 2 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """What is sent. `system` names the remote in errors; `url` holds the query string already.

    A reply may have at most `largest` bytes.
    """

    system: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    read_s: float = READ_S
    largest: int = LARGEST_BODY


@dataclass(frozen=True)
class Answer:
    """What came back. The names of `headers` are in lower case.

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
        self._connections = Connections() if adapter is None else _Adapted(adapter)

    def send(self, request: Request) -> Answer:
        """Send once. Any status is an answer; without one, the errors of `bridge.errors` say what to do.

        Raises `TryLater` when nothing can have been applied, `SendAgain` when a write may have been.
        """
        started_at, started = self._clock.now(), self._clock.monotonic()
        try:
            reply = self._connections.call(
                request.method,
                request.url,
                request.headers,
                request.body,
                connect_s=min(CONNECT_S, request.read_s),
                read_s=request.read_s,
                largest=request.largest,
            )
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            # these errors quote the address, which holds keys: nothing of them is passed on
            raise _unanswered(request, error) from None
        if len(reply.body) > request.largest:
            raise unclear(request.system, request.method, "too_large", f"more than {request.largest} bytes")
        elapsed = timedelta(seconds=max(self._clock.monotonic() - started, 0.0))
        server_at = http_date(reply.headers.get("date", ""))
        return Answer(
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            sent_at=started_at if server_at is None else server_at - elapsed,
            received_at=started_at + elapsed,
            server_at=server_at,
        )

    def close(self) -> None:
        """Let go of all idle connections; calls under way finish."""
        self._connections.close()


def unclear(system: str, method: str, reason: str, detail: str) -> TryLater:
    """The error for an answer that says nothing: a read may be repeated, a write may have been applied."""
    kind = TryLater if method == "GET" else SendAgain
    return kind(system, reason, detail=detail)


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


class _Adapted:
    """An adapter of requests in the place of the connections."""

    def __init__(self, adapter: BaseAdapter) -> None:
        self._adapter = adapter

    def call(  # noqa: PLR0913 - as `Connections.call`
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
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url, prepared.body, prepared.hooks = method, url, body, {}
        prepared.headers = CaseInsensitiveDict(headers)
        response = self._adapter.send(prepared, stream=True, timeout=(connect_s, read_s))
        try:
            read = cast(bytes, response.raw.read(largest + 1, decode_content=True))
        finally:
            response.raw.close()
        return Reply(
            response.status_code, {name.lower(): value for name, value in response.headers.items()}, read
        )

    def close(self) -> None:
        self._adapter.close()
