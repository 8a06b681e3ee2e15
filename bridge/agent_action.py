"""What an agent asked for in the sidebar, as the ledger holds it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# States. The page shows them; `held` and `saving` are not at their end.
HELD = "held"  # can be undone until it is sent
SAVING = "saving"
SAVED = "saved"
FAILED = "failed"
UNDONE = "undone"
OPEN = (HELD, SAVING)


@dataclass(frozen=True)
class AgentAction:
    """One row of the table `agent_actions`. Times are microseconds since the epoch.

    `seen` is what the agent saw of the profile (`schemas.agent_action.Seen` as a record), None where it does
    not matter. `agent` is a Zendesk id; `is_claimed` when only the page said who it was. `reason` of a
    failed one is a short code.
    """

    id: str
    installation_id: int
    zendesk_id: int
    kind: str
    value: Any
    at: int
    state: str
    seen: Mapping[str, Any] | None = None
    is_confirmed: bool = False
    agent: int | None = None
    is_claimed: bool = False
    reason: str = ""
    hold_until: int | None = None
    sent_at: int | None = None
    finished_at: int | None = None
