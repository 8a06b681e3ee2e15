"""What an agent asked for in the sidebar, as the ledger holds it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.clock import from_micros
from schemas.agent_action import Seen, loosens
from schemas.event import Event

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

    @property
    def loosens(self) -> bool:
        """Whether it loosens consent: then it is sent only while the profile still is as it was seen."""
        return loosens(self.kind, self.value, Seen.from_record(self.seen) if self.seen else None)


def event_of(action: AgentAction, installation: str) -> Event:
    """The event that carries an action through the lane `agent`; published again, it is the same event."""
    at = from_micros(action.at)
    return Event(
        id=action.id,
        installation=installation,
        lane="agent",
        type=f"agent.{action.kind}",
        subject=f"user:{action.zendesk_id}",
        source="agent",
        occurred_at=at,
        received_at=at,
        data={
            "action": action.id,
            "value": action.value,
            "seen": action.seen,
            "confirmed": action.is_confirmed,
            "agent": action.agent,
            "claimed": action.is_claimed,
        },
    )
