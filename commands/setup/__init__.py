"""`bridge setup`: one command makes an installation work in Zendesk."""

from __future__ import annotations

from commands.setup.command import setup

__all__ = ["setup"]
