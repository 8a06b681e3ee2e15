"""Zendesk's agent view as an app beside a ticket knows it: tickets, a frame, the SDK, signed tokens."""

from __future__ import annotations

from sandbox.agent_view.view import AgentView

__all__ = ["AgentView"]
