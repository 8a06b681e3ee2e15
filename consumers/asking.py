"""Which calls to Zendesk end which waits, and what follows when one fails."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bridge import metrics
from bridge.clock import to_micros
from bridge.errors import BadCredentials, BridgeError, Refused, TryLater, Unavailable
from bridge.ledger import customers, dead, directions, quotas, waits
from bridge.ledger.installations import Installation
from bridge.ledger.waits import Wait
from bridge.remotes.zendesk import MOST_USERS
from consumers import trouble
from consumers.answers import Asked, Question, ask_ticket, ask_tickets, ask_users
from consumers.parts import Parts
from consumers.steps import ZENDESK
from consumers.trouble import Trouble
from consumers.verdicts import LONGEST_WAIT_S, MOST_BUGS, PROBE_S, RATE_LIMITED, wait_s

log = structlog.get_logger(__name__)

KINDS = ("ticket", "user", "tickets")


@dataclass(frozen=True)
class Asking:
    """One call to Zendesk. `is_sight`: for customers that were never read before."""

    asked: Asked
    is_sight: bool
    question: Question

    def make(self) -> None:
        """Call, and keep the answer.

        Raises `Unavailable` when the ledger is away: the waits then stay held for a while, and are due again.
        """
        parts, installation = self.asked.parts, self.asked.installation
        began = parts.clock.monotonic()
        told = "ok"
        try:
            self.question(self.asked, parts.remotes.zendesk(installation))
            _end_trouble(self.asked)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of a reading
            told = _told(error)
            _failed(self.asked, error)
        metrics.count_remote_request(ZENDESK, told, seconds=parts.clock.monotonic() - began)


def askings(
    connection: Connection, parts: Parts, installation: Installation, due: Sequence[Wait]
) -> list[Asking]:
    """The calls that end these waits: users in batches, the rest one by one; known customers first."""
    numbers = [wait.number for wait in due if wait.kind != "ticket"]
    seen = customers.seen(connection, installation.id, numbers)
    made = [
        Asking(Asked(parts, installation, waits_of_one), _is_sight(waits_of_one[0], seen), question)
        for waits_of_one, question in _questions(due, seen)
    ]
    return sorted(made, key=lambda one: one.is_sight)


def _questions(due: Sequence[Wait], seen: AbstractSet[int]) -> Iterable[tuple[tuple[Wait, ...], Question]]:
    users = [wait for wait in due if wait.kind == "user"]
    for is_sight in (False, True):
        yield from (
            (some, ask_users) for some in _batches(one for one in users if _is_sight(one, seen) == is_sight)
        )
    for wait in due:
        if wait.kind != "user":
            yield (wait,), ask_ticket if wait.kind == "ticket" else ask_tickets


def _is_sight(wait: Wait, seen: AbstractSet[int]) -> bool:
    return wait.kind != "ticket" and wait.number not in seen


def _batches(due: Iterable[Wait]) -> Iterable[tuple[Wait, ...]]:
    """As many as one call can read; those of a batch that failed together are read alone."""
    together: list[Wait] = []
    for wait in due:
        if wait.progress.get("alone"):
            yield (wait,)
        else:
            together.append(wait)
    for start in range(0, len(together), MOST_USERS):
        yield tuple(together[start : start + MOST_USERS])


def _end_trouble(asked: Asked) -> None:
    with asked.parts.ledger.reading() as connection:
        is_troubled = asked.installation.id in directions.troubled(connection, ZENDESK)
    if is_troubled:
        with asked.parts.ledger.writing() as connection:
            directions.clear(connection, asked.installation.id, ZENDESK)


def _failed(asked: Asked, error: Exception) -> None:
    _report(asked, error)
    with asked.parts.ledger.writing() as connection:
        for wait in asked.waits:
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
        _note_trouble(connection, asked, error)


def _later(connection: Connection, asked: Asked, wait: Wait, error: Exception) -> None:
    # How long a system is away says nothing about one wait: while it is in trouble, few calls try it anyway.
    most_s = PROBE_S if isinstance(error, BridgeError) else LONGEST_WAIT_S
    after_s = max(_after_s(error), min(most_s, wait_s(wait.tries)))
    due_at = asked.parts.clock.now() + timedelta(seconds=after_s)
    waits.put_off(connection, wait, due_at, tries=wait.tries + 1)


def _bury(connection: Connection, asked: Asked, wait: Wait, error: Exception) -> None:
    """It is not read again by itself; a replay, or a new event, does."""
    waits.end(connection, wait)
    is_refused = isinstance(error, Refused)
    letter = dead.DeadLetter(
        asked.installation.id,
        lane="zendesk",
        type=f"read.{wait.kind}",
        reason=error.reason if isinstance(error, Refused) else "bug",
        error=str(error) if is_refused else f"Reading {wait.subject} failed: {type(error).__name__}.",
        zendesk_id=None if wait.kind == "ticket" else wait.number,
        attempts=wait.tries + 1,
        data={"subject": wait.subject},
    )
    dead.bury(connection, letter, to_micros(asked.parts.clock.now()))


def _note_trouble(connection: Connection, asked: Asked, error: Exception) -> None:
    now = asked.parts.clock.now()
    if isinstance(error, BadCredentials):
        found = Trouble(directions.HALTED, str(error))
        trouble.note(connection, asked.installation.id, ZENDESK, found, to_micros(now))
    elif isinstance(error, TryLater) and error.reason == RATE_LIMITED:
        until = now + timedelta(seconds=_after_s(error))
        quotas.hold(connection, asked.installation.id, ZENDESK, until)
    elif isinstance(error, TryLater):
        found = Trouble(directions.DOWN, error.reason, after_s=_after_s(error))
        trouble.note(connection, asked.installation.id, ZENDESK, found, to_micros(now))


def _report(asked: Asked, error: Exception) -> None:
    is_bug = not isinstance(error, BridgeError)
    log.log(
        logging.ERROR if is_bug else logging.INFO,
        "A reading in Zendesk failed.",
        action="read_zendesk",
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
