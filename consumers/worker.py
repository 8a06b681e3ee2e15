"""Takes events off the broker, keeps their facts, acknowledges them: loop, batch, error boundary."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bridge import metrics
from bridge.broker.contract import LANES, Consumer, Message
from bridge.clock import Clock, to_micros
from bridge.deciding.reading import ACTION, meaning, returned
from bridge.directory import Directory
from bridge.errors import Unavailable
from bridge.heartbeat import Pulse
from bridge.ledger import dead, waits
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.waits import Wait
from bridge.tracing import Tracing
from consumers import unreadable
from consumers.admitting import Meant
from consumers.keeping import Stirred, keep_events
from consumers.patience import PATIENT, Patience
from consumers.tracing import tell_kept
from consumers.verdicts import MOST_BUGS, wait_s
from schemas.errors import Unreadable
from schemas.event import Event, from_bytes

log = structlog.get_logger(__name__)

TAKE_WAIT_S = 0.5
LEDGER_PAUSE_S = 1.0


Begin = Callable[[Connection, Sequence[Installation]], None]
Joining = Callable[[], AbstractContextManager[Begin]]


def _joining_nobody() -> AbstractContextManager[Begin]:
    return nullcontext(lambda _connection, _installations: None)


@dataclass
class Worker:
    """One process's worker; `step` and `run` belong to one thread.

    `joining` begins pushes in the transaction that keeps their facts; `kept` tells the pusher of what was
    kept without it. Whoever else has work now is told with `stirred`, after the acknowledgement: one thread
    runs at a time, and the push comes first.
    """

    ledger: Ledger
    directory: Directory
    consumer: Consumer
    clock: Clock
    joining: Joining = _joining_nobody
    kept: Callable[[], None] = lambda: None
    stirred: Callable[[Stirred], None] = lambda _stirred: None
    patience: Patience = PATIENT
    pause: Callable[[float], bool] = threading.Event().wait
    pulse: Pulse = field(default_factory=Pulse)
    traces: Tracing | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop. What is in hand then goes back to the broker by itself."""
        self.pause = stop.wait
        while not stop.is_set():
            try:
                self.step(TAKE_WAIT_S)
                self.pulse.comes_round(self.clock.now())
            except Unavailable as error:
                self.pulse.lacks(error.part)
                log.warning("Waiting until it is back.", action="worker_waits", part=error.part)
                stop.wait(LEDGER_PAUSE_S)
        self.consumer.close()

    def step(self, wait_s: float) -> int:
        """Take what is there, keep it, acknowledge it; how many messages that were."""
        messages = self.consumer.take(wait_s)
        if messages:
            stirred = self._keep_patiently(messages)
            self.consumer.acknowledge(messages)
            self.stirred(stirred)
        return len(messages)

    def is_backlogged(self) -> bool:
        """Whether more is waiting than was taken."""
        return any(self.consumer.is_backlogged(lane) for lane in LANES)

    def _keep_patiently(self, messages: Sequence[Message]) -> Stirred:
        """While the ledger is away the batch stays in hand: given back, its deliveries would be counted."""
        while True:
            try:
                return self._keep(messages)
            except Unavailable:
                if self.pause(LEDGER_PAUSE_S):
                    raise

    def _keep(self, messages: Sequence[Message]) -> Stirred:
        try:
            return self._keep_together(messages, self.joining)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - one event in the batch is guilty; each is tried alone to find it
            stirred = Stirred()
            for message in messages:
                stirred.join(self._keep_alone(message))
            self.kept()
            return stirred

    def _keep_together(self, messages: Sequence[Message], joining: Joining) -> Stirred:
        stirred = Stirred()
        now = self.clock.now()
        batches = self._by_installation(messages)
        # A push is begun with the facts that cause it, and its call starts when they are committed.
        with joining() as begin, self.ledger.writing() as connection:
            for installation, batch in batches:
                gone = self.directory.forgotten
                stirred.join(
                    keep_events(connection, installation.id, batch, now, self.patience, forgotten=gone)
                )
            _close_letters(connection, messages, batches)
            begin(connection, [installation for installation, _ in batches])
        for installation, batch in batches:
            for one in batch:
                outcome = "dead" if one.event.type == "unreadable" else "kept"
                metrics.count_event(installation.name, type=one.event.type, outcome=outcome)
        if self.traces is not None:
            tell_kept(self.traces, batches, now, self.clock.now())
        return stirred

    def _by_installation(self, messages: Sequence[Message]) -> list[tuple[Installation, list[Meant]]]:
        """The events by installation. Those of one that was removed are nobody's any more."""
        groups: dict[str, list[Meant]] = defaultdict(list)
        for message in messages:
            event = from_bytes(message.body)
            meant = meaning(event)
            groups[event.installation].append(Meant(event, returned(meant) if message.is_returned else meant))
        found = [(self._installation(name), batch) for name, batch in sorted(groups.items())]
        return [(installation, batch) for installation, batch in found if installation is not None]

    def _installation(self, name: str) -> Installation | None:
        installation = self.directory.get(name) or self.directory.ask_now(name)
        if installation is None:
            log.warning(
                "An event of an unknown installation is passed over.", action="event_nobodys", name=name
            )
        return installation

    def _keep_alone(self, message: Message) -> Stirred:
        try:
            return self._keep_together([message], _joining_nobody)
        except Unavailable:
            raise
        except Unreadable as error:
            unreadable.bury(self.ledger, self.directory, message, error, self.clock)
        except Exception as error:
            log.exception("An event could not be kept.", action="event_failed", outcome="later")
            self._try_later(message, error)
        return Stirred()

    def _try_later(self, message: Message, error: Exception) -> None:
        """An unforeseen error: the event waits in the ledger, body and all, to be tried alone."""
        event = from_bytes(message.body)
        installation = self._installation(event.installation)
        if installation is None:
            return
        now = self.clock.now()
        wait = Wait(
            installation.id,
            f"event:{event.id}",
            "event",
            due_at=now + timedelta(seconds=wait_s(0)),
            since=now,
            tries=1,
            detail={"body": message.body.decode("ascii"), "error": type(error).__name__},
        )
        with self.ledger.writing() as connection:
            waits.add(connection, [wait])


