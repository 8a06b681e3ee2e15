"""Looks for dead letters: some of them in pages, all of them in groups. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, distinct, func, or_, select, tuple_
from sqlalchemy.sql.functions import coalesce

from bridge.ledger.dead import DROPPED, OPEN, DeadLetter, letter_of
from bridge.ledger.tables import dead_letters
from bridge.ledger.writing import chunks

MOST_GROUPS = 200


@dataclass(frozen=True)
class DeadFilter:
    """Which dead letters; an empty field means any.

    `type` is a whole type (`push.write`) or its first part (`push`); `customers` are (installation id,
    Zendesk id), None: any; `since` and `until` are microseconds, by when the letter was last seen; `up_to`
    leaves out letters with a greater number; `fresh` those that died again of the same after a replay.
    """

    ids: Collection[int] = ()
    installation_id: int | None = None
    lane: str = ""
    lanes: Collection[str] = ()
    type: str = ""
    reason: str = ""
    zendesk_id: int | None = None
    customers: Collection[tuple[int, int]] | None = None
    group: str = ""
    since: int | None = None
    until: int | None = None
    state: str = OPEN
    up_to: int | None = None
    fresh: bool = False


@dataclass(frozen=True)
class Group:
    """Letters that died of the same: how many, since when, and whom they hit.

    `example` is the number of the newest; `consents` are those that hold up what a customer wants of mail;
    `again` those that died again after a replay.
    """

    fingerprint: str
    letters: int
    first_seen: int
    last_seen: int
    customers: int
    consents: int
    installations: int
    again: int
    example: int


def some(connection: Connection, wanted: DeadFilter, *, limit: int, after: int = 0) -> list[DeadLetter]:
    """Letters, oldest first, from the one after number `after`."""
    query = select(dead_letters).where(*_where(wanted), dead_letters.c.id > after)
    found = connection.execute(query.order_by(dead_letters.c.id).limit(limit))
    return [letter_of(row) for row in found]


def dropped(connection: Connection, *, limit: int, before: int | None = None) -> list[DeadLetter]:
    """Letters that were given up, the greatest number first, below number `before`."""
    query = select(dead_letters).where(dead_letters.c.state == DROPPED)
    if before is not None:
        query = query.where(dead_letters.c.id < before)
    return [
        letter_of(row) for row in connection.execute(query.order_by(dead_letters.c.id.desc()).limit(limit))
    ]


def numbers(connection: Connection, wanted: DeadFilter, *, limit: int | None = None) -> list[int]:
    """The numbers of letters, oldest first."""
    query = select(dead_letters.c.id).where(*_where(wanted)).order_by(dead_letters.c.id)
    return list(connection.scalars(query.limit(limit)))


def count(connection: Connection, wanted: DeadFilter) -> int:
    """How many letters these are."""
    query = select(func.count()).select_from(dead_letters).where(*_where(wanted))
    return connection.scalar(query) or 0


def groups(connection: Connection, wanted: DeadFilter, *, limit: int = MOST_GROUPS) -> list[Group]:
    """Letters by what they died of, the largest group first."""
    table = dead_letters.c
    # By installation first: one customer's number may be another one's in another account.
    part = (
        select(
            table.fingerprint,
            table.installation_id,
            func.count().label("letters"),
            func.min(table.first_seen).label("first_seen"),
            func.max(table.last_seen).label("last_seen"),
            func.count(distinct(table.zendesk_id)).label("customers"),
            func.count().filter(table.is_about_consent).label("consents"),
            func.count().filter(table.died_again).label("again"),
            func.max(table.id).label("example"),
        )
        .where(*_where(wanted))
        .group_by(table.fingerprint, table.installation_id)
        .subquery()
    )
    letters = func.sum(part.c.letters)
    query = (
        select(
            part.c.fingerprint,
            letters,
            func.min(part.c.first_seen),
            func.max(part.c.last_seen),
            func.sum(part.c.customers),
            func.sum(part.c.consents),
            func.count(),
            func.sum(part.c.again),
            func.max(part.c.example),
        )
        .group_by(part.c.fingerprint)
        .order_by(letters.desc(), part.c.fingerprint)
        .limit(limit)
    )
    return [Group(row[0], *(int(value) for value in row[1:])) for row in connection.execute(query)]


def by_numbers(connection: Connection, ids: Collection[int]) -> dict[int, DeadLetter]:
    """Letters by their numbers, whatever their state."""
    found: dict[int, DeadLetter] = {}
    for part in chunks(ids):
        rows = connection.execute(select(dead_letters).where(dead_letters.c.id.in_(part)))
        found.update((row.id, letter_of(row)) for row in rows)
    return found


def died_again(connection: Connection, replay_ids: Collection[int]) -> dict[int, int]:
    """Of each replay of many, how many of its letters are open again, dead of the same."""
    query = select(dead_letters.c.replay_id, func.count()).where(
        dead_letters.c.replay_id.in_(replay_ids), dead_letters.c.died_again, dead_letters.c.state == OPEN
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(dead_letters.c.replay_id))}


def _where(wanted: DeadFilter) -> list[ColumnElement[bool]]:
    table = dead_letters.c
    where: list[ColumnElement[bool]] = [table.state == wanted.state]
    where += [
        column == value
        for column, value in (
            (table.installation_id, wanted.installation_id),
            (table.lane, wanted.lane or None),
            (table.reason, wanted.reason or None),
            (table.zendesk_id, wanted.zendesk_id),
            (table.fingerprint, wanted.group or None),
        )
        if value is not None
    ]
    if wanted.lanes:
        where.append(table.lane.in_(wanted.lanes))
    if wanted.type:
        kinds = table.type.startswith(f"{wanted.type}.", autoescape=True)
        where.append(or_(table.type == wanted.type, kinds))
    if wanted.customers is not None:
        named = tuple_(table.installation_id, coalesce(table.zendesk_id, 0))
        where.append(named.in_(list(wanted.customers)))
    return where + _bounds(wanted)


def _bounds(wanted: DeadFilter) -> list[ColumnElement[bool]]:
    table = dead_letters.c
    where: list[ColumnElement[bool]] = []
    if wanted.ids:
        where.append(table.id.in_(wanted.ids))
    if wanted.since is not None:
        where.append(table.last_seen >= wanted.since)
    if wanted.until is not None:
        where.append(table.last_seen < wanted.until)
    if wanted.up_to is not None:
        where.append(table.id <= wanted.up_to)
    if wanted.fresh:
        where.append(and_(~table.died_again))
    return where


def samples(connection: Connection, ids: Sequence[int], most: int) -> list[DeadLetter]:
    """At most so many of these letters, taken evenly from first to last."""
    step = max(1, -(-len(ids) // most))
    found = by_numbers(connection, ids[::step])
    return [found[number] for number in sorted(found)]
