"""Installations in the ledger. Addresses, ids and options stand there readable, secrets sealed."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bridge.clock import from_micros, to_micros
from bridge.errors import BadSettings
from bridge.ledger.tables import installations as table
from bridge.ledger.writing import chunks
from bridge.vault import Vault
from schemas.installation import InstallationSettings, as_record, installation_settings
from schemas.installation_secrets import joined, split

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Installation:
    """One pair of accounts. `id` is the ledger's, `name` the operator's; `updated_at` grows."""

    id: int
    name: str
    settings: InstallationSettings
    updated_at: datetime


@dataclass(frozen=True)
class Listed:
    """What a list shows of an installation; its secrets stay sealed. `updated_at` in microseconds."""

    id: int
    name: str
    zendesk_url: str
    sailthru_url: str
    updated_at: int


@dataclass(frozen=True)
class SameAccount:
    """Another installation (`name`) with the same account of a system (`zendesk` or `sailthru`)."""

    name: str
    system: str


def add(
    connection: Connection, vault: Vault, *, name: str, settings: InstallationSettings, at: datetime
) -> Installation:
    """Keep a new installation. Raises `BadSettings` for a name that is taken or cannot be one."""
    if not NAME.fullmatch(name):
        raise BadSettings(
            [f"{name!r} is no name: it needs 1 to 63 small letters, digits and hyphens, no hyphen first"]
        )
    if connection.scalar(select(table.c.id).where(table.c.name == name)) is not None:
        raise BadSettings(
            [f"an installation named {name} exists already; change it with: bridge installations set {name}"]
        )
    values = {
        "name": name,
        "created_at": to_micros(at),
        "updated_at": to_micros(at),
        **_sealed(vault, settings),
    }
    number = connection.execute(table.insert().values(values).returning(table.c.id)).scalar_one()
    return Installation(number, name, settings=settings, updated_at=at)


def by_name(connection: Connection, vault: Vault, *, name: str) -> Installation | None:
    """The installation of that name, or None. Raises `BadSettings` when its secrets do not open."""
    row = connection.execute(_standing().where(table.c.name == name)).one_or_none()
    return None if row is None else _installation(row, vault)


def every(connection: Connection, vault: Vault) -> list[Installation]:
    """All installations, by name. Raises `BadSettings` when the secrets of one do not open."""
    return [_installation(row, vault) for row in connection.execute(_standing().order_by(table.c.name))]


def listed(connection: Connection) -> list[Listed]:
    """All installations, by name, those too whose secrets do not open."""
    query = select(table.c.id, table.c.name, table.c.settings, table.c.updated_at).where(_stands())
    found = [(row, json.loads(row.settings)) for row in connection.execute(query.order_by(table.c.name))]
    return [
        Listed(row.id, row.name, public["zendesk"]["url"], public["sailthru"]["url"], row.updated_at)
        for row, public in found
    ]


def opened(connection: Connection, vault: Vault, *, ids: Collection[int]) -> dict[int, Installation | None]:
    """The installations with these ids; None for one whose secrets do not open."""
    return {
        row.id: _installation_or_none(row, vault)
        for some in chunks(ids)
        for row in connection.execute(_standing().where(table.c.id.in_(some)))
    }


def versions(connection: Connection) -> dict[int, tuple[str, int]]:
    """What stands now, without opening a secret: id -> (name, version); a change makes another version."""
    found = connection.execute(select(table.c.id, table.c.name, table.c.updated_at).where(_stands()))
    return {row.id: (row.name, row.updated_at) for row in found}


def replace(
    connection: Connection,
    vault: Vault,
    *,
    id: int,  # noqa: A002
    settings: InstallationSettings,
    at: datetime,
) -> None:
    """Give an installation new settings."""
    before = connection.execute(select(table.c.updated_at).where(table.c.id == id)).scalar_one()
    # Processes notice a change by this number alone: it must grow even if the clock does not.
    version = max(to_micros(at), before + 1)
    values = {"updated_at": version, **_sealed(vault, settings)}
    connection.execute(update(table).where(table.c.id == id).values(values))


def remove(connection: Connection, id: int, *, at: datetime) -> None:  # noqa: A002
    """Remove an installation: its secrets at once, its other rows by and by; its name may be used again."""
    name = connection.execute(select(table.c.name).where(table.c.id == id)).scalar_one()
    values = {
        "name": f"{name} (removed, {id})",
        "secrets": "",
        "removed_at": to_micros(at),
        "updated_at": to_micros(at),
    }
    connection.execute(update(table).where(table.c.id == id, _stands()).values(values))


def same_accounts(
    connection: Connection, settings: InstallationSettings, *, besides: Collection[int] = ()
) -> list[SameAccount]:
    """The other installations with the same Zendesk or Sailthru account; none with an id in `besides`."""
    found = connection.execute(select(table.c.id, table.c.name, table.c.settings).where(_stands()))
    ours = _accounts(as_record(settings))
    return [
        SameAccount(row.name, system)
        for row in found
        if row.id not in besides
        for system, account in _accounts(json.loads(row.settings)).items()
        if account == ours[system]
    ]


def rewrap(connection: Connection, vault: Vault) -> int:
    """Seal all secrets with the newest key; return how many were sealed with another.

    Raises `BadSettings` when the secrets of one do not open.
    """
    old = [row for row in connection.execute(_standing()) if not vault.is_newest(row.secrets)]
    for row in old:
        connection.execute(
            update(table).where(table.c.id == row.id).values(secrets=vault.rewrap(row.secrets))
        )
    return len(old)


def _accounts(record: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        "zendesk": (record["zendesk"]["url"],),
        "sailthru": (record["sailthru"]["url"], record["sailthru"]["api_key"]),
    }


def _stands() -> Any:
    return table.c.removed_at.is_(None)


def _standing() -> Any:
    return select(table.c.id, table.c.name, table.c.settings, table.c.secrets, table.c.updated_at).where(
        _stands()
    )


def _sealed(vault: Vault, settings: InstallationSettings) -> dict[str, str]:
    public, secret = split(as_record(settings))
    return {"settings": json.dumps(public), "secrets": vault.seal(json.dumps(secret))}


def _installation(row: Row[Any], vault: Vault) -> Installation:
    record = joined(json.loads(row.settings), json.loads(vault.open(row.secrets)))
    return Installation(
        row.id, row.name, settings=installation_settings(record), updated_at=from_micros(row.updated_at)
    )


def _installation_or_none(row: Row[Any], vault: Vault) -> Installation | None:
    try:
        return _installation(row, vault)
    except BadSettings:
        return None
