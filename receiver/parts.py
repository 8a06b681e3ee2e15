"""What the receiver stands on, handed in when the app is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client.registry import Collector

from bridge.broker.contract import Outgoing
from bridge.clock import Clock
from bridge.ledger.installations import Installation
from bridge.tracing import Tracing
from receiver.console.parts import ConsoleParts
from receiver.sidebar.parts import SidebarParts


class Directory(Protocol):
    """Who the installations are. Both raise `Unavailable` when that cannot be said."""

    def get(self, name: str) -> Installation | None:
        """The installation as it was known a moment ago."""

    def ask_now(self, name: str) -> Installation | None:
        """The installation as the ledger has it now; the last known one while the ledger is away."""


class Acceptance(Protocol):
    """Keeps what was accepted."""

    def keep(self, outgoing: Outgoing) -> str:
        """Return `published`, `spooled` or `parked` once it is durable; else raise `Unavailable`."""


@dataclass(frozen=True)
class Parts:
    """The parts of one receiver process.

    `broker_answers` and `ledger_answers` say whether each takes what is given to it now; `collectors` add to
    `/metrics` what is read at each scrape; `metrics_token` empty: only this machine may read them. `traces`
    is None where nobody traces.
    """

    directory: Directory
    acceptance: Acceptance
    clock: Clock
    new_id: Callable[[], str]
    broker_answers: Callable[[], bool]
    ledger_answers: Callable[[], bool]
    sidebar: SidebarParts
    console: ConsoleParts
    metrics_token: str = field(default="", repr=False)
    collectors: Sequence[Collector] = ()
    traces: Tracing | None = None
