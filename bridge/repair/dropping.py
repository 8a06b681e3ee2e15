"""Gives dead letters up, with a reason, and takes that back within a day."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from bridge.errors import Refused
from bridge.ledger import actions, dead
from bridge.ledger.dead import DROP_UNDONE_WITHIN, DROPPED, OPEN, DeadLetter
from bridge.ledger.ledger import Ledger

MICROS = 1_000_000
LONGEST_REASON = 500
AT_ONCE = 500  # rows in one transaction, so that nobody waits long for it


def drop(
    ledger: Ledger, letter: DeadLetter, *, operator: str, reason: str = "", via: str = actions.COMMAND
) -> None:
    """Give the letter up. Raises `Refused` for one that is not open (any more)."""
    reason = " ".join(reason.split())[:LONGEST_REASON]
    with ledger.writing() as connection:
        _require(connection, letter, OPEN)
        dead.mark_dropped(connection, letter.id, ledger.micros(), reason=reason)
        detail = {"reason": letter.reason, "because": reason}
        _note(connection, ledger, letter, "dead_dropped", operator, via, detail)


def drop_many(
    ledger: Ledger, numbers: Sequence[int], *, operator: str, reason: str, via: str = actions.COMMAND
) -> int:
    """Give all of these up that are open; how many those were. Noted as one action."""
    reason = " ".join(reason.split())[:LONGEST_REASON]
    dropped = 0
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        with ledger.writing() as connection:
            dropped += dead.drop_open(connection, some, ledger.micros(), reason=reason)
    with ledger.writing() as connection:
        actions.note(
            connection,
            ledger.micros(),
            operator=operator,
            action="dead_dropped",
            target=f"{dropped} dead letters",
            detail={"because": reason, "first": min(numbers, default=0), "last": max(numbers, default=0)},
            via=via,
        )
    return dropped


def undrop(ledger: Ledger, letter: DeadLetter, *, operator: str, via: str = actions.COMMAND) -> None:
    """Take a drop back. Raises `Refused` with why that cannot be."""
    with ledger.writing() as connection:
        standing = _require(connection, letter, DROPPED)
        if undone_until(standing) <= ledger.micros():
            raise Refused("bridge", "too_late", detail="it was dropped more than 24 hours ago")
        other = dead.take_back(connection, standing)
        if other is not None:
            raise Refused("bridge", "open_already", detail=f"letter {other} about the same is open by now")
        _note(connection, ledger, letter, "dead_undropped", operator, via, {"reason": letter.reason})


def undone_until(letter: DeadLetter) -> int:
    """Until when a drop can be taken back (microseconds)."""
    return (letter.dropped_at or 0) + int(DROP_UNDONE_WITHIN.total_seconds()) * MICROS


def _require(connection: Connection, letter: DeadLetter, state: str) -> DeadLetter:
    standing = dead.one(connection, letter.id)
    if standing is None or standing.state != state:
        found = "gone" if standing is None else standing.state
        raise Refused("bridge", f"not_{state}", detail=f"it is not {state} (any more): it is {found}")
    return standing


def _note(  # noqa: PLR0913 - one parameter for each thing that is noted
    connection: Connection,
    ledger: Ledger,
    letter: DeadLetter,
    action: str,
    operator: str,
    via: str,
    detail: dict[str, str],
) -> None:
    actions.note(
        connection,
        ledger.micros(),
        operator=operator,
        action=action,
        target=f"dead letter {letter.id}",
        installation_id=letter.installation_id,
        detail=detail,
        via=via,
    )
