"""The clients of every installation, made when first asked for and again when its account changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from bridge.clock import Clock
from bridge.remotes.rates import RateReading
from bridge.remotes.sailthru import Sailthru
from bridge.remotes.transport import Transport
from bridge.remotes.zendesk import Zendesk
from schemas.installation import SailthruAccount, ZendeskAccount

if TYPE_CHECKING:
    from bridge.ledger.installations import Installation


class Remotes:
    """One client of each system per installation, all over the same kept-alive connections. Thread-safe.

    `on_rate` is called with an installation's id and what a reply said of its quota, in the caller's thread.
    """

    def __init__(self, *, clock: Clock, on_rate: Callable[[int, RateReading], None]) -> None:
        self._clock = clock
        self._on_rate = on_rate
        self._transport = Transport(clock)
        self._lock = threading.Lock()
        self._sailthru: dict[int, tuple[SailthruAccount, Sailthru]] = {}
        self._zendesk: dict[int, tuple[ZendeskAccount, Zendesk]] = {}

    def sailthru(self, installation: Installation) -> Sailthru:
        """The client for this installation's Sailthru account as it is set now."""
        account = installation.settings.sailthru
        with self._lock:
            known = self._sailthru.get(installation.id)
            if known is None or known[0] != account:
                known = (account, self._new_sailthru(installation.id, account))
                self._sailthru[installation.id] = known
            return known[1]

    def zendesk(self, installation: Installation) -> Zendesk:
        """The client for this installation's Zendesk account as it is set now; it keeps the OAuth token."""
        account = installation.settings.zendesk
        with self._lock:
            known = self._zendesk.get(installation.id)
            if known is None or known[0] != account:
                known = (account, self._new_zendesk(installation.id, account))
                self._zendesk[installation.id] = known
            return known[1]

    def forget(self, installation_id: int) -> None:
        """Drop the clients, and with them the secrets, of an installation that was removed."""
        with self._lock:
            self._sailthru.pop(installation_id, None)
            self._zendesk.pop(installation_id, None)

    def close(self) -> None:
        """Let go of all connections; calls under way finish."""
        self._transport.close()

    def _new_sailthru(self, installation_id: int, account: SailthruAccount) -> Sailthru:
        on_rate = partial(self._on_rate, installation_id)
        return Sailthru(account, clock=self._clock, on_rate=on_rate, transport=self._transport)

    def _new_zendesk(self, installation_id: int, account: ZendeskAccount) -> Zendesk:
        on_rate = partial(self._on_rate, installation_id)
        return Zendesk(account, clock=self._clock, on_rate=on_rate, transport=self._transport)
