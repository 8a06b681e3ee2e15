"""The one place that wires: settings in, everything a process works with out. Nothing here connects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from bridge.broker.contract import Broker
from bridge.broker.opening import open_broker
from bridge.clock import Clock, SystemClock
from bridge.directory import Directory
from bridge.ledger.engine import open_engine
from bridge.ledger.ledger import Ledger
from bridge.ledger.revision import require_current
from bridge.rate_board import RateBoard
from bridge.remotes.accounts import Remotes
from bridge.settings import Settings
from bridge.tracing import Tracing, open_traces
from bridge.vault import Vault


@dataclass(frozen=True)
class Services:
    """What a process works with."""

    settings: Settings
    clock: Clock
    ledger: Ledger
    vault: Vault
    directory: Directory
    broker: Broker
    remotes: Remotes
    rates: RateBoard
    log: Any
    traces: Tracing | None = None

    def close(self) -> None:
        """Let go of the remotes, the broker and the database, and send the spans that were not sent yet."""
        if self.traces is not None:
            self.traces.close()
        self.remotes.close()
        self.broker.close()
        self.ledger.engine.dispose()


def build(settings: Settings, clock: Clock | None = None, *, part: str = "") -> Services:
    """Wire everything. Raises `BadSettings` for addresses nobody can open.

    `part` is the process that this is, whose spans are told; empty for a command, which tells none.
    """
    clock = clock or SystemClock()
    ledger = Ledger(open_engine(settings.database_url), clock)
    vault = Vault(settings.secret_keys)
    rates = RateBoard()
    return Services(
        settings,
        clock,
        ledger=ledger,
        vault=vault,
        directory=Directory(ledger, vault),
        broker=open_broker(settings.broker_url, ledger),
        remotes=Remotes(clock=clock, on_rate=rates.put),
        rates=rates,
        log=structlog.get_logger("bridge"),
        traces=open_traces(settings.traces_url, settings.traces_share, part=part),
    )


def require_ready(services: Services) -> None:
    """What a process asks before it works: the ledger's tables are current and the broker's queues fit.

    Raises `BadSettings` with the command that helps, or `Unavailable` while the ledger or the broker is away.
    """
    require_current(services.ledger)
    services.broker.declare()
