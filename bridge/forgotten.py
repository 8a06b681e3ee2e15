"""Who was forgotten, told by keyed digests: the ledger knows them when they come back, and nobody else does.

A Zendesk id is forgotten for good: Zendesk gives it to nobody else. An address, or the sid of a profile, is
forgotten only for what happened before: the same person may return as a new user.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bridge.clock import to_micros
from bridge.errors import BadSettings
from bridge.ledger import forgotten, keys
from bridge.ledger.forgotten import CUSTOMER, PLACE
from bridge.ledger.writing import lock_subjects
from bridge.vault import Vault

KEY_NAME = "forgotten"
KEY_IS_LOST = (
    "the ledger says that somebody was forgotten, but not by which key; restore its table keys from a backup"
)


@dataclass(frozen=True)
class Gone:
    """Of those asked about: the Zendesk ids that were forgotten, and the places with when (microseconds)."""

    numbers: Set[int] = frozenset()
    places: Mapping[str, int] = field(default_factory=dict)

    def had(self, place: str | None, at: datetime) -> bool:
        """Whether something that happened at this place at `at` is the past of somebody forgotten."""
        return place is not None and to_micros(at) <= self.places.get(place, -1)


NOBODY = Gone()


class Forgotten:
    """Whom this ledger must not learn of again. Thread-safe.

    Everything raises `BadSettings` when the key's seal does not open: rather nothing than somebody too many.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._key: bytes | None = None

    def is_any(self, connection: Connection, installation_id: int) -> bool:
        """Whether anybody of this installation was ever forgotten."""
        return forgotten.is_any(connection, installation_id)

    def among(
        self,
        connection: Connection,
        installation_id: int,
        *,
        numbers: Iterable[int],
        places: Iterable[str] = (),
    ) -> Gone:
        """Those of these Zendesk ids, addresses and sids that were forgotten.

        Who asks before keeping anything holds the subjects (`writing.lock_subjects`): somebody may be
        forgotten at this very moment.
        """
        if not self.is_any(connection, installation_id):
            return NOBODY
        key = self._opened(connection)
        named = {digest(key, installation_id, CUSTOMER, number): number for number in numbers}
        placed = {digest(key, installation_id, PLACE, place): place for place in places}
        found = forgotten.erased_at(connection, installation_id, [*named, *placed])
        return Gone(
            frozenset(named[one] for one in found if one in named),
            {placed[one]: at for one, at in found.items() if one in placed},
        )

    def is_one(self, connection: Connection, installation_id: int, number: int) -> bool:
        """Whether this Zendesk id was forgotten; until the transaction ends the answer stays true."""
        lock_subjects(connection, installation_id, [f"user:{number}"])
        return self.since(connection, installation_id, number) is not None

    def since(self, connection: Connection, installation_id: int, number: int) -> int | None:
        """When this Zendesk id was forgotten (microseconds), None when it never was."""
        if not self.is_any(connection, installation_id):
            return None
        own = digest(self._opened(connection), installation_id, CUSTOMER, number)
        return forgotten.erased_at(connection, installation_id, [own]).get(own)

    def add(
        self, connection: Connection, installation_id: int, number: int, *, places: Iterable[str], at: int
    ) -> str:
        """Remember that this customer is forgotten, with its addresses and its sid; the customer's digest."""
        key = self._key = keys.made(connection, self._vault, KEY_NAME)
        own = digest(key, installation_id, CUSTOMER, number)
        kinds = {digest(key, installation_id, PLACE, place): PLACE for place in places} | {own: CUSTOMER}
        forgotten.add(connection, installation_id, kinds, at)
        return own

    def _opened(self, connection: Connection) -> bytes:
        """The key; it never changes once it is made."""
        if self._key is None:
            self._key = keys.opened(connection, self._vault, KEY_NAME)
        if self._key is None:
            raise BadSettings([KEY_IS_LOST])
        return self._key


def digest(key: bytes, installation_id: int, kind: str, value: Any) -> str:
    """What stands for a value in the ledger. Pure."""
    return hmac.new(key, f"{installation_id}/{kind}/{value}".encode(), hashlib.sha256).hexdigest()
