"""The way back in the ledger: which linked customers Zendesk is owed, who pushes, whose profile is read next.

Whoever hurries is due at once. What only a refresh found is held, so that a hundred go in one call: their
marks carry a due time `HOLD` ahead, and as soon as a hundred of an installation are held they come due
together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, update

from bridge.customer import Known
from bridge.ledger import zendesk_user_statements as sql
from bridge.ledger.tables import zendesk_users
from bridge.ledger.writing import chunks, upsert
from bridge.zendesk_user import ZendeskUser

IS_OWED = sql.IS_OWED
TOGETHER = sql.TOGETHER
HOLD = 86_400 * 1_000_000  # how long a change waits for others to go along with; microseconds


@dataclass(frozen=True)
class Mark:
    """A customer whose facts changed: when Zendesk is to be told, and which tickets were just opened."""

    zendesk_id: int
    due_at: int
    opened: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tally:
    """How many linked customers an installation has, and how many of them have an open ticket."""

    linked: int
    with_open: int


def add(connection: Connection, installation_id: int, refresh_at: Mapping[int, int]) -> None:
    """Make rows for customers just linked, by Zendesk id, with the time of their next refresh.

    A row that stands already stays as it is.
    """
    rows = [
        {"installation_id": installation_id, "zendesk_id": number, "refresh_at": moment}
        for number, moment in refresh_at.items()
    ]
    upsert(connection, zendesk_users, rows)


def mark_owed(connection: Connection, installation_id: int, marks: Sequence[Mark], now: int) -> None:
    """Their facts changed: one version more is wanted, and a push is due as the mark says.

    One that is owed already keeps an earlier due time; nothing is due before `not_before`. Ids without a row
    are left out.
    """
    if not marks:
        return
    ordered = sorted(marks, key=lambda mark: mark.zendesk_id)
    rows = [
        {
            "key_installation": installation_id,
            "key_user": mark.zendesk_id,
            "new_due": mark.due_at,
            "moment": now,
        }
        for mark in ordered
    ]
    sql.MARK.run_all(connection, rows)
    _unite_opened(
        connection, installation_id, {mark.zendesk_id: mark.opened for mark in marks if mark.opened}
    )
    if any(mark.due_at > now for mark in marks):
        gather(connection, installation_id, now)


def gather(connection: Connection, installation_id: int, now: int) -> bool:
    """When a hundred are held, the oldest hundred come due together; whether they did."""
    asked = {"of": installation_id, "moment": now}
    held = list(connection.scalars(sql.HELD, asked))
    if len(held) < TOGETHER:
        return False
    connection.execute(sql.HASTEN, {**asked, "some": held})
    return True


def locked(
    connection: Connection, installation_id: int, zendesk_ids: Iterable[int]
) -> dict[int, ZendeskUser]:
    """These rows, held until the transaction ends, in key order. Unknown ones are left out."""
    found: dict[int, ZendeskUser] = {}
    for some in chunks(zendesk_ids):
        rows = connection.execute(sql.LOCKED, {"of": installation_id, "some": some})
        found.update((row.zendesk_id, _user(row)) for row in rows)
    return found


def one(connection: Connection, installation_id: int, zendesk_id: int) -> ZendeskUser | None:
    """One row as it stands."""
    row = connection.execute(sql.ONE, {"of": installation_id, "whom": zendesk_id}).first()
    return None if row is None else _user(row)


def installations_due(connection: Connection, now: int) -> list[int]:
    """The installations in which `claimable` would find somebody, in order."""
    return sql.OWING.installations_due(connection, now)


def claimable(connection: Connection, installation_id: int, now: int, *, limit: int) -> list[ZendeskUser]:
    """Rows of one installation whose push is due and whom nobody pushes, held to the transaction's end.

    When one of them was held all its time, the others that are held go along.
    """
    asked = {"of": installation_id, "moment": now, "up_to": limit}
    due = [_user(row) for row in connection.execute(sql.CLAIMABLE, asked)]
    if len(due) < limit and any(was_held(user) for user in due):
        rest = {**asked, "up_to": limit - len(due)}
        due += [_user(row) for row in connection.execute(sql.GOING_ALONG, rest)]
    return due


def was_held(user: ZendeskUser) -> bool:
    """Whether this row came due only because its time was over: nobody hurried it, and nothing failed."""
    return user.owed_at is not None and user.due_at is not None and user.due_at - user.owed_at >= HOLD


def next_due(connection: Connection, after: int) -> int | None:
    """When the first push after that moment comes due; None when none does."""
    return sql.OWING.next_due(connection, after)


def save(connection: Connection, changed: Sequence[ZendeskUser]) -> None:
    """Write rows back that this transaction holds (`locked`, `claimable`)."""
    if not changed:
        return
    rows = [_row(user) for user in sorted(changed, key=lambda one: (one.installation_id, one.zendesk_id))]
    connection.execute(sql.SAVE, rows)


def forgive(connection: Connection, installation_id: int, now: int) -> None:
    """Failures so far were Zendesk's: whoever is owed is tried now, and nobody has failed for long."""
    asked = {"of": installation_id, "moment": now}
    connection.execute(sql.HASTEN_FAILING, asked)
    connection.execute(sql.FORGIVE, asked)


