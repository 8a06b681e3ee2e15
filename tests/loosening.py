"""Every way in which an agent's choice gives a customer more mail than before, as dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bridge.ledger.dead import DeadLetter
from schemas.agent_action import LIST_ADD, SET_OPTOUT
from schemas.event import Event

AT = datetime(2026, 11, 22, 9, 55, 16, tzinfo=UTC)

# kind, value, and the opt-out that the agent saw; None: nobody saw one
CHOICES: Sequence[tuple[str, Any, str | None]] = (
    (SET_OPTOUT, "basic", "all"),
    (SET_OPTOUT, "none", "all"),
    (SET_OPTOUT, "none", "basic"),
    (SET_OPTOUT, "basic", None),
    (SET_OPTOUT, "none", None),
    (LIST_ADD, "News", "none"),
    (LIST_ADD, "News", None),
)


def letters(installation_id: int) -> list[DeadLetter]:
    """One letter for each choice, each dead of something else than changed consent."""
    return [_letter(installation_id, f"choice-{n}", *choice) for n, choice in enumerate(CHOICES)]


def _letter(installation_id: int, name: str, kind: str, value: Any, before: str | None) -> DeadLetter:
    seen = None if before is None else {"optout": before, "lists": [], "read_at": AT.isoformat()}
    data = {"action": name, "value": value, "seen": seen, "confirmed": True, "agent": 5, "claimed": False}
    event = Event(name, "acme", "agent", f"agent.{kind}", "user:7", "agent", AT, AT, data)
    return DeadLetter(
        installation_id,
        "agent",
        f"agent.{kind}",
        "given_up",
        "The bridge tried 99 times.",
        event_id=name,
        zendesk_id=7,
        data={"event": event.to_bytes().decode("ascii")},
    )
