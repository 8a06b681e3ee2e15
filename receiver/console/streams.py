"""Server-sent events: a page is told of what changes. Bounded; whoever finds no place asks now and then.

A stream holds no connection to the database and no other place than its own. It ends by itself after a
minute, when the browser comes again and must still be signed in.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flask import Response, request, stream_with_context

from bridge.clock import Clock
from receiver.answers import answer
from receiver.console.board import Board
from receiver.console.console import Console
from receiver.console.signed_in import SignedIn

LIFE_S = 60.0
LOOK_EVERY_S = 1.0
BEAT_EVERY_S = 15.0  # a proxy closes what says nothing
AGAIN_MS = 2_000
EXTENSION = "console_streams"


@dataclass
class Streams:
    """The open streams of one process: at most `most` of them."""

    board: Board
    clock: Clock
    most: int
    _ended: threading.Event = field(default_factory=threading.Event)
    _open: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def opened(self, topics: Sequence[str]) -> Response:
        """A stream of these topics; 503 `streams_full` when there is no place for one more."""
        if not self._take_place():
            response = answer(503, error="streams_full")
            response.headers["Retry-After"] = "60"
            return response
        response = Response(
            stream_with_context(self._told(topics)), content_type="text/event-stream; charset=utf-8"
        )
        response.headers["X-Accel-Buffering"] = "no"  # a proxy that collects would hold everything back
        response.call_on_close(self._leave_place)
        return response

    def end(self) -> None:
        """End all, when the process ends. Browsers come again, to another one."""
        self._ended.set()

    def _told(self, topics: Sequence[str]) -> Iterator[str]:
        began = beat = self.clock.monotonic()
        told = dict.fromkeys(topics, "")
        yield f"retry: {AGAIN_MS}\n\n"
        while self.clock.monotonic() - began < LIFE_S and not self._ended.is_set():
            for name, html in self._news(told):
                yield f"event: {name}\ndata: {json.dumps(html)}\n\n"
                beat = self.clock.monotonic()
            if self.clock.monotonic() - beat >= BEAT_EVERY_S:
                yield ":\n\n"
                beat = self.clock.monotonic()
            self._ended.wait(LOOK_EVERY_S)

    def _news(self, told: dict[str, str]) -> Iterator[tuple[str, str]]:
        """What was not told yet; `told` says how far that is."""
        for name, digest in told.items():
            newest = self.board.newest_or_none(name)
            if newest is not None and newest.digest != digest:
                told[name] = newest.digest
                yield name, newest.html

    def _take_place(self) -> bool:
        with self._counting:
            if self._open >= self.most or self._ended.is_set():
                return False
            self._open += 1
            return True

    def _leave_place(self) -> None:
        with self._counting:
            self._open -= 1


def install(console: Console) -> Streams:
    """Serve `/console/api/stream?topic=…` and, for those without a stream, `/console/api/live/<topic>`."""
    streams = Streams(console.board, console.parts.clock, console.parts.streams_at_once)

    @console.page("/api/stream")
    def stream(operator: SignedIn) -> Response:  # noqa: ARG001 - every page is told who looks
        topics = console.board.known(request.args.getlist("topic"))
        return streams.opened(topics) if topics else answer(404, error="not_found")

    @console.page("/api/live/<topic>")
    def live(topic: str, operator: SignedIn) -> Response:  # noqa: ARG001
        if not console.board.known([topic]):
            return answer(404, error="not_found")
        fragment = console.board.newest(topic)
        response = Response(fragment.html, content_type="text/html; charset=utf-8")
        response.set_etag(fragment.digest)
        response.make_conditional(request.environ)
        return response

    return streams
