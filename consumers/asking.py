"""One call that ends waits, whichever system it asks, and what follows when it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bridge import metrics
from bridge.clock import to_micros
from bridge.errors import BadCredentials, BridgeError, Refused, TryLater, Unavailable
from bridge.ledger import customers, dead, directions, quotas, traced_events, waits
from bridge.ledger.ledger import database_now
from bridge.ledger.waits import Wait
from consumers import trouble
from consumers.answers import Asked
from consumers.trouble import Trouble
from consumers.verdicts import LONGEST_WAIT_S, MOST_BUGS, PROBE_S, RATE_LIMITED, wait_s

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Asking:
    """One call, out of the quota `bucket`.

    `is_sight`: for customers that were never read before. `is_call`: the answer is not known without one.
    """

    asked: Asked
    question: Callable[[Asked], None]
    bucket: str
    is_sight: bool = False
    is_call: bool = True

    def make(self) -> None:
        """Call, and keep the answer.

        Raises `Unavailable` when the ledger is away: the waits then stay held for a while, and are due again.
        """
        clock = self.asked.parts.clock
        began = clock.monotonic()
        told = "ok"
        waiting = self._waiting()
        try:
            self.question(self.asked)
            if self.is_call:
                _end_trouble(self.asked)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of a reading
            told = _told(error)
            self._failed(error)
        if self.is_call:
            metrics.count_remote_request(self.asked.system, told, seconds=clock.monotonic() - began)
            self._trace(waiting, told, seconds=clock.monotonic() - began)

    def _waiting(self) -> list[str]:
        """The traces that wait for the answer: looked up before it ends their events."""
        asked = self.asked
        if asked.parts.traces is None or not self.is_call:
            return []
        with asked.parts.ledger.reading() as connection:
            subjects = [wait.subject for wait in asked.waits]
            return traced_events.of_subjects(connection, asked.installation.id, subjects)

    def _trace(self, waiting: Sequence[str], told: str, *, seconds: float) -> None:
        asked = self.asked
        if asked.parts.traces is not None and waiting:
            asked.parts.traces.tell(
                f"ask_{asked.waits[0].kind}",
                waiting,
                ended_at=asked.parts.clock.now(),
                seconds=seconds,
                system=asked.system,
                installation=asked.installation.name,
                error="" if told == "ok" else told,
            )

    def _failed(self, error: Exception) -> None:
        asked = self.asked
        _report(asked, error)
        with asked.parts.ledger.writing() as connection:
            for wait in asked.waits:
                _wait_on(connection, asked, wait, error)
            _note_trouble(connection, asked, error, self.bucket)


def _end_trouble(asked: Asked) -> None:
    with asked.parts.ledger.reading() as connection:
        is_troubled = asked.installation.id in directions.troubled(connection, asked.system)
    if is_troubled:
        with asked.parts.ledger.writing() as connection:
            now = to_micros(database_now(connection, asked.parts.clock))
            trouble.end(connection, asked.installation.id, asked.system, now)


def _wait_on(connection: Connection, asked: Asked, wait: Wait, error: Exception) -> None:
    if isinstance(error, (TryLater, BadCredentials)):
        _later(connection, asked, wait, error)
    elif len(asked.waits) > 1:
        # Whose fault it was shows when each is read alone.
        progress = {**wait.progress, "alone": True}
        waits.put_off(connection, wait, asked.parts.clock.now(), progress=progress)
    elif isinstance(error, Refused) or wait.tries + 1 >= MOST_BUGS:
        _bury(connection, asked, wait, error)
    else:
        _later(connection, asked, wait, error)


def _later(connection: Connection, asked: Asked, wait: Wait, error: Exception) -> None:
    # How long a system is away says nothing about one wait: while it is in trouble, few calls try it anyway.
    most_s = PROBE_S if isinstance(error, BridgeError) else LONGEST_WAIT_S
    after_s = max(_after_s(error), min(most_s, wait_s(wait.tries)))
    due_at = asked.parts.clock.now() + timedelta(seconds=after_s)
    waits.put_off(connection, wait, due_at, tries=wait.tries + 1)


def _bury(connection: Connection, asked: Asked, wait: Wait, error: Exception) -> None:
    """It is not read again by itself; a replay, or a new event, does."""
    waits.end(connection, wait)
    if wait.subject.startswith("user:") and not customers.locked(
        connection, wait.installation_id, [wait.number]
    ):
        return  # forgotten while it was read
    is_refused = isinstance(error, Refused)
    letter = dead.DeadLetter(
        asked.installation.id,
        lane=asked.system,
        type=f"read.{wait.kind}",
        reason=error.reason if isinstance(error, Refused) else "bug",
        error=str(error) if is_refused else f"Reading {wait.subject} failed: {type(error).__name__}.",
        zendesk_id=wait.number if wait.subject.startswith("user:") else None,
        attempts=wait.tries + 1,
        data={"subject": wait.subject},
    )
    dead.bury(connection, letter, to_micros(asked.parts.clock.now()))


def _note_trouble(connection: Connection, asked: Asked, error: Exception, bucket: str) -> None:
    now = asked.parts.clock.now()
    if isinstance(error, BadCredentials):
        found = Trouble(directions.HALTED, str(error))
        trouble.note(connection, asked.installation.id, asked.system, found, to_micros(now))
    elif isinstance(error, TryLater) and error.reason == RATE_LIMITED:
        until = now + timedelta(seconds=_after_s(error))
        quotas.hold(connection, asked.installation.id, bucket, until)
    elif isinstance(error, TryLater):
        found = Trouble(directions.DOWN, error.reason, after_s=_after_s(error))
        trouble.note(connection, asked.installation.id, asked.system, found, to_micros(now))


def _report(asked: Asked, error: Exception) -> None:
    is_bug = not isinstance(error, BridgeError)
    log.log(
        logging.ERROR if is_bug else logging.INFO,
        "A reading failed.",
        action=f"read_{asked.system}",
        outcome=_told(error),
        installation=asked.installation.name,
        attempt=max(wait.tries for wait in asked.waits) + 1,
        error=type(error).__name__ if is_bug else str(error),
        exc_info=error if is_bug else None,
    )


def _after_s(error: Exception) -> float:
    return error.after_s or 0.0 if isinstance(error, TryLater) else 0.0


def _told(error: Exception) -> str:
    if isinstance(error, (TryLater, Refused)):
        return error.reason
    return "bad_credentials" if isinstance(error, BadCredentials) else "bug"
