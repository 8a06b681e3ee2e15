"""Dead letters: what the bridge stopped trying, kept with its error until somebody replays or drops it.

One is open for each customer, lane and reason, or for each event; success closes it. One that was replayed
and dies again of the same opens again, marked, so that nobody replays it in a circle.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from bridge.fingerprint import fingerprint, is_about_consent, system_of
from bridge.ledger.events import TO_SAILTHRU
from bridge.ledger.prepared import PreparedList
from bridge.ledger.tables import dead_letters
from bridge.ledger.writing import lock_subjects

OPEN = "open"
REPLAYED = "replayed"
DROPPED = "dropped"
CLOSED = "closed"

DROP_UNDONE_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class DeadLetter:
    """One dead letter. `reason` is a short code, `error` a sentence for people; times are microseconds.

    What follows `state` is known of letters in the ledger: `system` said no, `group` is the fingerprint of
    what went wrong; `died_again` of the same, after the last of `replays` replays.
    """

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
    system: str = ""
    group: str = ""
    replays: int = 0
    replayed_at: int | None = None
    died_again: bool = False
    dropped_at: int | None = None
    drop_reason: str = ""


def bury(connection: Connection, letter: DeadLetter, now: int) -> int:
    """Keep a dead letter, or count one more attempt on the open one about the same; its id."""
    about = letter.event_id or f"{letter.lane}/{letter.zendesk_id}/{letter.reason}"
    lock_subjects(connection, letter.installation_id, [f"letter:{about}"])
    told = _told(letter)
    standing = connection.execute(_standing(letter).where(dead_letters.c.state == OPEN)).first()
    if standing is None:
        standing = _replayed(connection, letter, told["fingerprint"])
        told |= {"state": OPEN, "died_again": True}
    if standing is None:
        return _insert(connection, letter, now)
    connection.execute(
        update(dead_letters)
        .where(dead_letters.c.id == standing.id)
        .values({"last_seen": now, "attempts": standing.attempts + letter.attempts, **told})
    )
    return int(standing.id)


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


def mark_replayed(connection: Connection, letter_id: int, now: int, *, replay_id: int | None) -> None:
    """An operator had it tried again; `replay_id`: by a replay of many."""
    connection.execute(
        update(dead_letters)
        .where(dead_letters.c.id == letter_id)
        .values(
            state=REPLAYED,
            replays=dead_letters.c.replays + 1,
            replayed_at=now,
            replay_id=replay_id,
            died_again=False,
        )
    )


def mark_dropped(connection: Connection, letter_id: int, now: int, *, reason: str) -> None:
    """An operator gave it up."""
    connection.execute(
        update(dead_letters)
        .where(dead_letters.c.id == letter_id)
        .values(state=DROPPED, dropped_at=now, drop_reason=reason)
    )


def drop_open(connection: Connection, ids: Sequence[int], now: int, *, reason: str) -> int:
    """Give up those of these that are open; how many."""
    dropped = connection.execute(
        update(dead_letters)
        .where(dead_letters.c.id.in_(ids), dead_letters.c.state == OPEN)
        .values(state=DROPPED, dropped_at=now, drop_reason=reason)
    )
    return dropped.rowcount


def take_back(connection: Connection, letter: DeadLetter) -> int | None:
    """Open a dropped letter again; instead of that the number of one about the same that is open by now."""
    standing = connection.execute(_standing(letter).where(dead_letters.c.state == OPEN)).first()
    if standing is not None:
        return int(standing.id)
    connection.execute(
        update(dead_letters)
        .where(dead_letters.c.id == letter.id)
        .values(state=OPEN, dropped_at=None, drop_reason="")
    )
    return None


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
        system=row.system,
        group=row.fingerprint,
        replays=row.replays,
        replayed_at=row.replayed_at,
        died_again=bool(row.died_again),
        dropped_at=row.dropped_at,
        drop_reason=row.drop_reason,
    )


def _told(letter: DeadLetter) -> dict[str, Any]:
    """What each death says anew."""
    system = system_of(letter.type, letter.lane, letter.reason)
    return {
        "error": letter.error,
        "data": json.dumps(letter.data),
        "system": system,
        "fingerprint": fingerprint(letter.reason, system, letter.error),
        "is_about_consent": is_about_consent(letter.type, tuple(letter.data.get("fields", ()))),
    }


def _replayed(connection: Connection, letter: DeadLetter, group: str) -> Row[Any] | None:
    """The letter about the same that was replayed last, if it died of the same then."""
    query = _standing(letter).where(dead_letters.c.state == REPLAYED, dead_letters.c.fingerprint == group)
    return connection.execute(query.order_by(dead_letters.c.id.desc()).limit(1)).first()


def _standing(letter: DeadLetter) -> Any:
    query = select(dead_letters).where(dead_letters.c.installation_id == letter.installation_id)
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
        "attempts": letter.attempts,
        "first_seen": now,
        "last_seen": now,
        "state": OPEN,
        **_told(letter),
    }
    key = connection.execute(insert(dead_letters).values(**values)).inserted_primary_key
    return int(key[0]) if key else 0
