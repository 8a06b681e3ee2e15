"""Adds and removes operators, makes links, signs people out; each is noted beside what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from bridge.errors import BadSettings
from bridge.ledger import actions, operators, sessions
from bridge.ledger.ledger import Ledger
from bridge.ledger.operators import Operator
from bridge.ledger.sessions import Link
from bridge.people.passwords import Passwords
from bridge.people.roles import faults_of, is_name
from bridge.people.signed_ids import LINK, SignedIds, new_id

LINK_LIFE_S = 600
SECOND = 1_000_000


@dataclass(frozen=True)
class People:
    """What whoever holds the server may do about operators. `by` is their own name."""

    ledger: Ledger
    by: str
    passwords: Passwords = field(default_factory=Passwords)

    def add(self, name: str, role: str, password: str) -> Operator:
        """Add somebody. Raises `BadSettings`."""
        _require(_faults_of_name(name) + faults_of(password, name))
        now = self.ledger.micros()
        new = Operator(name, role, self.passwords.hashed(password), created_at=now, changed_at=now)
        with self.ledger.writing() as connection:
            if not operators.add(connection, new):
                raise BadSettings([f"there is an operator {name} already; see: bridge console users list"])
            self._note(connection, "operator_added", name, role=role)
        return new

    def set_password(self, name: str, password: str) -> int:
        """Give somebody another password, and sign them out; in how many browsers. Raises `BadSettings`."""
        _require(faults_of(password, name))
        hashed = self.passwords.hashed(password)
        with self.ledger.writing() as connection:
            if not operators.set_password(connection, name, hashed, self.ledger.micros()):
                raise BadSettings([_nobody(name)])
            self._note(connection, "operator_password_set", name)
            return sessions.end_of(connection, name)

    def remove(self, name: str) -> int:
        """Remove somebody, and sign them out; in how many browsers. Raises `BadSettings`."""
        with self.ledger.writing() as connection:
            if not operators.remove(connection, name):
                raise BadSettings([_nobody(name)])
            self._note(connection, "operator_removed", name)
            return sessions.end_of(connection, name)

    def sign_out(self, name: str | None) -> int:
        """End the sessions of one name, or of all, links included; how many there were."""
        with self.ledger.writing() as connection:
            self._note(connection, "signed_out", name or "everybody")
            return sessions.end_all(connection) if name is None else sessions.end_of(connection, name)

    def make_link(self, role: str, secret_keys: Sequence[str]) -> str:
        """The path, after the receiver's own address, of a link that signs in once within `LINK_LIFE_S`."""
        link = Link(new_id(), self.by, role, self.ledger.micros() + LINK_LIFE_S * SECOND)
        with self.ledger.writing() as connection:
            sessions.make_link(connection, link)
            self._note(connection, "sign_in_link_made", self.by, role=role)
        return f"/console/link/{SignedIds(secret_keys, LINK).signed(link.id)}"

    def _note(self, connection: Connection, action: str, target: str, **detail: str) -> None:
        now = self.ledger.micros()
        actions.note(connection, now, operator=self.by, action=action, target=target, detail=detail)


def _faults_of_name(name: str) -> list[str]:
    if is_name(name):
        return []
    return ["a name has lower-case letters, digits, dots, dashes and underscores, at most 64 of them"]


def _nobody(name: str) -> str:
    return f"there is no operator {name}; see: bridge console users list"


def _require(faults: Sequence[str]) -> None:
    if faults:
        raise BadSettings(faults)
