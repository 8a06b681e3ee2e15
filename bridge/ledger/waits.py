"""Waits: every due time of a subject, kept in the transaction that caused it, so that a crash forgets none.

Kinds: `user` and `tickets` (read them in Zendesk), `ticket` (read that one), `profile` (read it in Sailthru),
`event` (try a failed event again), `resend` (write the same fields once more). A new cause makes `version`
grow; whoever worked off the wait ends it only if no new cause came meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, update

from bridge.clock import from_micros, to_micros
from bridge.ledger.prepared import Prepared, PreparedList
from bridge.ledger.tables import waits
from bridge.ledger.writing import lock_subjects, upsert


@dataclass(frozen=True)
class Wait:
    """One subject waits until `due_at` for what `kind` names.

    `detail` is what its causes asked for. `progress` is how far the work on it came; a new cause begins anew.
    """

    installation_id: int
    subject: str
    kind: str
    due_at: datetime
    since: datetime
    tries: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0

    @property
    def number(self) -> int:
        """The id in `user:7` or `ticket:991`."""
        return int(self.subject.partition(":")[2])


def sooner(old: Wait, new: Wait) -> Wait:
    """Of two causes of one wait: the earlier due time, the newer detail."""
    return Wait(
        installation_id=old.installation_id,
        subject=old.subject,
        kind=old.kind,
        due_at=min(old.due_at, new.due_at),
        since=min(old.since, new.since),
        tries=0,
        detail=_joined_detail(old.detail, new.detail),
        version=old.version + 1,
    )


def add(
    connection: Connection, new: Sequence[Wait], *, joined: Callable[[Wait, Wait], Wait] = sooner
) -> None:
    """Let subjects wait; `joined` says what becomes of one that waits for the same already."""
    by_key: dict[tuple[int, str, str], Wait] = {}
    for wait in new:
        key = (wait.installation_id, wait.subject, wait.kind)
        by_key[key] = joined(by_key[key], wait) if key in by_key else wait
    for key, wait in sorted(by_key.items()):
        standing = _standing(connection, key) or _standing_at_last(connection, key)
        _put(connection, wait if standing is None else joined(standing, wait))


def claim_due(
    connection: Connection, kinds: Sequence[str], now: datetime, *, hold: timedelta, limit: int
) -> list[Wait]:
    """Take waits that are due, oldest first, and hold them for `hold`; one reader holds each."""
    moment = to_micros(now)
    asked = {"now": moment, "most": limit}
    taken = [_wait(row) for row in _CLAIM.rows(connection, kinds, asked)]
    _HOLD.run_all(connection, [{**_key(wait), "until": to_micros(now + hold)} for wait in taken])
    return taken


def take(
    connection: Connection, installation_id: int, subject: str, kind: str, now: datetime, *, hold: timedelta
) -> Wait | None:
    """Take one wait, due or not, and hold it for `hold`; None while somebody else holds it."""
    key = {"of": installation_id, "subject": subject, "kind": kind}
    moment = to_micros(now)
    held = connection.execute(
        update(waits)
        .where(
            waits.c.installation_id == installation_id,
            waits.c.subject == subject,
            waits.c.kind == kind,
            or_(waits.c.lease_until.is_(None), waits.c.lease_until <= moment),
        )
        .values(lease_until=to_micros(now + hold))
    )
    row = _STANDING.first(connection, key) if held.rowcount else None
    return None if row is None else _wait(row)


def end(connection: Connection, wait: Wait) -> None:
    """The wait is over, unless a new cause came since it was taken: then it is due as that says."""
    if not _END.run(connection, {**_key(wait), "taken": wait.version}):
        connection.execute(update(waits).where(_same(wait)).values(lease_until=None, tries=0))


def put_off(
    connection: Connection,
    wait: Wait,
    due_at: datetime,
    *,
    tries: int | None = None,
    progress: Mapping[str, Any] | None = None,
    since: datetime | None = None,
) -> None:
    """Wait on until `due_at`, with new `tries`, `progress` and `since` where given.

    A new cause since the wait was taken stands instead: it is due as that says.
    """
    values: dict[str, Any] = {"due_at": to_micros(due_at), "lease_until": None}
    if tries is not None:
        values["tries"] = tries
    if progress is not None:
        values["progress"] = json.dumps(progress)
    if since is not None:
        values["since"] = to_micros(since)
    moved = connection.execute(
        update(waits).where(_same(wait), waits.c.version == wait.version).values(**values)
    )
    if not moved.rowcount:
        connection.execute(update(waits).where(_same(wait)).values(lease_until=None))


def go_on(connection: Connection, wait: Wait, standing_on: Callable[[Wait], Wait | None]) -> None:
    """What was taken is done: `standing_on` says, of the row as it stands now, how it waits on, if at all."""
    standing = _standing(connection, (wait.installation_id, wait.subject, wait.kind))
    after = None if standing is None else standing_on(standing)
    if standing is not None and after is None:
        connection.execute(delete(waits).where(_same(wait)))
    elif after is not None:
        _put(connection, after)
        connection.execute(update(waits).where(_same(wait)).values(lease_until=None))


def of_subject(connection: Connection, installation_id: int, subject: str) -> list[Wait]:
    """What one subject waits for."""
    asked = {"of": installation_id, "subject": subject}
    return [_wait(row) for row in _OF_SUBJECT.rows(connection, asked)]


def of(connection: Connection, installation_id: int, subject: str, kind: str) -> Wait | None:
    """One wait as it stands."""
    return next((one for one in of_subject(connection, installation_id, subject) if one.kind == kind), None)


def subjects_of(connection: Connection, kind: str) -> set[tuple[int, str]]:
    """(installation id, subject) of everything that waits for this."""
    query = select(waits.c.installation_id, waits.c.subject).where(waits.c.kind == kind)
    return {(row.installation_id, row.subject) for row in connection.execute(query)}


def next_due(connection: Connection, kinds: Sequence[str]) -> datetime | None:
    """When the earliest wait of these kinds is due or comes free again; None when there is none."""
    micros = _NEXT_DUE.rows(connection, kinds, {})[0][0]
    return None if micros is None else from_micros(micros)


def _joined_detail(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The newer detail; of two times that a record must not be older than, the later one (ISO 8601, UTC)."""
    joined = {**old, **new}
    if "at_least" in old and "at_least" in new:
        joined["at_least"] = max(old["at_least"], new["at_least"])
    return joined


