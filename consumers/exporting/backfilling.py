"""A backfill: all users and tickets of an account through the exports, then its customers to the pusher.

Wherever it is stopped, it goes on: each page is kept together with the place of the next one, each group of
customers handed over together with the number of the last of them. One process does it at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.allowance import EXPORTS, Allowance
from bridge.clock import from_micros, to_micros
from bridge.deciding.steps import SAILTHRU, SAILTHRU_POST
from bridge.errors import BadSettings, TryLater
from bridge.facts import Fact
from bridge.ledger import backfills, directions, exports, passes, quotas
from bridge.ledger.backfills import CUSTOMERS, DONE, TICKETS, USERS, Backfill
from bridge.ledger.exports import BACKFILL, Walk
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import database_now
from consumers.exporting import stating
from consumers.exporting.keeping import keep_backfilled
from consumers.exporting.paging import Overtaken, keep_page, turn
from consumers.exporting.reconciling import await_grant
from consumers.exporting.releasing import MOST_LOOKED_AT, Released, Room, release
from consumers.parts import Parts
from consumers.verdicts import RATE_LIMITED, wait_s

NEXT_STAGE = {USERS: TICKETS, TICKETS: CUSTOMERS, CUSTOMERS: DONE}
MOST_WAITING = 128  # customers who wait for a push at once: what happens now stands behind no more of them
LEASE = timedelta(minutes=3)  # longer than a page takes to be read
LONGEST_PAUSE_S = 60.0
PAUSE_S = 0.1
GROUP_S = 0.2
THE_BEGINNING = 1_000_000  # of the epoch's second second: before any account


@dataclass(frozen=True)
class Progress:
    """How far it is: records read, customers handed over and left; `trouble` is what it waits for, if any."""

    stage: str
    users: int = 0
    tickets: int = 0
    strange: int = 0
    released: int = 0
    unchanged: int = 0
    left: int = 0
    trouble: str = ""


def begin(
    connection: Connection, installation_id: int, *, since: datetime | None, anew: bool, now: datetime
) -> Backfill:
    """The backfill to go on with, or a new one. Raises `BadSettings` when another `since` is under way."""
    before = backfills.one(connection, installation_id)
    from_micros_on = 0 if since is None else to_micros(since)
    if before is not None and not before.is_done and not anew:
        if since is not None and before.since != from_micros_on:
            raise BadSettings(
                ["a backfill from another time is under way: go on without --since, or add --anew"]
            )
        return before
    run = before.run + 1 if before is not None else 1
    begun = Backfill(installation_id, run, USERS, from_micros_on, started_at=to_micros(now))
    start = max(from_micros_on, THE_BEGINNING)
    exports.begin(connection, [Walk(installation_id, BACKFILL, kind, start) for kind in (USERS, TICKETS)])
    backfills.put(connection, begun)
    return begun


@dataclass
class Backfilling:
    """One process's work on the backfill of one installation; `told` hears how far it is."""

    parts: Parts
    installation: Installation
    holder: str
    stop: threading.Event
    told: Callable[[Progress], None] = lambda _: None
    _failures: int = 0
    _left: int | None = None
    _is_quiet: bool = False  # the last customers had nothing new
    _trouble: str = field(default="")

    def run(self) -> Backfill:
        """Go on until it is done or `stop` is set. Raises `Overtaken` while another process does it."""
        self._take()
        steps = {USERS: self._read, TICKETS: self._read, CUSTOMERS: self._release}
        backfill = self._standing()
        while not backfill.is_done and not self.stop.is_set():
            steps[backfill.stage](backfill)
            backfill = self._standing()
        return backfill

    def await_pushes(self, most_s: float) -> bool:
        """Wait until nobody waits for a push any more; False when none was made for `most_s` seconds."""
        before, since = -1, self.parts.clock.monotonic()
        while not self.stop.is_set():
            waiting = self._waiting()
            if not waiting:
                return True
            if waiting != before:
                before, since = waiting, self.parts.clock.monotonic()
            elif self.parts.clock.monotonic() - since > most_s:
                return False
            self.stop.wait(PAUSE_S)
        return False

    def _standing(self) -> Backfill:
        with self.parts.ledger.reading() as connection:
            found = backfills.one(connection, self.installation.id)
            walks = {one.kind: one for one in exports.walks(connection, self.installation.id, BACKFILL)}
        if found is None:
            raise Overtaken  # the installation was removed
        self.told(
            Progress(
                found.stage,
                users=walks[USERS].records,
                tickets=walks[TICKETS].records,
                strange=sum(one.strange for one in walks.values()),
                released=found.released,
                unchanged=found.unchanged,
                left=self._left or 0,
                trouble=self._trouble,
            )
        )
        return found

    def _read(self, backfill: Backfill) -> None:
        """The next page of the export of this stage; with the last one the next stage begins."""
        await_grant(self.parts, self.installation, self.stop)
        if self.stop.is_set():
            return
        with self.parts.ledger.reading() as connection:
            walk = exports.walk(connection, self.installation.id, BACKFILL, backfill.stage)
        assert walk is not None
        try:
            turned = turn(self.parts.remotes.zendesk(self.installation), walk)
        except TryLater as error:
            self._pause(error)
            return
        self._failures, self._trouble = 0, ""

        def keep(connection: Connection, stated: Sequence[Fact]) -> None:
            self._hold(connection)
            now = self.parts.clock.now()
            are_users = backfill.stage == USERS
            gone = self.parts.directory.forgotten
            key = (connection, self.installation.id)
            keep_backfilled(*key, stated, now, are_users=are_users, forgotten=gone)

        keep_page(self.parts.ledger, walk, turned, keep)
        if turned.after.is_ended:
            self._move_on(backfill)

    def _pause(self, error: TryLater) -> None:
        after_s = max(error.after_s or 0.0, min(LONGEST_PAUSE_S, wait_s(self._failures)))
        self._failures += 1
        self._trouble = f"{error}; trying again in {after_s:.0f} s"
        if error.reason == RATE_LIMITED:
            with self.parts.ledger.writing() as connection:
                until = self.parts.clock.now() + timedelta(seconds=after_s)
                quotas.hold(connection, self.installation.id, EXPORTS, until)
        self._standing()
        self.stop.wait(after_s)

    def _move_on(self, backfill: Backfill) -> None:
        now = to_micros(self.parts.clock.now())
        stage = NEXT_STAGE[backfill.stage]
        after = replace(backfill, stage=stage, finished_at=now if stage == DONE else None)
        with self.parts.ledger.writing() as connection:
            self._hold(connection)
            backfills.put(connection, after)

    def _release(self, backfill: Backfill) -> None:
        """Hand over as many customers as may go now."""
        if self._left is None:
            self._count(backfill)
        released = self._released(backfill)
        if released is None:
            self.stop.wait(PAUSE_S)
            return
        self._is_quiet = not released.count
        gone = (
            released.backfill.released + released.backfill.unchanged - backfill.released - backfill.unchanged
        )
        self._left = max(0, (self._left or 0) - gone)
        if released.is_last:
            self._move_on(released.backfill)
        elif released.count:
            # The pusher needs the ledger more: a few large groups instead of many small ones.
            self.stop.wait(GROUP_S)

    def _released(self, backfill: Backfill) -> Released | None:
        """The next group, handed over; None while there is no room for any."""
        with self.parts.ledger.writing() as connection:
            self._hold(connection)
            most = self._room(connection)
            if not most:
                return None
            released = release(
                connection,
                (self.installation.id, self.installation.name),
                backfill,
                self.parts.clock.now(),
                listed_at=self._listed_at(connection),
                room=Room(most, MOST_LOOKED_AT if self._is_quiet else most),
            )
            backfills.put(connection, released.backfill)
            return released

    def _room(self, connection: Connection) -> int:
        now = to_micros(database_now(connection, self.parts.clock))
        waiting = backfills.due_now(connection, self.installation.id, now, most=MOST_WAITING)
        trouble = directions.troubled(connection, SAILTHRU).get(self.installation.id)
        is_away = trouble is not None and trouble.is_paused
        self._trouble = f"Sailthru: {trouble.reason}; waiting" if trouble and is_away else ""
        if is_away or waiting >= MOST_WAITING:
            return 0
        allowance = Allowance(connection, self.installation, self.parts.clock)
        return allowance.take_for_backfill(SAILTHRU_POST, MOST_WAITING - waiting).calls

    def _listed_at(self, connection: Connection) -> datetime:
        walk = exports.walk(connection, self.installation.id, BACKFILL, TICKETS)
        assert walk is not None
        assert walk.sent_at is not None
        return from_micros(walk.sent_at) - stating.LEFT_OUT

    def _count(self, backfill: Backfill) -> None:
        with self.parts.ledger.reading() as connection:
            self._left = backfills.customers_left(connection, self.installation.id, backfill.released_to)

    def _waiting(self) -> int:
        with self.parts.ledger.reading() as connection:
            now = to_micros(database_now(connection, self.parts.clock))
            return backfills.due_now(connection, self.installation.id, now, most=10 * MOST_WAITING)

    def _take(self) -> None:
        with self.parts.ledger.writing() as connection:
            passes.let_go_of_dead(connection, self._lease)
            self._hold(connection)

    def _hold(self, connection: Connection) -> None:
        """Keep the lease in the transaction of what is written under it."""
        now = database_now(connection, self.parts.clock)
        if not passes.hold(connection, self._lease, self.holder, until=now + LEASE, now=now):
            raise Overtaken

    def let_go(self) -> None:
        """Another process may go on at once."""
        with self.parts.ledger.writing() as connection:
            passes.let_go(connection, self._lease, self.holder)

    @property
    def _lease(self) -> str:
        return f"backfill/{self.installation.id}"
