"""What the sidebar stands on, handed in when the app is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.ledger.ledger import Ledger
from bridge.remotes.accounts import Remotes


@dataclass(frozen=True)
class SidebarParts:
    """The parts of one receiver process that only the sidebar needs.

    `secret_keys` sign the page's tokens, newest first; `reads_at_once` is how many requests may wait for a
    remote at the same time, so that the hooks always find a free worker.
    """

    ledger: Ledger
    remotes: Remotes
    secret_keys: Sequence[str] = field(repr=False)
    reads_at_once: int = 8