def owe_all(connection: Connection, installation_id: int, now: int) -> None:
    """What every linked customer should have in Zendesk changed; nobody hurries."""
    connection.execute(sql.OWE_ALL, {"of": installation_id, "moment": now, "new_due": now + HOLD})
    gather(connection, installation_id, now)


def note_read(connection: Connection, installation_id: int, read_at: Mapping[int, int]) -> None:
    """Their profiles were read at these moments."""
    _update_each(connection, installation_id, "read_at", read_at)


def note_open(connection: Connection, installation_id: int, has_open: Mapping[int, bool]) -> None:
    """Whether they have a ticket that is not solved."""
    _update_each(connection, installation_id, "has_open", has_open)


def installations_to_refresh(connection: Connection, now: int) -> list[int]:
    """The installations with a profile whose turn to be read again has come, in order."""
    return list(connection.scalars(sql.TO_REFRESH, {"moment": now}))


def due_for_refresh(
    connection: Connection, installation_id: int, now: int, *, limit: int
) -> list[ZendeskUser]:
    """Rows of one installation whose profile is to be read again, the longest due first, held."""
    asked = {"of": installation_id, "moment": now, "up_to": limit}
    return [_user(row) for row in connection.execute(sql.FOR_REFRESH, asked)]


def set_refresh(connection: Connection, installation_id: int, refresh_at: Mapping[int, int | None]) -> None:
    """When their profiles are read again; None: not by the clock."""
    _update_each(connection, installation_id, "refresh_at", refresh_at)


def tallies(connection: Connection) -> dict[int, Tally]:
    """By installation: how many linked customers are refreshed by the clock."""
    return {row.of: Tally(row.linked, row.with_open) for row in connection.execute(sql.TALLIES)}


def _unite_opened(connection: Connection, installation_id: int, opened: Mapping[int, Sequence[int]]) -> None:
    held = locked(connection, installation_id, opened)
    rows = [
        {
            "key_installation": installation_id,
            "key_user": number,
            "new": json.dumps(sorted({*user.opened, *opened[number]})),
        }
        for number, user in held.items()
    ]
    if rows:
        connection.execute(_set_one("opened"), rows)


def _update_each(connection: Connection, installation_id: int, column: str, new: Mapping[int, Any]) -> None:
    rows = [
        {"key_installation": installation_id, "key_user": number, "new": value}
        for number, value in sorted(new.items())
    ]
    if rows:
        connection.execute(_set_one(column), rows)


@cache
def _set_one(column: str) -> Any:
    return update(zendesk_users).where(*sql.IS_THIS_ROW).values({column: bindparam("new")})


def _user(row: Row[Any]) -> ZendeskUser:
    values = list(row)
    known = json.loads(values[sql.KNOWN])
    values[sql.KNOWN] = {name: Known(digest, at) for name, (digest, at) in known.items()}
    values[sql.OPENED] = tuple(json.loads(values[sql.OPENED]))
    return ZendeskUser(*values)


def _row(user: ZendeskUser) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(user, name) for name in sql.COLUMNS}
    known = {name: [one.digest, one.at] for name, one in user.known.items()}
    values["known"] = json.dumps(known, separators=(",", ":"))
    values["opened"] = json.dumps(user.opened)
    values["key_installation"] = values.pop("installation_id")
    values["key_user"] = values.pop("zendesk_id")
    return values
