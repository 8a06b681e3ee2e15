"""Pays what Zendesk is owed: one step a customer, many customers in one call where many change.

As on the way to Sailthru the ledger stands between the calls: a transaction claims, plans and writes the
intents; the pool calls; another transaction writes what came of it. No call happens inside a transaction.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection

from bridge.allowance import Allowance
from bridge.clock import from_micros, to_micros
from bridge.deciding.steps import ZENDESK
from bridge.deciding.to_zendesk.steps import AskFields
from bridge.errors import Unavailable
from bridge.ledger import directions, pauses, waits, zendesk_users
from bridge.ledger.directions import Direction
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import database_now
from bridge.ledger.waits import Wait
from bridge.ledger.writing import lock_subjects
from bridge.zendesk_user import ZendeskUser
from consumers.parts import Parts
from consumers.reporting import report_applied
from consumers.to_zendesk.bulk import JOB, concerned
from consumers.to_zendesk.calls import AnyCall, JobLook, Push, Result, make
from consumers.to_zendesk.concluding import conclude
from consumers.to_zendesk.preparing import LEASE_S, LEAST_PAUSE_S, RESEND, Prepared, Preparing
from consumers.to_zendesk.reporting import report
from consumers.tracing import traced

MOST_CLAIMED = zendesk_users.TOGETHER  # rows of one installation in one step
MOST_WAITS = 100
LONGEST_IDLE_S = 0.5
BLOCKED_S = 0.25  # what is due cannot begin: no quota, or Zendesk is in trouble
MOST_IN_TROUBLE = 6  # failures that count for the wait while a direction is in trouble: 64 s
KINDS = (JOB, RESEND)
LANE = "sailthru"  # what Zendesk is owed came by this lane


@dataclass
class ZendeskPusher:
    """One process's pusher of the way back. `step` is called by one thread; `pool` calls, `size` at once."""

    parts: Parts
    pool: Executor
    size: int
    wake: threading.Event = field(default_factory=threading.Event)
    _results: deque[Result] = field(default_factory=deque)
    _unwritten: list[Result] = field(default_factory=list)
    _under_way: Counter[int] = field(default_factory=Counter)
    _turn: int = 0
    _short_of_quota: dict[int, float] = field(default_factory=dict)
    _asking: set[int] = field(default_factory=set)  # installations whose fields are being read

    def step(self) -> bool:
        """Write what came back, then begin what is due; whether there was anything to do."""
        did_write = self.write_results()
        return self._begin() or did_write

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
        while self._under_way.total() or self._results or self._unwritten:
            self.wake.wait(LONGEST_IDLE_S)
            self.wake.clear()
            try:
                self.write_results()
            except Unavailable:
                continue

    def write_results(self) -> bool:
        """Write everything that came back so far as one group."""
        while self._results:
            self._unwritten.append(self._results.popleft())
        if not self._unwritten:
            return False
        with self.parts.ledger.writing() as connection:
            now = to_micros(database_now(connection, self.parts.clock))
            about = [one for result in self._unwritten for one in concerned(result.call)]
            waiting = traced(connection, self.parts, about)
            concluded = conclude(connection, self._unwritten, now)
        self._under_way.subtract(result.call.installation.id for result in self._unwritten)
        self._asking -= {one.call.installation.id for one in self._unwritten if _asks_fields(one.call)}
        self._unwritten = []
        report(concluded, waiting, self.parts.clock.now())
        report_applied(concluded.applied, now)
        return True

    def _is_anything_due(self) -> bool:
        """Look before anything is written: writers stand in a queue."""
        with self.parts.ledger.reading() as connection:
            now = database_now(connection, self.parts.clock)
            wait_at = waits.next_due(connection, KINDS)
            if wait_at is not None and wait_at <= now:
                return True
            troubled = directions.troubled(connection, ZENDESK)
            return bool(_due(connection, troubled, to_micros(now)))

    def _begin(self) -> bool:
        known = self.parts.directory.known()
        if not self._is_anything_due():
            return False
        prepared = Prepared()
        with self.parts.ledger.writing() as connection:
            moment = database_now(connection, self.parts.clock)
            now = to_micros(moment)
            self.parts.rates.write(connection)
            resent = self._claim_resends(connection, now)
            troubled = directions.troubled(connection, ZENDESK)
            self._claim_jobs(connection, known, troubled, prepared)
            for installation in self._in_turn(_due(connection, troubled, now), known):
                self._prepare(connection, installation, troubled.get(installation.id), prepared, now)
        report_applied(prepared.applied, now)
        for call in prepared.calls:
            self._under_way[call.installation.id] += 1
            if _asks_fields(call):
                self._asking.add(call.installation.id)
            self.pool.submit(self._call, call)
        return bool(prepared.calls or prepared.applied or resent)

    def _claim_jobs(
        self,
        connection: Connection,
        known: Mapping[int, Installation],
        troubled: Mapping[int, Direction],
        prepared: Prepared,
    ) -> None:
        """Ask how bulk updates stand whose time has come."""
        moment = database_now(connection, self.parts.clock)
        hold = timedelta(seconds=LEASE_S)
        for wait in waits.claim_due(connection, (JOB,), moment, hold=hold, limit=MOST_WAITS):
            installation = known.get(wait.installation_id)
            if installation is None:
                continue
            trouble = troubled.get(installation.id)
            wait_s = self._blocked_s(connection, installation, trouble, prepared)
            if wait_s:
                waits.put_off(connection, wait, moment + timedelta(seconds=wait_s))
            else:
                prepared.calls.append(JobLook(installation, wait))

    def _blocked_s(
        self,
        connection: Connection,
        installation: Installation,
        trouble: Direction | None,
        prepared: Prepared,
    ) -> float:
        """How long a look at a job has to wait; 0 when its call may be made."""
        if self._free(installation, trouble, prepared, self._now(connection)) <= 0:
            return BLOCKED_S
        granted = Allowance(connection, installation, self.parts.clock).take(ZENDESK, 1)
        return 0.0 if granted.calls else max(LEAST_PAUSE_S, granted.wait_s)

    def _prepare(
        self,
        connection: Connection,
        installation: Installation,
        trouble: Direction | None,
        prepared: Prepared,
        now: int,
    ) -> None:
        free = self._free(installation, trouble, prepared, now)
        if free <= 0 or self._short_of_quota.get(installation.id, 0.0) > self.parts.clock.monotonic():
            return
        # Two processes that claim at once would take half of a hundred each, and make two calls of one.
        lock_subjects(connection, installation.id, ["zendesk_users"])
        is_probe = trouble is not None and trouble.is_paused
        most = 1 if is_probe else MOST_CLAIMED
        claimed = zendesk_users.claimable(connection, installation.id, now, limit=most)
        if trouble is not None:
            claimed = [_unblamed(user, trouble, now) for user in claimed]
        part = Preparing(
            connection,
            installation,
            self.parts.clock,
            now,
            free=free,
            is_asking=installation.id in self._asking,
        )
        wait_s = part.prepare(claimed, prepared)
        if wait_s:
            # A little less than the rows wait that were put off: at their time it must be over.
            pause_s = min(wait_s, LONGEST_IDLE_S) - LEAST_PAUSE_S / 10
            self._short_of_quota[installation.id] = self.parts.clock.monotonic() + pause_s

    def _free(
        self, installation: Installation, trouble: Direction | None, prepared: Prepared, now: int
    ) -> int:
        """How many calls may be begun for one installation."""
        free = self.size - self._under_way.total() - len(prepared.calls)
        if trouble is None or not trouble.is_paused:
            return free
        is_probing = self._under_way[installation.id] or any(
            call.installation.id == installation.id for call in prepared.calls
        )
        return 0 if is_probing or trouble.probe_at > now else min(free, 1)

    def _in_turn(self, due: Sequence[int], known: Mapping[int, Installation]) -> list[Installation]:
        """Installations, another one first each time."""
        here = [known[number] for number in due if number in known]
        if not here:
            return []
        self._turn = (self._turn + 1) % len(here)
        return here[self._turn :] + here[: self._turn]

    def _claim_resends(self, connection: Connection, now: int) -> int:
        """A minute after an unknown outcome the same goes once more: an older write may have landed last."""
        hold = timedelta(seconds=LEASE_S)
        due = waits.claim_due(connection, (RESEND,), from_micros(now), hold=hold, limit=MOST_WAITS)
        for wait in due:
            self._owe_again(connection, wait, now)
            waits.end(connection, wait)
        return len(due)

    def _owe_again(self, connection: Connection, wait: Wait, now: int) -> None:
        for user in zendesk_users.locked(connection, wait.installation_id, [wait.number]).values():
            doubted = user.doubting(name for name in wait.detail if name in user.known)
            due_at = max(now, user.not_before)
            zendesk_users.save(connection, [replace(user, known=doubted, owed=True, due_at=due_at)])

    def _call(self, call: AnyCall) -> None:
        self._results.append(make(self.parts.remotes, call, self.parts.clock))
        self.wake.set()

    def _now(self, connection: Connection) -> int:
        return to_micros(database_now(connection, self.parts.clock))

    def _idle_s(self) -> float:
        """How long nothing can become due without somebody calling `wake`."""
        try:
            with self.parts.ledger.reading() as connection:
                now = database_now(connection, self.parts.clock)
                push_at = zendesk_users.next_due(connection, to_micros(now))
                wait_at = waits.next_due(connection, KINDS)
        except Unavailable:
            return LONGEST_IDLE_S
        due = [moment for moment in (wait_at, push_at and from_micros(push_at)) if moment]
        until_s = (min(due) - now).total_seconds() if due else LONGEST_IDLE_S
        return BLOCKED_S if until_s <= 0 else min(LONGEST_IDLE_S, max(LEAST_PAUSE_S, until_s))


def _due(connection: Connection, troubled: Mapping[int, Direction], now: int) -> list[int]:
    """The installations with somebody to push to now, but for paused ones and those nobody may try."""
    standing = pauses.standing(connection)
    return [
        one
        for one in zendesk_users.installations_due(connection, now)
        if not standing.hold(one, LANE) and not (one in troubled and troubled[one].keeps_back(now))
    ]


def _asks_fields(call: AnyCall) -> bool:
    return isinstance(call, Push) and isinstance(call.step, AskFields)


def _unblamed(user: ZendeskUser, trouble: Direction, now: int) -> ZendeskUser:
    """While nobody gets through, each tries again within about a minute, and nobody is blamed for it."""
    since = None if trouble.is_lasting(now) else user.failing_since
    return replace(user, failures=min(user.failures, MOST_IN_TROUBLE), failing_since=since)
