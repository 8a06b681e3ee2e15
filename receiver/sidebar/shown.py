"""Actions and moments as the page gets them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.agent_action import HELD, AgentAction
from bridge.clock import from_micros
from bridge.ledger.agents import Agent


def moment(micros: int | None) -> str | None:
    """ISO 8601 UTC with milliseconds, for the page's own clock counts down by it."""
    if micros is None:
        return None
    return from_micros(micros).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def agent_name(agent: int | None, agents: Mapping[int, Agent]) -> str | None:
    """The agent's name, as far as it is known; else the id."""
    if agent is None:
        return None
    known = agents.get(agent)
    return known.name if known is not None and known.name else str(agent)


def action(one: AgentAction, agents: Mapping[int, Agent]) -> dict[str, Any]:
    """One action."""
    return {
        "id": one.id,
        "user": one.zendesk_id,
        "kind": one.kind,
        "value": one.value,
        "state": one.state,
        "reason": one.reason or None,
        "hold_until": moment(one.hold_until) if one.state == HELD else None,
        "at": moment(one.at),
        "agent": agent_name(one.agent, agents),
        "agent_id": None if one.agent is None else str(one.agent),
        "is_claimed": one.is_claimed,
    }
