"""Pays what is owed: many customers at a time, one step each, one pusher per customer.

Between the calls stands the ledger: a transaction writes what came of a group of calls, claims and plans the
next group and writes its intents; then the pool calls. No call happens inside a transaction.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from bridge.clock import from_micros, to_micros
from bridge.errors import Unavailable
from bridge.ledger import customers
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import database_now
from consumers.calls import take_step
from consumers.choosing import PAUSE_FOR_QUOTA_S, Choosing
from consumers.concluding import Concluded, Result, conclude
from consumers.parts import Parts
from consumers.preparing import Job, Prepared
from consumers.reporting import report_applied, report_concluded
from consumers.slots import Slots
from consumers.tracing import Traced, traced

LONGEST_IDLE_S = 0.5
Begin = Callable[[Connection, Sequence[Installation]], None]


@dataclass
class Pusher:
    """One process's pusher. `step` is called by one thread; `pool` makes the calls, `size` at once.

    Another thread may join in (`joining`); they take turns.
    """

    parts: Parts
    pool: Executor
    size: int
    is_backlogged: Callable[[], bool] = lambda: False
    wake: threading.Event = field(default_factory=threading.Event)
    _results: deque[Result] = field(default_factory=deque)
    _unwritten: list[Result] = field(default_factory=list)
    _is_told: bool = False
    _working: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._slots = Slots(self.size)
        self.choosing = Choosing(self.parts, self._slots, lambda: self.is_backlogged())

    def step(self) -> bool:
        """Write what came back and begin what is due, in one transaction; whether there was anything."""
        known = self.parts.directory.known()
        is_told, self._is_told = self._is_told, False
        with self._working:
            ended = self._ended()
            if not ended and not is_told and not self.choosing.is_anything_due():
                return False
            with self.parts.ledger.writing() as connection:
                now = to_micros(database_now(connection, self.parts.clock))
                waiting = self._traced(connection, ended)
                concluded = conclude(connection, ended, now, self.parts.patience)
                prepared, resent = self.choosing.begin(connection, known, now, ended)
            self._forget(ended)
            self._launch(prepared)
        self._report(concluded, waiting, now)
        report_applied(prepared.applied, now)
        return bool(ended or prepared.jobs or prepared.applied or resent)

    @contextmanager
    def joining(self) -> Iterator[Begin]:
        """Begin in another thread's transaction what that makes due: one transaction less before the call.

        Gives a function to be called last in it. The calls start when this context ends, after the commit.
        In a backlog, or while the pusher works itself, the function does nothing and the pusher is told.
        """
        if self.is_backlogged() or not self._working.acquire(blocking=False):
            yield _begin_nothing
            self.tell()
            return
        prepared = Prepared([], [])
        try:
            yield partial(self.choosing.begin_for, prepared)
            self._launch(prepared)
        finally:
            self._working.release()
        report_applied(prepared.applied, to_micros(self.parts.clock.now()))
        if not prepared.jobs:
            self.tell()

    def _launch(self, prepared: Prepared) -> None:
        self._slots.take(job.installation for job in prepared.jobs)
        for job in prepared.jobs:
            self.pool.submit(self._call, job)

    def tell(self) -> None:
        """Somebody was just kept as owed: there is no need to look first. From any thread.

        In a backlog there is: facts run ahead then, and mostly nobody is due.
        """
        self._is_told = not self.is_backlogged()
        self.wake.set()

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, then finish the calls under way."""
        while not stop.is_set():
            try:
                is_busy = self.step()
            except Unavailable:
                is_busy = False
            if not is_busy:
                self.wake.wait(self._idle_s())
            self.wake.clear()
        self.finish()

    def finish(self) -> None:
        """Let the calls under way end, and write what came of them."""
        while self._slots.taken() or self._results or self._unwritten:
            self.wake.wait(LONGEST_IDLE_S)
            self.wake.clear()
            try:
                self.write_results()
            except Unavailable:
                continue

    def write_results(self) -> bool:
        """Write everything that came back so far as one group."""
        with self._working:
            ended = self._ended()
            if not ended:
                return False
            with self.parts.ledger.writing() as connection:
                now = to_micros(database_now(connection, self.parts.clock))
                waiting = self._traced(connection, ended)
                concluded = conclude(connection, ended, now, self.parts.patience)
            self._forget(ended)
        self._report(concluded, waiting, now)
        return True

    def _ended(self) -> list[Result]:
        """What came back and is not written yet: it stays here until the ledger has it."""
        while self._results:
            self._unwritten.append(self._results.popleft())
        return self._unwritten

    def _forget(self, written: list[Result]) -> None:
        self._slots.leave(result.job.installation for result in written)
        self._unwritten = []

    def _traced(self, connection: Connection, ended: Sequence[Result]) -> Traced:
        concerned = ((one.job.installation.id, one.job.customer.zendesk_id) for one in ended)
        return traced(connection, self.parts, concerned)

    def _report(self, concluded: Concluded, waiting: Traced, now: int) -> None:
        report_concluded(concluded, waiting, self.parts.clock.now())
        report_applied(concluded.applied, now)

    def _call(self, job: Job) -> None:
        began = self.parts.clock.monotonic()
        outcome = take_step(self.parts.remotes, job.installation, job.step, self.parts.clock)
        self._results.append(Result(job, outcome, self.parts.clock.monotonic() - began))
        self.wake.set()

    def _idle_s(self) -> float:
        """How long nothing can become due without somebody calling `wake`."""
        if self.choosing.is_short():
            return PAUSE_FOR_QUOTA_S
        try:
            with self.parts.ledger.reading() as connection:
                now = database_now(connection, self.parts.clock)
                due_at = customers.next_due(connection, to_micros(now))
        except Unavailable:
            return LONGEST_IDLE_S
        if due_at is None:
            return LONGEST_IDLE_S
        return min(LONGEST_IDLE_S, max(0.005, (from_micros(due_at) - now).total_seconds()))


def _begin_nothing(_connection: Connection, _installations: Sequence[Installation]) -> None:
    """The pusher begins what is due by itself."""
