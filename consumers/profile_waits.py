"""Has profiles read: the waits of all that causes it, and the turns by the clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bridge.clock import to_micros
from bridge.deciding.way_back import Opening
from bridge.ledger import waits, zendesk_users
from consumers.patience import Cause, Patience, joined, wait_for
from consumers.turns import next_turn


def add(
    connection: Connection, installation_id: int, causes: Iterable[Cause], patience: Patience, now: datetime
) -> None:
    """Let profiles wait to be read; causes of one profile become one reading."""
    new = [wait_for(installation_id, cause, patience, now) for cause in causes]
    waits.add(connection, new, joined=partial(joined, patience=patience))


def link(
    connection: Connection, installation_id: int, numbers: Sequence[int], patience: Patience, now: datetime
) -> None:
    """These customers were just linked, by our own writes: their profiles are read once those settled."""
    turns = {one: next_turn(installation_id, one, patience.every, now) for one in numbers}
    refresh_at = {number: to_micros(turn) for number, turn in turns.items()}
    zendesk_users.add(connection, installation_id, refresh_at)
    # A row that stood already, of a link before, may have been left out of the turns.
    zendesk_users.set_refresh(connection, installation_id, refresh_at)
    causes = [Cause(number, calm_at=now + patience.settle) for number in numbers]
    add(connection, installation_id, causes, patience, now)


def note_openings(
    connection: Connection,
    installation_id: int,
    openings: Sequence[Opening],
    patience: Patience,
    now: datetime,
) -> None:
    """Customers with an unsolved ticket have their turn more often."""
    held = zendesk_users.locked(connection, installation_id, {one.number for one in openings})
    closed = [row for row in held.values() if not row.has_open]
    zendesk_users.note_open(connection, installation_id, {row.zendesk_id: True for row in closed})
    sooner = {}
    for row in closed:
        turn = to_micros(next_turn(installation_id, row.zendesk_id, patience.every_open, now))
        if row.refresh_at is not None and turn < row.refresh_at:
            sooner[row.zendesk_id] = turn
    zendesk_users.set_refresh(connection, installation_id, sooner)
