"""Reads what events only hint at: in Zendesk customers seen for the first time, tickets, what is in doubt; in
Sailthru the profiles of linked customers.

Every reading waits in the ledger until it is kept, so a crash forgets none; a wait is held by one reader.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from bridge.allowance import Allowance
from bridge.clock import to_micros
from bridge.errors import Unavailable
from bridge.ledger import directions, pauses, waits
from bridge.ledger.directions import Direction
from bridge.ledger.installations import Installation
from bridge.ledger.quotas import Grant
from bridge.ledger.waits import Wait
from consumers.asking import Asking
from consumers.parts import Parts
from consumers.sources import Source

MOST_CALLS = 16  # of one installation in one step: whoever stops or is told of new waits is heard soon
LEAST_PAUSE_S = 0.05
PAUSED = timedelta(seconds=1)  # what is paused looks again so soon whether it may go on
LONGEST_IDLE_S = 0.5


@dataclass
class Reader:
    """One process's reader of one system. `step` is called by one thread; `pool` makes the calls."""

    parts: Parts
    source: Source
    pool: Executor
    kept: Callable[[], None] = lambda: None
    wake: threading.Event = field(default_factory=threading.Event)

    def run(self, stop: threading.Event) -> None:
        """Read what is due until told to stop."""
        while not stop.is_set():
            try:
                is_busy = bool(self.step())
            except Unavailable:
                is_busy = False
            if not is_busy:
                self.wake.wait(self._idle_s())
            self.wake.clear()

    def _idle_s(self) -> float:
        """How long nothing can become due without somebody calling `wake`."""
        try:
            with self.parts.ledger.reading() as connection:
                due_at = waits.next_due(connection, self.source.kinds)
        except Unavailable:
            return LONGEST_IDLE_S
        if due_at is None:
            return LONGEST_IDLE_S
        until_s = (due_at - self.parts.clock.now()).total_seconds()
        return min(LONGEST_IDLE_S, max(LEAST_PAUSE_S, until_s))

    def step(self) -> int:
        """Make the calls that are due and for which there is quota; how many."""
        if not self._is_anything_due():
            return 0
        with self.parts.ledger.writing() as connection:
            self.parts.rates.write(connection)
            calls = self._due(connection)
        for future in [self.pool.submit(call.make) for call in calls]:
            future.result()
        if calls:
            self.kept()
        return len(calls)

    def _is_anything_due(self) -> bool:
        """Look before anything is written: this is asked after every batch, and writers stand in a queue."""
        with self.parts.ledger.reading() as connection:
            due_at = waits.next_due(connection, self.source.kinds)
        return due_at is not None and due_at <= self.parts.clock.now()

    def _due(self, connection: Connection) -> list[Asking]:
        now = self.parts.clock.now()
        troubled = directions.troubled(connection, self.source.system)
        # One kind after the other: a crowd of first sights never stands before what known customers wait for.
        claimed = [
            wait
            for kind in self.source.kinds
            for wait in waits.claim_due(
                connection, (kind,), now, hold=self.source.hold, limit=self.source.most
            )
        ]
        calls: list[Asking] = []
        standing = pauses.standing(connection) if self.source.lane else pauses.Pauses()
        for installation_id, group in _grouped(claimed):
            installation = self.parts.directory.known().get(installation_id)
            if standing.hold(installation_id, self.source.lane):
                self._hold_back(connection, group)
            elif installation is not None:
                calls += self._granted(connection, installation, group, troubled.get(installation_id))
        return calls

    def _hold_back(self, connection: Connection, group: Sequence[Wait]) -> None:
        """Paused: they wait as if they had come just now, so that nobody gives them up when they go on."""
        now = self.parts.clock.now()
        for wait in group:
            waits.put_off(connection, wait, now + PAUSED, since=now)

    def _granted(
        self,
        connection: Connection,
        installation: Installation,
        group: Sequence[Wait],
        trouble: Direction | None,
    ) -> list[Asking]:
        """The calls that may be made now; what the others would have ended waits on."""
        planned = self.source.askings(connection, self.parts, installation, group)
        grant = self._grant(Allowance(connection, installation, self.parts.clock), planned, trouble)
        now = self.parts.clock.now()
        due_at = now + timedelta(seconds=max(LEAST_PAUSE_S, grant.wait_s))
        for call in planned[grant.calls :]:
            for wait in call.asked.waits:
                waits.put_off(connection, wait, due_at)
        return planned[: grant.calls]

    def _grant(self, allowance: Allowance, planned: Sequence[Asking], trouble: Direction | None) -> Grant:
        """How many of the calls may be made."""
        now = to_micros(self.parts.clock.now())
        if trouble is not None and trouble.probe_at > now:
            return Grant(0, (trouble.probe_at - now) / 1_000_000)
        most = 1 if trouble is not None and trouble.is_paused else MOST_CALLS
        return self.source.grant(allowance, planned[:most])


def _grouped(due: Sequence[Wait]) -> list[tuple[int, list[Wait]]]:
    groups: dict[int, list[Wait]] = defaultdict(list)
    for wait in due:
        groups[wait.installation_id].append(wait)
    return sorted(groups.items())
