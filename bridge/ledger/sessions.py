"""Who is signed in to the console, and the links that sign in once."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select, update

from bridge.ledger.tables import sessions, sign_in_links, sign_in_tries


@dataclass(frozen=True)
class Session:
    """One browser that is signed in. `via` is `password` or `link`; times are microseconds."""

    id: str
    name: str
    role: str
    via: str
    created_at: int
    expires_at: int


@dataclass(frozen=True)
class Link:
    """An address that signs in once, made for `name`."""

    id: str
    name: str
    role: str
    expires_at: int


def begin(connection: Connection, session: Session) -> None:
    """Sign somebody in."""
    connection.execute(insert(sessions).values(asdict(session)))


def standing(connection: Connection, id: str, now: int) -> Session | None:  # noqa: A002 - the table's word
    """The session with that id, unless it ended."""
    found = connection.execute(select(sessions).where(sessions.c.id == id, sessions.c.expires_at > now))
    row = found.one_or_none()
    return None if row is None else Session(**row._mapping)


def every(connection: Connection, now: int) -> list[Session]:
    """All that did not end, oldest first."""
    query = select(sessions).where(sessions.c.expires_at > now).order_by(sessions.c.created_at)
    return [Session(**row._mapping) for row in connection.execute(query)]


def end(connection: Connection, id: str) -> None:  # noqa: A002
    """Sign one browser out."""
    connection.execute(delete(sessions).where(sessions.c.id == id))


def end_of(connection: Connection, name: str) -> int:
    """Sign a name out wherever it is signed in; in how many browsers that was."""
    return connection.execute(delete(sessions).where(sessions.c.name == name)).rowcount


def end_all(connection: Connection) -> int:
    """Sign everybody out, and let no link sign in any more; how many browsers were signed in."""
    connection.execute(delete(sign_in_links))
    return connection.execute(delete(sessions)).rowcount


def make_link(connection: Connection, link: Link) -> None:
    """Keep a link that may be used once."""
    connection.execute(insert(sign_in_links).values(asdict(link)))


def use_link(connection: Connection, id: str, now: int) -> Link | None:  # noqa: A002
    """Use a link up; None when it was used already, is too old, or was never made."""
    good = (sign_in_links.c.id == id, sign_in_links.c.used_at.is_(None), sign_in_links.c.expires_at > now)
    if not connection.execute(update(sign_in_links).where(*good).values(used_at=now)).rowcount:
        return None
    row = connection.execute(select(sign_in_links).where(sign_in_links.c.id == id)).one()
    return Link(row.id, row.name, row.role, row.expires_at)


def forget_ended(connection: Connection, now: int) -> None:
    """Delete what says nothing any more: ended sessions, old links, tries that no longer count."""
    for ended in (sessions.c.expires_at, sign_in_links.c.expires_at, sign_in_tries.c.used_up_at):
        connection.execute(delete(ended.table).where(ended <= now))
