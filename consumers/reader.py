"""Reads in Zendesk what events only hint at: customers seen for the first time, tickets, what is in doubt.

Every reading waits in the ledger until it is kept, so a crash forgets none; a wait is held by one reader.
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bridge import metrics
from bridge.clock import Clock, to_micros
from bridge.customer import NOT_IN_ZENDESK, Customer
from bridge.directory import Directory
from bridge.errors import BadCredentials, BridgeError, Refused, TryLater, Unavailable
from bridge.facts import ROLE, Fact
from bridge.ledger import customers, directions, events, waits
from bridge.ledger.directions import Direction
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.waits import Wait
from bridge.remotes.accounts import Remotes
from bridge.remotes.zendesk import MOST_USERS, Zendesk
from consumers import records
from consumers.parts import Parts
from consumers.keeping import keep_reading
from consumers.projection import END_USER
from consumers.quota import Allowance, RateNotes
from consumers.verdicts import PROBE_S, wait_s
from schemas.zendesk_records import TicketRecord

log = structlog.get_logger(__name__)

KINDS = ("user", "tickets", "ticket")
HOLD = timedelta(seconds=45)  # longer than a call can take
LAGGING = timedelta(seconds=2)
MOST_LAGGING = 5
ASK_AGAIN_S = (2.0, 10.0, 60.0)  # after a 404: replicas lag, and test deliveries carry invented ids
LONGEST_IDLE_S = 0.5


@dataclass
class Reader:
    """One process's reader. `step` is called by one thread; `pool` makes the calls."""

    parts: Parts
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
                self.wake.wait(LONGEST_IDLE_S)
            self.wake.clear()

    def step(self) -> int:
        """Make the calls that are due and for which there is quota; how many."""
        calls = self._claim()
        for future in [self.pool.submit(call.make) for call in calls]:
            future.result()
        if calls:
            self.kept()
        return len(calls)

    def _claim(self) -> list[_Call]:
        calls: list[_Call] = []
        with self.parts.ledger.writing() as connection:
            now = self.parts.clock.now()
            self.parts.rates.write(connection)
            troubled = directions.troubled(connection, "zendesk")
            due = waits.claim_due(connection, KINDS, now, hold=HOLD, limit=400)
            for installation_id, group in _grouped(due):
                installation = self.parts.directory.by_id(installation_id)
                trouble = troubled.get(installation_id)
                if installation is None:
                    continue
                planned = _calls(self.parts, installation, group)
                if trouble is not None and trouble.probe_at > to_micros(now):
                    granted, wait_for_s = 0, (trouble.probe_at - to_micros(now)) / 1_000_000
                else:
                    granted, wait_for_s = self._granted(
                        Allowance(connection, installation, self.parts.clock), planned
                    )
                calls += planned[:granted]
                for call in planned[granted:]:
                    for wait in call.waits:
                        waits.put_off(connection, wait, now + timedelta(seconds=max(0.05, wait_for_s)))
        return calls

    def _granted(self, allowance: Allowance, planned: list[_Call]) -> tuple[int, float]:
        """How many of the calls may be made. Known customers come first: `planned` begins with theirs."""
        known = [call for call in planned if not call.is_sight]
        first = allowance.take("zendesk", len(known)) if known else None
        if first is not None and first.calls < len(known):
            return first.calls, first.wait_s
        sights = len(planned) - len(known)
        second = allowance.take_for_sight(sights) if sights else None
        return len(known) + (second.calls if second else 0), second.wait_s if second else 0.0


@dataclass
class _Call:
    """One call to Zendesk for one or several waits, and what is kept of its answer."""

    parts: Parts
    installation: Installation
    waits: tuple[Wait, ...]
    is_sight: bool
    read: Callable[[_Call, Zendesk], None]

    def make(self) -> None:
        began = self.parts.clock.monotonic()
        told = "ok"
        try:
            self.read(self, self.parts.remotes.zendesk(self.installation))
            self._answers()
        except Unavailable:
            return  # the waits are held for a while, and then read again
        except Exception as error:  # noqa: BLE001 - the boundary of a reading: the unforeseen is tried again too
            told = _told(error)
            self._failed(error)
        metrics.count_remote_request("zendesk", told, seconds=self.parts.clock.monotonic() - began)

    def _answers(self) -> None:
        with self.parts.ledger.reading() as connection:
            is_troubled = self.installation.id in directions.troubled(connection, "zendesk")
        if is_troubled:
            with self.parts.ledger.writing() as connection:
                directions.clear(connection, self.installation.id, "zendesk")

    def _failed(self, error: Exception) -> None:
        now = self.parts.clock.now()
        is_bug = not isinstance(error, BridgeError)
        log.log(
            40 if is_bug else 20,
            "A reading in Zendesk failed; it is tried again.",
            action="read_zendesk",
            outcome="later",
            installation=self.installation.name,
            error=str(error) if not is_bug else type(error).__name__,
            exc_info=error if is_bug else None,
        )
        after_s = max(_after_s(error), wait_s(max(wait.tries for wait in self.waits)))
        with self.parts.ledger.writing() as connection:
            for wait in self.waits:
                due_at = now + timedelta(seconds=after_s)
                waits.put_off(connection, wait, due_at, tries=wait.tries + 1)
            self._note_trouble(connection, error, now)

    def _note_trouble(self, connection: Connection, error: Exception, now: datetime) -> None:
        if not isinstance(error, (BadCredentials, TryLater)):
            return
        standing = directions.troubled(connection, "zendesk").get(self.installation.id)
        failures = (standing.failures if standing else 0) + 1
        is_halted = isinstance(error, BadCredentials)
        is_paused = is_halted or failures >= directions.FAILURES_TO_PAUSE
        pause_s = PROBE_S if is_halted else min(PROBE_S, _after_s(error) or wait_s(failures))
        directions.put(
            connection,
            Direction(
                self.installation.id,
                "zendesk",
                directions.HALTED if is_halted else directions.DOWN,
                str(error),
                since=standing.since if standing else to_micros(now),
                failures=failures,
                probe_at=to_micros(now + timedelta(seconds=pause_s if is_paused else 0)),
            ),
        )


