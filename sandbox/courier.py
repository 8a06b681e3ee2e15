"""Carries signed deliveries to their addresses: in the background, with retries and on-purpose disorder."""

from __future__ import annotations

import heapq
import http.client
import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

State = Literal["waiting", "delivered", "dropped", "terminated", "given up"]
THREADS = 4
IDLE_S = 30.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: the HTTP status answered, or 0 with the error; headers and body as sent and as answered."""

    at: datetime
    status: int
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    reply_headers: Mapping[str, str] = field(default_factory=dict)
    reply: bytes = b""


@dataclass(slots=True)
class Delivery:
    """One thing to deliver and what became of it. `sign` makes the headers at the moment of sending."""

    url: str
    body: bytes
    sign: Callable[[], dict[str, str]]
    type: str
    event_id: str = ""
    webhook_id: str = ""
    state: State = "waiting"
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def status(self) -> int | None:
        """The last HTTP status; None before the first try."""
        return self.attempts[-1].status if self.attempts else None

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the last try."""
        return self.attempts[-1].headers if self.attempts else {}


@dataclass(slots=True)
class Disorder:
    """What goes wrong on the road; every switch may be turned at any time.

    duplicate_every: every n-th delivery is sent twice (0: never); duplicate_fraction: by chance.
    reorder_window: that many deliveries are collected and sent shuffled (0: in order).
    delay_s: each waits that long first. drop_fraction: lost without a try, as throttled ones are.
    retry_wait_s: wait this long before a retry, in place of what Retry-After says (None: as it says).
    timeout_s: how long an answer may take.
    """

    duplicate_every: int = 0
    duplicate_fraction: float = 0.0
    reorder_window: int = 0
    delay_s: float = 0.0
    drop_fraction: float = 0.0
    retry_wait_s: float | None = None
    timeout_s: float = 12.0
    seed: int = 0


Decide = Callable[[Delivery, Attempt], float | None]


class Courier:
    """Delivers in order of arrival as long as nothing is out of order on purpose.

    `decide` says after how many seconds a failed delivery is tried again; None: never.
    One thread sends while all is in order, so that events arrive as they happened.
    """

    def __init__(self, disorder: Disorder, decide: Decide, now: Callable[[], datetime]) -> None:
        self.disorder = disorder
        self.log: list[Delivery] = []
        self._decide = decide
        self._now = now
        self._random = random.Random(disorder.seed)  # noqa: S311 - disorder, not secrets
        self._numbers = itertools.count()
        self._queue: list[tuple[float, int, Delivery]] = []
        self._window: list[Delivery] = []
        self._in_flight = 0
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._stopped = False
        self.threads = 1

    def send(self, delivery: Delivery) -> None:
        """Takes a delivery on; returns at once."""
        with self._changed:
            self.log.append(delivery)
            if self._is_lost():
                delivery.state = "dropped"
                return
            again = self._is_doubled()
            self._take(delivery)
            if again:
                self.log.append(replace(delivery, attempts=[]))
                self._take(self.log[-1])
            self._begin()
            self._changed.notify_all()

    def flush(self) -> None:
        """Everything that waits, for whatever reason, is due now."""
        with self._changed:
            self._release_window()
            self._queue = [(0.0, number, delivery) for _, number, delivery in self._queue]
            heapq.heapify(self._queue)
            self._changed.notify_all()

    def wait_idle(self, timeout_s: float = 10.0) -> None:
        """Returns when nothing waits and nothing is under way. Raises TimeoutError."""
        with self._changed:
            self._release_window()
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: not self._queue and not self._in_flight, timeout_s):
                raise TimeoutError(f"{len(self._queue)} deliveries wait, {self._in_flight} are under way")

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _is_lost(self) -> bool:
        return self._random.random() < self.disorder.drop_fraction

    def _is_doubled(self) -> bool:
        every = self.disorder.duplicate_every
        by_count = every > 0 and len(self.log) % every == 0
        return by_count or self._random.random() < self.disorder.duplicate_fraction

    def _take(self, delivery: Delivery) -> None:
        if self.disorder.reorder_window <= 1:
            self._put(delivery, self.disorder.delay_s)
            return
        self._window.append(delivery)
        if len(self._window) >= self.disorder.reorder_window:
            self._release_window()

    def _release_window(self) -> None:
        self._random.shuffle(self._window)
        for delivery in self._window:
            self._put(delivery, self.disorder.delay_s)
        self._window.clear()

    def _put(self, delivery: Delivery, wait_s: float) -> None:
        heapq.heappush(self._queue, (time.monotonic() + wait_s, next(self._numbers), delivery))

    def _begin(self) -> None:
        while len(self._threads) < self.threads and not self._stopped:
            thread = threading.Thread(target=self._run, name="sandbox-courier", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        road = Road()
        try:
            while (delivery := self._next()) is not None:
                attempt = road.carry(delivery, self._now(), self.disorder.timeout_s)
                self._settle(delivery, attempt)
        finally:
            road.close()

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._stopped:
                wait_s = self._queue[0][0] - time.monotonic() if self._queue else IDLE_S
                if wait_s <= 0:
                    self._in_flight += 1
                    return heapq.heappop(self._queue)[2]
                self._changed.wait(wait_s)
        return None

    def _settle(self, delivery: Delivery, attempt: Attempt) -> None:
        with self._changed:
            delivery.attempts.append(attempt)
            self._in_flight -= 1
            if 200 <= attempt.status < 300:
                delivery.state = "delivered"
            elif (wait_s := self._decide(delivery, attempt)) is not None:
                asked = self.disorder.retry_wait_s
                self._put(delivery, wait_s if asked is None else asked)
            elif delivery.state != "delivered":
                delivery.state = "terminated" if 400 <= attempt.status < 500 else "given up"
            self._changed.notify_all()


class Road:
    """Kept-alive connections of one thread."""

    def __init__(self) -> None:
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def carry(self, delivery: Delivery, at: datetime, timeout_s: float) -> Attempt:
        """One POST. A connection the other side closed meanwhile is opened anew once."""
        headers = delivery.sign()
        fresh = urlsplit(delivery.url).netloc not in self._connections
        attempt = self._post(delivery, headers, at, timeout_s)
        if attempt.status == 0 and attempt.error != "timeout" and not fresh:
            attempt = self._post(delivery, headers, at, timeout_s)
        return attempt

    def _post(self, delivery: Delivery, headers: dict[str, str], at: datetime, timeout_s: float) -> Attempt:
        parts = urlsplit(delivery.url)
        connection = self._connections.get(parts.netloc)
        if connection is None:
            connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
            self._connections[parts.netloc] = connection
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target or "/", delivery.body, headers)
            response = connection.getresponse()
            reply = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connections.pop(parts.netloc).close()
            name = "timeout" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
            return Attempt(at, 0, name, headers)
        return Attempt(at, response.status, "", headers, dict(response.headers), reply)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
