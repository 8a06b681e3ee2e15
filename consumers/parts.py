"""What the pusher and the reader of one process share."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Clock
from bridge.directory import Directory
from bridge.ledger.ledger import Ledger
from bridge.remotes.accounts import Remotes
from bridge.tracing import Tracing
from consumers.patience import PATIENT, Patience
from consumers.quota import RateNotes


@dataclass(frozen=True)
class Parts:
    """Where they read and write, whom they call, and how long they let a profile settle.

    `traces` is None where nobody traces.
    """

    ledger: Ledger
    directory: Directory
    remotes: Remotes
    rates: RateNotes
    clock: Clock
    patience: Patience = PATIENT
    traces: Tracing | None = None
