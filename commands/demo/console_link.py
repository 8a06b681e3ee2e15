"""The address that lets whoever runs the demo into its console."""

from __future__ import annotations

from bridge.people.managing import People
from bridge.people.roles import OPERATOR
from bridge.services import build
from bridge.settings import Settings
from commands.demo.stage import Stage
from commands.opening import operator


def console_link(stage: Stage) -> str:
    """An address that signs in once, within ten minutes."""
    keys = (stage.settings["SECRET_KEY"],)
    services = build(Settings(keys, stage.settings["DATABASE_URL"]))
    try:
        return stage.url + People(services.ledger, operator()).make_link(OPERATOR, keys)
    finally:
        services.close()
