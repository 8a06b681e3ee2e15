"""What the pusher and the reader of one process share."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Clock
from bridge.directory import Directory
from bridge.ledger.ledger import Ledger
from bridge.remotes.accounts import Remotes
from consumers.quota import RateNotes


@dataclass(frozen=True)
class Parts:
    """Where they read and write, and whom they call."""

    ledger: Ledger
    directory: Directory
    remotes: Remotes
    rates: RateNotes
    clock: Clock
