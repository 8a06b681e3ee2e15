"""What comes in and what goes out: a request, a reply, or one of the ways not to reply."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

MAX_HEAD_BYTES = 64 * 1024


class BadRequest(Exception):
    """The bytes are no HTTP request this server understands; the connection is closed."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case, the query is decoded, the body is raw."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON; None when it is empty. Raises ValueError."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `body` is sent as JSON; None is an empty body, bytes go as they are."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Silence:
    """No answer at all: the client waits until its own deadline."""


class Reset:
    """The connection is cut (RST) in place of an answer."""


class Pending:
    """An answer somebody else gives later, from any thread, once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcome: Ending | None = None
        self._then: Callable[[Ending], None] | None = None

    def answer(self, outcome: Ending) -> None:
        """Gives the answer; whoever waits for it is told at once."""
        with self._lock:
            self._outcome = outcome
            then = self._then
        if then is not None:
            then(outcome)

    def when_answered(self, then: Callable[[Ending], None]) -> None:
        """Calls `then` with the answer, now if it is there already."""
        with self._lock:
            self._then = then
            outcome = self._outcome
        if outcome is not None:
            then(outcome)


Ending = Reply | Silence | Reset
Outcome = Reply | Silence | Reset | Pending


def take_request(buffer: bytearray) -> Request | None:
    """Cuts the first whole request off the buffer; None while more bytes must come. Raises BadRequest."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > MAX_HEAD_BYTES:
            raise BadRequest("the head of the request is too long")
        return None
    method, target, headers = _head(bytes(buffer[:end]))
    start = end + 4
    stop = start + _length(headers)
    if len(buffer) < stop:
        return None
    body = bytes(buffer[start:stop])
    del buffer[:stop]
    path, _, query = target.partition("?")
    return Request(method, unquote(path), dict(parse_qsl(query, keep_blank_values=True)), headers, body)


def _head(head: bytes) -> tuple[str, str, dict[str, str]]:
    lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
    except ValueError:
        raise BadRequest("the request line has not three parts") from None
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    return method, target, headers


def _length(headers: dict[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadRequest("chunked bodies are not read here")
    try:
        return int(headers.get("content-length", 0))
    except ValueError:
        raise BadRequest("Content-Length is no number") from None
