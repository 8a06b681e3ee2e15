"""Pays what is owed: many customers at a time, one step each, one pusher per customer.

Between the calls stands the ledger: a transaction writes what came of a group of calls, claims and plans the
next group and writes its intents; then the pool calls. No call happens inside a transaction.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from bridge.allowance import Allowance
from bridge.clock import from_micros, to_micros
from bridge.customer import Customer
from bridge.deciding.steps import SAILTHRU_POST
from bridge.errors import Unavailable
from bridge.ledger import agent_actions, customers, directions, pauses, waits
from bridge.ledger.directions import Direction
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import database_now
from consumers.calls import take_step
from consumers.concluding import Concluded, Result, conclude
from consumers.parts import Parts
from consumers.preparing import Job, Prepared, prepare
from consumers.reporting import report_applied, report_concluded
from consumers.slots import Slots
from consumers.tracing import Traced, traced
from consumers.verdicts import PROBE_S

# While a lane has a backlog, facts run ahead, so that a burst on one customer becomes one push; for so long.
RUN_AHEAD = timedelta(seconds=8)
# With little quota left, calls are granted in small groups instead of one by one.
LEAST_GROUP = 8
PAUSE_FOR_QUOTA_S = 0.025
LONGEST_IDLE_S = 0.5
Begin = Callable[[Connection, Sequence[Installation]], None]
LANE = "zendesk"  # what Sailthru is owed came by this lane
MICROS = 1_000_000
MOST_IN_TROUBLE = 6  # failures that count for the wait while a direction is in trouble: 64 s


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
    _turn: int = 0
    _is_told: bool = False
    _working: threading.Lock = field(default_factory=threading.Lock)
    _short_of_quota: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._slots = Slots(self.size)

    def step(self) -> bool:
        """Write what came back and begin what is due, in one transaction; whether there was anything."""
        known = self.parts.directory.known()
        is_told, self._is_told = self._is_told, False
        with self._working:
            ended = self._ended()
            if not ended and not is_told and not self._is_anything_due():
                return False
            with self.parts.ledger.writing() as connection:
                now = to_micros(database_now(connection, self.parts.clock))
                waiting = self._traced(connection, ended)
                concluded = conclude(connection, ended, now, self.parts.patience)
                prepared, resent = self._prepared(connection, known, now, ended)
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
            yield partial(self._begin, prepared)
            self._launch(prepared)
        finally:
            self._working.release()
        report_applied(prepared.applied, to_micros(self.parts.clock.now()))
        if not prepared.jobs:
            self.tell()

    def _begin(
        self, prepared: Prepared, connection: Connection, installations: Sequence[Installation]
    ) -> None:
        now = to_micros(database_now(connection, self.parts.clock))
        troubled = directions.troubled(connection, "sailthru")
        standing = pauses.standing(connection)
        for installation in installations:
            if standing.hold(installation.id, LANE):
                continue
            free = self._free(installation, prepared)
            self._prepare(connection, installation, troubled.get(installation.id), prepared, now, free)

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

    def _is_anything_due(self) -> bool:
        """Look before anything is written: most steps only write results, and writers stand in a queue."""
        with self.parts.ledger.reading() as connection:
            now = database_now(connection, self.parts.clock)
            resend_at = waits.next_due(connection, ("resend",))
            if resend_at is not None and resend_at <= now:
                return True
            troubled = directions.troubled(connection, "sailthru")
            return bool(_due(connection, troubled, to_micros(now)))

    def _prepared(
        self, connection: Connection, known: Mapping[int, Installation], now: int, ended: Sequence[Result]
    ) -> tuple[Prepared, int]:
        """What is begun now, and how many writes are sent once more. `ended` calls have made room."""
        prepared = Prepared([], [])
        self.parts.rates.write(connection)
        resent = self._claim_resends(connection)
        troubled = directions.troubled(connection, "sailthru")
        self._prepare_hurried(connection, known, troubled, prepared, now)
        for installation in self._in_turn(_due(connection, troubled, now), known):
            trouble = troubled.get(installation.id)
            free = self._free(installation, prepared, ended)
            self._prepare(connection, installation, trouble, prepared, now, free)
        return prepared, resent

    def _free(self, installation: Installation, prepared: Prepared, ended: Sequence[Result] = ()) -> int:
        """How many calls of one may begin beside those `prepared`; the `ended` have made room."""
        return self._slots.free(
            installation,
            is_alone=len(self.parts.directory.known()) == 1,
            planned=[job.installation for job in prepared.jobs],
            ended=[result.job.installation for result in ended],
        )

    def _prepare_hurried(
        self,
        connection: Connection,
        known: Mapping[int, Installation],
        troubled: Mapping[int, Direction],
        prepared: Prepared,
        now: int,
    ) -> None:
        """First those an agent waits for: no backlog stands before them, and the reserve is theirs."""
        standing = pauses.standing(connection)
        for number, hurried in agent_actions.hurried(connection, now).items():
            if number not in known or number in troubled or standing.hold(number, LANE):
                continue
            installation = known[number]
            held = customers.locked(connection, number, hurried).values()
            claimed = [one for one in held if one.owed and not (one.lease_until or 0) > now]
            take = Allowance(connection, installation, self.parts.clock).take_for_agent
            prepare(connection, installation, claimed, prepared, take=take, now=now)

    def _prepare(
        self,
        connection: Connection,
        installation: Installation,
        trouble: Direction | None,
        prepared: Prepared,
        now: int,
        free: int,
    ) -> None:
        limit = self._limit(connection, installation, trouble, free, now)
        if limit <= 0:
            return
        owed_before = now - RUN_AHEAD // timedelta(microseconds=1) if self.is_backlogged() else None
        claimed = customers.claimable(connection, installation.id, now, limit=limit, owed_before=owed_before)
        if trouble is not None:
            claimed = [_unblamed(customer, trouble, now) for customer in claimed]
        take, before = Allowance(connection, installation, self.parts.clock).take, len(prepared.jobs)
        prepare(connection, installation, claimed, prepared, take=take, now=now)
        if trouble is not None and trouble.is_paused and len(prepared.jobs) > before:
            directions.begin_probe(connection, trouble, now + int(PROBE_S * MICROS))

    def _limit(
        self,
        connection: Connection,
        installation: Installation,
        trouble: Direction | None,
        free: int,
        now: int,
    ) -> int:
        """How many customers of one installation may be claimed now, with so many calls free."""
        if trouble is not None and trouble.is_paused:
            return min(free, 1) if trouble.probe_at <= now else 0
        if free <= 0 or self._short_of_quota.get(installation.id, 0.0) > self.parts.clock.monotonic():
            return 0
        room = Allowance(connection, installation, self.parts.clock).room(SAILTHRU_POST, free)
        if room.calls < min(free, LEAST_GROUP):
            pause_s = max(PAUSE_FOR_QUOTA_S, min(room.wait_s, LONGEST_IDLE_S))
            self._short_of_quota[installation.id] = self.parts.clock.monotonic() + pause_s
        return min(free, room.calls)

    def _in_turn(self, due: Sequence[int], known: Mapping[int, Installation]) -> list[Installation]:
        """Installations, another one first each time."""
        here = [known[number] for number in due if number in known]
        if not here:
            return []
        self._turn = (self._turn + 1) % len(here)
        return here[self._turn :] + here[: self._turn]

    def _claim_resends(self, connection: Connection) -> int:
        """A minute after an unknown outcome the same goes once more: an older write may have landed last."""
        now = database_now(connection, self.parts.clock)
        due = waits.claim_due(connection, ("resend",), now, hold=timedelta(seconds=30), limit=100)
        for wait in due:
            for customer in customers.locked(connection, wait.installation_id, [wait.number]).values():
                keys = {name: () for name in wait.detail if name in customer.known}
                doubted = replace(customer, known=customer.doubting(keys), owed=True, due_at=to_micros(now))
                customers.save(connection, [doubted])
            waits.end(connection, wait)
        return len(due)

    def _call(self, job: Job) -> None:
        began = self.parts.clock.monotonic()
        outcome = take_step(self.parts.remotes, job.installation, job.step, self.parts.clock)
        self._results.append(Result(job, outcome, self.parts.clock.monotonic() - began))
        self.wake.set()

    def _idle_s(self) -> float:
        """How long nothing can become due without somebody calling `wake`."""
        if any(until > self.parts.clock.monotonic() for until in self._short_of_quota.values()):
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


def _due(connection: Connection, troubled: Mapping[int, Direction], now: int) -> list[int]:
    """The installations with somebody to push to now, but for paused ones and those nobody may try."""
    standing = pauses.standing(connection)
    return [
        one
        for one in customers.installations_due(connection, now)
        if not standing.hold(one, LANE) and not (one in troubled and troubled[one].keeps_back(now))
    ]


def _begin_nothing(_connection: Connection, _installations: Sequence[Installation]) -> None:
    """The pusher begins what is due by itself."""


def _unblamed(customer: Customer, trouble: Direction, now: int) -> Customer:
    """While nobody gets through, each tries again within about a minute, and nobody is blamed for it."""
    since = None if trouble.is_lasting(now) else customer.failing_since
    return replace(customer, failures=min(customer.failures, MOST_IN_TROUBLE), failing_since=since)
