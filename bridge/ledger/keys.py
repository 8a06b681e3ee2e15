"""Keys of the ledger's own, each made once and sealed: they outlive every SECRET_KEY that seals them."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, select, update

from bridge.ledger.tables import keys
from bridge.ledger.writing import upsert
from bridge.vault import Vault


def opened(connection: Connection, vault: Vault, name: str) -> bytes | None:
    """The key of that name, None while none was made. Raises `BadSettings` when it does not open."""
    sealed = connection.scalar(select(keys.c.sealed).where(keys.c.name == name))
    return None if sealed is None else vault.open(sealed).encode()


def made(connection: Connection, vault: Vault, name: str) -> bytes:
    """The key of that name; of two who make it at once both have the first one's."""
    upsert(connection, keys, [{"name": name, "sealed": vault.seal(secrets.token_urlsafe(32))}])
    found = opened(connection, vault, name)
    assert found is not None
    return found


def rewrap(connection: Connection, vault: Vault) -> int:
    """Seal all keys with the newest SECRET_KEY; how many were sealed with another one."""
    old = [row for row in connection.execute(select(keys)) if not vault.is_newest(row.sealed)]
    for row in old:
        connection.execute(
            update(keys).where(keys.c.name == row.name).values(sealed=vault.rewrap(row.sealed))
        )
    return len(old)


def are_newest(connection: Connection, vault: Vault) -> bool:
    """Whether the newest SECRET_KEY opens all of them."""
    return all(vault.is_newest(sealed) for sealed in connection.scalars(select(keys.c.sealed)))