def _calls(parts: Parts, installation: Installation, due: Sequence[Wait]) -> list[_Call]:
    """The calls that read these: users a hundred at a time, the rest one by one; known customers first."""
    with parts.ledger.reading() as connection:
        seen = {
            wait.subject: customers.one(connection, installation.id, wait.number)
            for wait in due
            if wait.kind != "ticket"
        }
    is_sight = {subject: one is None or one.seen_at is None for subject, one in seen.items()}
    calls = [
        _Call(parts, installation, tuple(some), is_first, _read_users)
        for is_first in (False, True)
        for some in _hundreds(
            wait for wait in due if wait.kind == "user" and is_sight[wait.subject] == is_first
        )
    ]
    calls += [
        _Call(parts, installation, (wait,), False, _read_ticket) for wait in due if wait.kind == "ticket"
    ]
    calls += [
        _Call(parts, installation, (wait,), is_sight[wait.subject], _read_tickets)
        for wait in due
        if wait.kind == "tickets"
    ]
    return sorted(calls, key=lambda call: call.is_sight)


def _read_users(call: _Call, zendesk: Zendesk) -> None:
    reading = zendesk.users([wait.number for wait in call.waits])
    found = {record.id: record for record in reading.value}
    reading_id = _new_id()
    stated: list[Fact] = []
    read: list[int] = []
    missing: list[Wait] = []
    for wait in call.waits:
        record = found.get(wait.number)
        if record is None:
            missing.append(wait)
        elif (at := _dated(wait, record.updated_at, reading.sent_at)) is None:
            _lag(call, wait)
        else:
            stated += records.user_facts(record, at, reading_id)
            read.append(wait.number)
    _keep_users(call, stated, read)
    for wait in missing:
        _not_there(call, wait, reading.sent_at)


def _keep_users(call: _Call, stated: Sequence[Fact], read: Sequence[int]) -> None:
    if not read:
        return
    now = call.parts.clock.now()
    staff = {fact.zendesk_id for fact in stated if fact.field == ROLE and fact.value != END_USER}
    with call.parts.ledger.writing() as connection:
        keep_reading(connection, call.installation.id, stated, now, read=read)
        held = customers.locked(connection, call.installation.id, read)
        customers.save(
            connection, [replace(one, read_at=one.read_at or to_micros(now)) for one in held.values()]
        )
        for wait in call.waits:
            if wait.number in read:
                waits.end(connection, wait)
            if wait.number in staff:
                # Their tickets are no concern of ours.
                _end_tickets(connection, call.installation.id, wait.subject)


def _end_tickets(connection: Connection, installation_id: int, subject: str) -> None:
    for wait in waits.of_subject(connection, installation_id, subject):
        if wait.kind == "tickets":
            waits.end(connection, wait)


def _read_tickets(call: _Call, zendesk: Zendesk) -> None:
    """One page of a user's tickets. The list stands, and the customer is seen, with the last one."""
    wait = call.waits[0]
    page = zendesk.tickets_of(wait.number, wait.detail.get("after"))
    if page is None:
        _no_tickets(call, wait)
        return
    reading_id = _new_id()
    stated: list[Fact] = [records.ticket_fact(one, page.sent_at, reading_id) for one in page.value.items]
    ids = [*wait.detail.get("ids", ()), *(one.id for one in page.value.items if _counts(one))]
    first_at = wait.detail.get("first_at") or page.sent_at.isoformat()
    if page.value.after is None:
        _keep_last_page(call, stated, ids, datetime.fromisoformat(first_at), reading_id)
        return
    now = call.parts.clock.now()
    detail = {**wait.detail, "after": page.value.after, "ids": ids, "first_at": first_at}
    with call.parts.ledger.writing() as connection:
        keep_reading(connection, call.installation.id, stated, now)
        waits.put_off(connection, wait, now, detail=detail)


