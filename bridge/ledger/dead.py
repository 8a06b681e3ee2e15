"""Dead letters: what the bridge stopped trying, kept with its error until somebody replays or drops it.

One is open for each customer, lane and reason, or for each event; success closes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from bridge.ledger.events import TO_SAILTHRU
from bridge.ledger.prepared import PreparedList
from bridge.ledger.tables import dead_letters
from bridge.ledger.writing import lock_subjects

OPEN = "open"
REPLAYED = "replayed"
DROPPED = "dropped"
CLOSED = "closed"


@dataclass(frozen=True)
class DeadLetter:
    """One dead letter. `reason` is a short code, `error` a sentence for people; times are microseconds."""

    installation_id: int
    lane: str
    type: str
    reason: str
    error: str
    event_id: str | None = None
    zendesk_id: int | None = None
    attempts: int = 1
    data: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    first_seen: int = 0
    last_seen: int = 0
    state: str = OPEN


def bury(connection: Connection, letter: DeadLetter, now: int) -> int:
    """Keep a dead letter, or count one more attempt on the open one about the same; its id."""
    about = letter.event_id or f"{letter.lane}/{letter.zendesk_id}/{letter.reason}"
    lock_subjects(connection, letter.installation_id, [f"letter:{about}"])
    open_one = connection.execute(_open(letter)).first()
    if open_one is None:
        return _insert(connection, letter, now)
    connection.execute(
        update(dead_letters)
        .where(dead_letters.c.id == open_one.id)
        .values(
            last_seen=now,
            attempts=open_one.attempts + letter.attempts,
            error=letter.error,
            data=json.dumps(letter.data),
        )
    )
    return int(open_one.id)


def close(
    connection: Connection,
    installation_id: int,
    zendesk_id: int,
    *,
    reasons: Sequence[str] | None = None,
    but: str = "",
    lanes: Sequence[str] = TO_SAILTHRU,
) -> int:
    """Success closes the customer's open letters (of these reasons, or of all `but` one); how many.

    Success in one direction says nothing of the other: `lanes` are those that it ends.
    """
    statement = update(dead_letters).where(
        dead_letters.c.installation_id == installation_id,
        dead_letters.c.zendesk_id == zendesk_id,
        dead_letters.c.state == OPEN,
        dead_letters.c.event_id.is_(None),
        dead_letters.c.reason != but,
        dead_letters.c.lane.in_(lanes),
    )
    if reasons is not None:
        statement = statement.where(dead_letters.c.reason.in_(reasons))
    return connection.execute(statement.values(state=CLOSED)).rowcount


def close_type(connection: Connection, installation_id: int, type_: str) -> None:
    """What these letters were about has worked since; about none of them is a customer or an event."""
    connection.execute(
        update(dead_letters)
        .where(
            dead_letters.c.installation_id == installation_id,
            dead_letters.c.state == OPEN,
            dead_letters.c.type == type_,
        )
        .values(state=CLOSED)
    )


def of_event(connection: Connection, installation_id: int, event_id: str) -> DeadLetter | None:
    """The open letter about one event."""
    query = select(dead_letters).where(
        dead_letters.c.installation_id == installation_id,
        dead_letters.c.event_id == event_id,
        dead_letters.c.state == OPEN,
    )
    row = connection.execute(query).first()
    return None if row is None else letter_of(row)


def close_event(connection: Connection, installation_id: int, event_id: str, *, reason: str = "") -> None:
    """The event was kept after all: its letter, if it is of that reason (empty: of any), is closed."""
    statement = update(dead_letters).where(
        dead_letters.c.installation_id == installation_id,
        dead_letters.c.event_id == event_id,
        dead_letters.c.state == OPEN,
    )
    if reason:
        statement = statement.where(dead_letters.c.reason == reason)
    connection.execute(statement.values(state=CLOSED))


def lettered(
    connection: Connection,
    installation_id: int,
    zendesk_ids: Iterable[int],
    *,
    lanes: Sequence[str] = TO_SAILTHRU,
) -> set[int]:
    """Which of these customers have an open letter of these lanes."""
    rows = _LETTERED.rows(connection, zendesk_ids, {"of": installation_id})
    return {number for number, lane in rows if lane in lanes}


_LETTERED = PreparedList(
    lambda listed: select(dead_letters.c.zendesk_id, dead_letters.c.lane).where(
        dead_letters.c.installation_id == bindparam("of"),
        dead_letters.c.state == OPEN,
        dead_letters.c.zendesk_id.in_(listed),
    )
)


def mark(connection: Connection, ids: Sequence[int], state: str) -> None:
    """An operator replayed or dropped these."""
    connection.execute(update(dead_letters).where(dead_letters.c.id.in_(ids)).values(state=state))


def one(connection: Connection, letter_id: int) -> DeadLetter | None:
    """One letter by its number, whatever its state."""
    row = connection.execute(select(dead_letters).where(dead_letters.c.id == letter_id)).first()
    return None if row is None else letter_of(row)


def letter_of(row: Row[Any]) -> DeadLetter:
    """The letter in a row of the table."""
    return DeadLetter(
        installation_id=row.installation_id,
        lane=row.lane,
        type=row.type,
        reason=row.reason,
        error=row.error,
        event_id=row.event_id,
        zendesk_id=row.zendesk_id,
        attempts=row.attempts,
        data=json.loads(row.data),
        id=row.id,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        state=row.state,
    )


def _open(letter: DeadLetter) -> Any:
    query = select(dead_letters).where(
        dead_letters.c.installation_id == letter.installation_id, dead_letters.c.state == OPEN
    )
    if letter.event_id is not None:
        return query.where(dead_letters.c.event_id == letter.event_id)
    return query.where(
        dead_letters.c.event_id.is_(None),
        dead_letters.c.zendesk_id == letter.zendesk_id,
        dead_letters.c.reason == letter.reason,
        dead_letters.c.lane == letter.lane,
    )


def _insert(connection: Connection, letter: DeadLetter, now: int) -> int:
    values = {
        "installation_id": letter.installation_id,
        "lane": letter.lane,
        "type": letter.type,
        "event_id": letter.event_id,
        "zendesk_id": letter.zendesk_id,
        "reason": letter.reason,
        "error": letter.error,
        "attempts": letter.attempts,
        "first_seen": now,
        "last_seen": now,
        "state": OPEN,
        "data": json.dumps(letter.data),
    }
    key = connection.execute(insert(dead_letters).values(**values)).inserted_primary_key
    return int(key[0]) if key else 0
