"""The reconcile pass: what changed in Zendesk since the last one, read again, whether or not an event told.

Deliveries are lost, throttled, or never sent at all (merged tickets). The exports list every record that
changed, so the same facts come of them a few minutes later. Each installation has its turn at a moment of its
own; the walks through its two exports are waits, and so are held by one process at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from bridge.allowance import EXPORTS, Allowance
from bridge.clock import Clock, to_micros
from bridge.deciding.steps import ZENDESK
from bridge.directory import Directory
from bridge.facts import Fact
from bridge.ledger import dead, exports, waits
from bridge.ledger.exports import RECONCILE, Walk
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.quotas import Grant
from bridge.ledger.waits import Wait
from consumers.answers import Asked
from consumers.asking import Asking
from consumers.exporting.keeping import keep_reconciled
from consumers.exporting.paging import OVERLAP, Overtaken, begun_anew, keep_page, turn
from consumers.parts import Parts
from consumers.sources import Source
from consumers.turns import next_turn
from schemas.zendesk_exports import TICKETS, USERS

KIND = "reconcile"  # of the waits; their subjects are the two exports
KINDS = (USERS, TICKETS)
HOLD = timedelta(seconds=150)  # longer than a page takes to be read and kept
SCHEDULE_EVERY_S = 30.0
READS_AT_ONCE = 8
PAUSE_S = 0.5


@dataclass
class Found:
    """What a pass came to: how many records it looked at, and in which fields whom no event had told of."""

    examined: int = 0
    drift: dict[int, set[str]] = field(default_factory=dict)

    def add(self, drift: dict[int, set[str]]) -> None:
        for number, fields in drift.items():
            self.drift.setdefault(number, set()).update(fields)


def source(every: timedelta) -> Source:
    """What a reader needs to do these passes."""
    return Source(ZENDESK, (KIND,), partial(_askings, every=every), _grant, most=4 * READS_AT_ONCE, hold=HOLD)


@dataclass
class Schedule:
    """The clock's pass that gives every installation its turn."""

    ledger: Ledger
    directory: Directory
    clock: Clock
    every: timedelta

    def step(self) -> int:
        """Let those wait for their next turn that do not yet; how many."""
        now = self.clock.now()
        with self.ledger.reading() as connection:
            waiting = waits.subjects_of(connection, KIND)
        known = {one.id for one in self.directory.all()}
        missing = sorted(known - {number for number, _ in waiting})
        for number in missing:
            with self.ledger.writing() as connection:
                begin_missing(connection, number, now)
                waits.add(connection, [_wait(number, kind, self.every, now) for kind in KINDS])
        return len(missing)


def begin_missing(connection: Connection, installation_id: int, now: datetime) -> None:
    """An installation's first walks begin a little before it was first met here."""
    known = {one.kind for one in exports.walks(connection, installation_id, RECONCILE)}
    since = to_micros(now - OVERLAP)
    new = [Walk(installation_id, RECONCILE, kind, since) for kind in KINDS if kind not in known]
    exports.begin(connection, new)


def _wait(installation_id: int, kind: str, every: timedelta, now: datetime) -> Wait:
    due_at = next_turn(installation_id, KINDS.index(kind), every, now)
    return Wait(installation_id, kind, KIND, due_at=due_at, since=now)


def _askings(
    _connection: Connection,
    parts: Parts,
    installation: Installation,
    due: Sequence[Wait],
    *,
    every: timedelta,
) -> list[Asking]:
    question = partial(_ask, every=every)
    return [Asking(Asked(parts, installation, (wait,)), question, EXPORTS) for wait in due]


def _grant(allowance: Allowance, planned: Sequence[Asking]) -> Grant:
    return allowance.take_for_export(len(planned))


def _ask(asked: Asked, *, every: timedelta) -> None:
    """Read one page; the walk waits on for the next one, or for its next turn."""
    (wait,) = asked.waits
    try:
        is_ended = read_page(asked.parts, asked.installation, wait.subject, Found())
    except Overtaken:
        is_ended = False
    now = asked.parts.clock.now()
    due_at = _wait(asked.installation.id, wait.subject, every, now).due_at if is_ended else now
    with asked.parts.ledger.writing() as connection:
        waits.put_off(connection, wait, due_at, tries=0)
        dead.close_type(connection, asked.installation.id, f"read.{KIND}")


def read_page(parts: Parts, installation: Installation, kind: str, found: Found) -> bool:
    """Read and keep the next page of one export; whether it was the last one. Counts into `found`.

    Raises `Overtaken`, and what calls to Zendesk raise.
    """
    now = parts.clock.now()
    with parts.ledger.reading() as connection:
        stored = exports.walk(connection, installation.id, RECONCILE, kind)
    if stored is None:
        with parts.ledger.writing() as connection:
            begin_missing(connection, installation.id, now)
        return False
    turned = turn(parts.remotes.zendesk(installation), begun_anew(stored) if stored.is_ended else stored)

    def keep(connection: Connection, stated: Sequence[Fact]) -> None:
        key = (installation.id, installation.name)
        gone = parts.directory.forgotten
        now = parts.clock.now()
        found.add(keep_reconciled(connection, key, stated, now, parts.patience, forgotten=gone))

    keep_page(parts.ledger, stored, turned, keep)
    found.examined += turned.after.records - stored.records
    return turned.after.is_ended


def reconcile_now(parts: Parts, installation: Installation, every: timedelta, stop: threading.Event) -> Found:
    """One whole pass over both exports, now and inside the quota; ends early when `stop` is set."""
    found = Found()
    for kind in KINDS:
        is_ended = False
        while not is_ended and not stop.is_set():
            await_grant(parts, installation, stop)
            is_ended = _read_held(parts, installation, kind, every, found)
    return found


def _read_held(parts: Parts, installation: Installation, kind: str, every: timedelta, found: Found) -> bool:
    """Read a page if no other process reads this export just now; whether it was the last one."""
    wait = _take(parts, installation.id, kind, every)
    if wait is None:
        return False
    due_at = parts.clock.now()
    try:
        is_ended = read_page(parts, installation, kind, found)
        due_at = _wait(installation.id, kind, every, due_at).due_at if is_ended else due_at
    except Overtaken:
        is_ended = False
    finally:
        with parts.ledger.writing() as connection:
            waits.put_off(connection, wait, due_at)
    return is_ended


def _take(parts: Parts, installation_id: int, kind: str, every: timedelta) -> Wait | None:
    now = parts.clock.now()
    with parts.ledger.writing() as connection:
        if waits.of(connection, installation_id, kind, KIND) is None:
            begin_missing(connection, installation_id, now)
            waits.add(connection, [_wait(installation_id, kind, every, now)])
        return waits.take(connection, installation_id, kind, KIND, now, hold=HOLD)


def await_grant(parts: Parts, installation: Installation, stop: threading.Event) -> None:
    """Returns when one page of an export may be read, or `stop` is set."""
    while not stop.is_set():
        with parts.ledger.writing() as connection:
            parts.rates.write(connection)
            grant = Allowance(connection, installation, parts.clock).take_for_export(1)
        if grant.calls:
            return
        stop.wait(min(PAUSE_S, max(0.02, grant.wait_s)))