def _put(connection: Connection, wait: Wait) -> None:
    """Write it as it is, whoever holds it."""
    changed = ("due_at", "since", "tries", "detail", "progress", "version")
    upsert(connection, waits, [_row(wait)], replace=changed)


def _standing(connection: Connection, key: tuple[int, str, str]) -> Wait | None:
    installation_id, subject, kind = key
    row = _STANDING.first(connection, {"of": installation_id, "subject": subject, "kind": kind})
    return None if row is None else _wait(row)


def _standing_at_last(connection: Connection, key: tuple[int, str, str]) -> Wait | None:
    """A row that is not there cannot be held: of two first causes the second one waits here for the first."""
    installation_id, subject, kind = key
    lock_subjects(connection, installation_id, [f"wait:{kind}/{subject}"])
    return _standing(connection, key)


def _same(wait: Wait) -> Any:
    return and_(
        waits.c.installation_id == wait.installation_id,
        waits.c.subject == wait.subject,
        waits.c.kind == wait.kind,
    )


def _key(wait: Wait) -> dict[str, Any]:
    return {"of": wait.installation_id, "subject": wait.subject, "kind": wait.kind}


# In the order of `Wait`.
_AS_WAIT = tuple(waits.c[each.name] for each in fields(Wait))
_OF_ONE = (waits.c.installation_id == bindparam("of"), waits.c.subject == bindparam("subject"))
_OF_KEY = (*_OF_ONE, waits.c.kind == bindparam("kind"))

_OF_SUBJECT = Prepared(select(*_AS_WAIT).where(*_OF_ONE))
_STANDING = Prepared(select(*_AS_WAIT).where(*_OF_KEY).with_for_update())
_HOLD = Prepared(update(waits).where(*_OF_KEY).values(lease_until=bindparam("until")))
_END = Prepared(delete(waits).where(*_OF_KEY, waits.c.version == bindparam("taken")))
_CLAIM = PreparedList(
    lambda kinds: (
        select(*_AS_WAIT)
        .where(
            waits.c.kind.in_(kinds),
            waits.c.due_at <= bindparam("now"),
            or_(waits.c.lease_until.is_(None), waits.c.lease_until <= bindparam("now")),
        )
        .order_by(waits.c.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
)
_NEXT_DUE = PreparedList(
    lambda kinds: select(func.min(func.coalesce(waits.c.lease_until, waits.c.due_at))).where(
        waits.c.kind.in_(kinds)
    )
)


def _wait(row: Sequence[Any]) -> Wait:
    installation_id, subject, kind, due_at, since, tries, detail, progress, version = row
    return Wait(
        installation_id,
        subject,
        kind,
        from_micros(due_at),
        from_micros(since),
        tries,
        json.loads(detail),
        json.loads(progress),
        version,
    )


def _row(wait: Wait) -> dict[str, Any]:
    return {
        "installation_id": wait.installation_id,
        "subject": wait.subject,
        "kind": wait.kind,
        "due_at": to_micros(wait.due_at),
        "since": to_micros(wait.since),
        "tries": wait.tries,
        "detail": json.dumps(wait.detail),
        "progress": json.dumps(wait.progress),
        "version": wait.version,
    }
