"""Waits for calls out of the quota, for work at which somebody watches and which hurries nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.allowance import Allowance
from bridge.clock import Clock
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger

LEAST_PAUSE_S = 0.05


@dataclass(frozen=True)
class Granting:
    """Takes calls out of one installation's buckets; `pause` waits so many seconds."""

    ledger: Ledger
    installation: Installation
    clock: Clock
    pause: Callable[[float], object]

    def one(self, bucket: str) -> None:
        """Wait until one call of ordinary work may be made."""
        while not self._take(bucket):
            continue

    def _take(self, bucket: str) -> int:
        with self.ledger.writing() as connection:
            grant = Allowance(connection, self.installation, self.clock).take(bucket, 1)
        if not grant.calls:
            self.pause(max(LEAST_PAUSE_S, grant.wait_s))
        return grant.calls