def _keep_last_page(
    call: _Call, stated: Sequence[Fact], ids: Sequence[int], first_at: datetime, reading_id: str
) -> None:
    wait, now = call.waits[0], call.parts.clock.now()
    listed = records.complete_list(wait.number, ids, first_at, reading_id)
    with call.parts.ledger.writing() as connection:
        keep_reading(connection, call.installation.id, [*stated, listed], now, read=[wait.number])
        held = customers.locked(connection, call.installation.id, [wait.number])
        customers.save(
            connection, [replace(one, seen_at=one.seen_at or to_micros(now)) for one in held.values()]
        )
        waits.end(connection, wait)


def _no_tickets(call: _Call, wait: Wait) -> None:
    """No such user: whoever asks for the user itself decides what that means."""
    with call.parts.ledger.writing() as connection:
        if wait.tries < len(ASK_AGAIN_S):
            due_at = call.parts.clock.now() + timedelta(seconds=ASK_AGAIN_S[wait.tries])
            waits.put_off(connection, wait, due_at, tries=wait.tries + 1)
        else:
            waits.end(connection, wait)


def _read_ticket(call: _Call, zendesk: Zendesk) -> None:
    wait, now = call.waits[0], call.parts.clock.now()
    reading = zendesk.ticket(wait.number)
    if reading is None:
        _not_there(call, wait, now)
        return
    at = _dated(wait, reading.value.updated_at, reading.sent_at)
    if at is None:
        _lag(call, wait)
        return
    fact = records.ticket_fact(reading.value, at, _new_id())
    with call.parts.ledger.writing() as connection:
        keep_reading(connection, call.installation.id, [fact], now)
        if fact.zendesk_id is not None:
            one = customers.locked(connection, call.installation.id, [fact.zendesk_id])[fact.zendesk_id]
            events.adopt(connection, call.installation.id, wait.subject, fact.zendesk_id, one.wanted)
            _look_again(connection, one, to_micros(now))
        waits.end(connection, wait)


def _look_again(connection: Connection, customer: Customer, now: int) -> None:
    """Events that only hinted are applied by the next look at their customer, even if nothing changed."""
    if not customer.owed:
        customers.save(connection, [replace(customer, owed=True, due_at=max(now, customer.not_before))])


def _dated(wait: Wait, updated_at: datetime | None, sent_at: datetime) -> datetime | None:
    """When the reading counts as made; None when it came from a lagging replica and is to be repeated.

    One that lags to the end still tells what it knows, as of the time it was true.
    """
    named = wait.detail.get("at_least")
    if named is None or updated_at is None or updated_at >= datetime.fromisoformat(named):
        return sent_at
    return updated_at if wait.detail.get("lagged", 0) >= MOST_LAGGING else None


def _lag(call: _Call, wait: Wait) -> None:
    detail = {**wait.detail, "lagged": wait.detail.get("lagged", 0) + 1}
    with call.parts.ledger.writing() as connection:
        waits.put_off(connection, wait, call.parts.clock.now() + LAGGING, detail=detail)


def _not_there(call: _Call, wait: Wait, at: datetime) -> None:
    """Zendesk has no such record: asked again three times, then believed."""
    now = call.parts.clock.now()
    with call.parts.ledger.writing() as connection:
        if wait.tries < len(ASK_AGAIN_S):
            due_at = now + timedelta(seconds=ASK_AGAIN_S[wait.tries])
            waits.put_off(connection, wait, due_at, tries=wait.tries + 1)
            return
        waits.end(connection, wait)
        if wait.kind == "ticket":
            gone = records.ticket_is_gone(wait.number, at, _new_id())
            keep_reading(connection, call.installation.id, [gone], now)
            events.end_subject(connection, call.installation.id, wait.subject, "not in Zendesk")
            return
        known = customers.locked(connection, call.installation.id, [wait.number]).get(wait.number)
        if known is not None and known.read_at is not None:
            gone_user = records.user_is_gone(wait.number, at, _new_id())
            keep_reading(connection, call.installation.id, gone_user, now, read=[wait.number])
        elif known is not None:
            _give_up(connection, replace(known, state=NOT_IN_ZENDESK, owed=False, owed_at=None))


def _give_up(connection: Connection, customer: Customer) -> None:
    customers.save(connection, [customer])
    events.finish(
        connection,
        customer.installation_id,
        customer.zendesk_id,
        outcome=events.IGNORED,
        reason="not in Zendesk",
    )


def _counts(ticket: TicketRecord) -> bool:
    return ticket.status != "deleted"


def _hundreds(due: Iterable[Wait]) -> list[list[Wait]]:
    every = list(due)
    return [every[start : start + MOST_USERS] for start in range(0, len(every), MOST_USERS)]


def _grouped(due: Sequence[Wait]) -> list[tuple[int, list[Wait]]]:
    groups: dict[int, list[Wait]] = defaultdict(list)
    for wait in due:
        groups[wait.installation_id].append(wait)
    return sorted(groups.items())


def _after_s(error: Exception) -> float:
    return error.after_s or 0.0 if isinstance(error, TryLater) else 0.0


def _told(error: Exception) -> str:
    if isinstance(error, (TryLater, Refused)):
        return error.reason
    return "bad_credentials" if isinstance(error, BadCredentials) else "bug"


def _new_id() -> str:
    return f"reading:{uuid.uuid4()}"
