"""What the console stands on, handed in when the app is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.broker.contract import Broker, Publisher
from bridge.clock import Clock
from bridge.directory import Directory
from bridge.ledger.ledger import Ledger
from bridge.remotes.accounts import Remotes


@dataclass(frozen=True)
class ConsoleParts:
    """The parts of one receiver process that only the console needs.

    `secret_keys` sign cookies and forms, newest first. `pages_at_once` and `streams_at_once` bound what the
    console may take of the process, so that the hooks always find it free; a page waits for a place up to
    `busy_after_s` seconds.
    """

    ledger: Ledger
    broker: Broker
    publisher: Publisher
    directory: Directory
    remotes: Remotes
    clock: Clock
    secret_keys: Sequence[str] = field(repr=False)
    pages_at_once: int = 4
    busy_after_s: float = 5.0
    streams_at_once: int = 25