@dataclass
class SecondTries:
    """Tries events again that failed to be kept, each alone, when their wait is over."""

    ledger: Ledger
    directory: Directory
    clock: Clock
    patience: Patience = PATIENT

    def step(self) -> int:
        """Try what is due; how many events that were."""
        now = self.clock.now()
        with self.ledger.writing() as connection:
            due = waits.claim_due(connection, ("event",), now, hold=timedelta(minutes=1), limit=20)
        for wait in due:
            self._try(wait, now)
        return len(due)

    def _try(self, wait: Wait, now: datetime) -> None:
        event = from_bytes(wait.detail["body"].encode("ascii"))
        try:
            with self.ledger.writing() as connection:
                batch, gone = [Meant(event, meaning(event))], self.directory.forgotten
                keep_events(connection, wait.installation_id, batch, now, self.patience, forgotten=gone)
                waits.end(connection, wait)
        except Unavailable:
            raise
        except Exception as error:
            log.exception("An event failed once more.", action="event_failed", attempt=wait.tries + 1)
            with self.ledger.writing() as connection:
                self._failed(connection, wait, event, error, now)

    def _failed(
        self, connection: Connection, wait: Wait, event: Event, error: Exception, now: datetime
    ) -> None:
        tries = wait.tries + 1
        if tries < MOST_BUGS:
            waits.put_off(connection, wait, now + timedelta(seconds=wait_s(tries)), tries=tries)
            return
        waits.end(connection, wait)
        letter = dead.DeadLetter(
            wait.installation_id,
            lane=event.lane,
            type=event.type,
            reason="bug",
            error=f"The bridge failed to keep the event {tries} times: {type(error).__name__}.",
            event_id=event.id,
            attempts=tries,
            data={"event": wait.detail["body"]},
        )
        dead.bury(connection, letter, to_micros(now))


def _close_letters(
    connection: Connection, messages: Sequence[Message], batches: Sequence[tuple[Installation, list[Meant]]]
) -> None:
    """What the broker had given up, and somebody put back by hand, is kept after all."""
    if not any(message.is_returned for message in messages):
        return
    for installation, batch in batches:
        for one in batch:
            if not _is_to_be_done(one):
                dead.close_event(connection, installation.id, one.event.id, reason="given_up")


def _is_to_be_done(meant: Meant) -> bool:
    """Whether it is an agent's action: its letter is closed when that is done."""
    return meant.meaning is not None and any(hint.kind == ACTION for hint in meant.meaning.hints)
