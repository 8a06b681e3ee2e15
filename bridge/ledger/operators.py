"""Who may use the console: names, roles and hashed passwords."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from bridge.ledger.tables import operators
from bridge.ledger.writing import upsert


@dataclass(frozen=True)
class Operator:
    """One person. `password` is Argon2's own text; times are microseconds."""

    name: str
    role: str
    password: str
    created_at: int
    changed_at: int


def add(connection: Connection, operator: Operator) -> bool:
    """Keep a new one; False when the name is taken."""
    if one(connection, operator.name) is not None:
        return False
    row = {column.name: getattr(operator, column.name) for column in operators.columns}
    upsert(connection, operators, [row])
    return True


def one(connection: Connection, name: str) -> Operator | None:
    """The operator of that name."""
    row = connection.execute(select(operators).where(operators.c.name == name)).one_or_none()
    return None if row is None else Operator(**row._mapping)


def every(connection: Connection) -> list[Operator]:
    """All, by name."""
    found = connection.execute(select(operators).order_by(operators.c.name))
    return [Operator(**row._mapping) for row in found]


def set_password(connection: Connection, name: str, password: str, at: int) -> bool:
    """Another password; False when there is nobody of that name."""
    change = update(operators).where(operators.c.name == name).values(password=password, changed_at=at)
    return bool(connection.execute(change).rowcount)


def remove(connection: Connection, name: str) -> bool:
    """Forget somebody; False when there is nobody of that name."""
    return bool(connection.execute(delete(operators).where(operators.c.name == name)).rowcount)
