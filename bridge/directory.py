"""The installations as one process knows them: read anew every few seconds, kept while the ledger is away."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection

from bridge import metrics
from bridge.errors import Unavailable
from bridge.forgotten import Forgotten
from bridge.ledger import installations
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.vault import KEY_IS_GONE, Vault

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Known:
    """What was read last. `sealed` names those that stand in the ledger but whose secrets do not open."""

    versions: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    by_id: Mapping[int, Installation] = field(default_factory=dict)
    by_name: Mapping[str, Installation] = field(default_factory=dict)
    sealed: Mapping[int, str] = field(default_factory=dict)


class Directory:
    """Says who is who without asking the ledger each time. Thread-safe.

    A change in the ledger is seen after at most `fresh_s` seconds and the time of one reading. All methods
    raise `Unavailable("ledger")` while none were ever read; so do those that ask for one whose secrets do
    not open. `forgotten` says of whom nothing must be kept in any of them.
    """

    def __init__(self, ledger: Ledger, vault: Vault, fresh_s: float = 2.0) -> None:
        self._ledger = ledger
        self._vault = vault
        self.forgotten = Forgotten(vault)
        self._fresh_s = fresh_s
        self._reader = threading.Lock()
        self._known: _Known | None = None
        self._asked_at = float("-inf")

    def get(self, name: str) -> Installation | None:
        """The installation of that name, or None."""
        return _named(self._fresh(), name)

    def by_id(self, id: int) -> Installation | None:  # noqa: A002 - the ledger's word
        """The installation with that id, or None."""
        known = self._fresh()
        if id in known.sealed and id not in known.by_id:
            raise Unavailable("ledger", KEY_IS_GONE)
        return known.by_id.get(id)

    def known(self) -> Mapping[int, Installation]:
        """All installations by their ids; without those whose secrets do not open. Costs nothing to ask."""
        return self._fresh().by_id

    def all(self) -> list[Installation]:
        """All installations, by name; without those whose secrets do not open."""
        return sorted(self._fresh().by_id.values(), key=lambda one: one.name)

    def ask_now(self, name: str) -> Installation | None:
        """As `get`, but asks the ledger first: before a sender is told no.

        While the ledger is away the last known installation stands; if that name is not known, raises.
        """
        with self._reader:
            try:
                return _named(self._read(), name)
            except Unavailable:
                if self._known is None or name not in self._known.by_name:
                    raise
                return self._known.by_name[name]

    def _fresh(self) -> _Known:
        known = self._known
        if known is not None and self._is_fresh():
            return known
        # One thread reads while the others go on with what is known; only the first reading is waited for.
        if self._reader.acquire(blocking=known is None):
            try:
                return self._read_if_older()
            finally:
                self._reader.release()
        assert known is not None
        return known

    def _read_if_older(self) -> _Known:
        if self._known is not None and self._is_fresh():
            return self._known
        try:
            return self._read()
        except Unavailable:
            if self._known is None:
                raise
            return self._known

    def _is_fresh(self) -> bool:
        return self._ledger.clock.monotonic() - self._asked_at < self._fresh_s

    def _read(self) -> _Known:
        # Set before the reading: a ledger that is away is asked once in a while, not by everybody at once.
        self._asked_at = self._ledger.clock.monotonic()
        with self._ledger.reading() as connection:
            self._known = _reading(connection, self._vault, before=self._known or _Known())
        metrics.installations_are(len(self._known.versions))
        return self._known


def _reading(connection: Connection, vault: Vault, *, before: _Known) -> _Known:
    """What stands now. Only what changed is opened: with thousands of them opening takes longer."""
    versions = installations.versions(connection)
    wanted = {one for one in versions if versions[one] != before.versions.get(one) or one in before.sealed}
    found = installations.opened(connection, vault, ids=wanted)
    sealed = {number: versions[number][0] for number, one in found.items() if one is None}
    for number in sealed.keys() - before.sealed.keys():
        log.error(KEY_IS_GONE, action="installation_sealed", installation=sealed[number])
    kept = {number: one for number, one in before.by_id.items() if number in versions}
    by_id = kept | {number: one for number, one in found.items() if one is not None}
    return _Known(versions, by_id, by_name={one.name: one for one in by_id.values()}, sealed=sealed)


def _named(known: _Known, name: str) -> Installation | None:
    if name in known.sealed.values() and name not in known.by_name:
        raise Unavailable("ledger", KEY_IS_GONE)
    return known.by_name.get(name)
