"""The whole product on one machine, with stand-ins for Zendesk and Sailthru."""

from __future__ import annotations

from commands.demo.command import demo

__all__ = ["demo"]
