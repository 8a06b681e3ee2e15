"""Installations for tests about something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bridge.clock import Clock
from bridge.ledger import installations
from bridge.ledger.engine import open_engine
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.migrating import upgrade
from bridge.vault import Vault
from schemas.installation import InstallationSettings, installation_settings

KEY = "a-key-for-tests-only-0123456789-abcdef"


def acme(**options: Any) -> InstallationSettings:
    """An installation's settings with all doors open; addresses that lead nowhere."""
    return accounts(zendesk_url="https://acme.zendesk.com", api_key="acme-key", **options)


def accounts(*, zendesk_url: str, api_key: str, **options: Any) -> InstallationSettings:
    """As `acme`, with other accounts."""
    return installation_settings(
        {
            "zendesk": {
                "url": zendesk_url,
                "oauth_client_id": "bridge",
                "oauth_client_secret": "the-oauth-secret",
                "webhook_secrets": ["the-hook-secret"],
            },
            "sailthru": {"api_key": api_key, "api_secret": "the-api-secret"},
            "options": options,
        }
    )


def ledger_at(database_url: str, clock: Clock) -> Ledger:
    """A ledger with current tables."""
    engine = open_engine(database_url)
    upgrade(engine)
    return Ledger(engine, clock)


def sqlite_ledger(folder: Path, clock: Clock) -> Ledger:
    """A ledger in a folder of its own."""
    return ledger_at(f"sqlite:///{folder / 'ledger.db'}", clock)


def add(
    ledger: Ledger, vault: Vault, name: str, settings: InstallationSettings | None = None
) -> Installation:
    """Keep an installation."""
    with ledger.writing() as connection:
        return installations.add(connection, vault, name=name, settings=settings or acme(), at=ledger.now())
