"""Reads how an account stands: all lists that a set-up needs, the record, and the ledger's own side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from bridge.errors import BadSettings
from bridge.ledger import installations, set_ups
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.set_ups import SetUp
from bridge.remotes.zendesk_admin import ZendeskAdmin
from bridge.setting_up.standing import Seen, Standing
from bridge.setting_up.wanted import APP, mark, title
from bridge.vault import Vault
from schemas.zendesk_admin import WebhookRecord


def kept_installation(connection: Connection, vault: Vault, installation_id: int) -> Installation:
    """The installation as the ledger has it now. Raises `BadSettings` when it is gone or does not open."""
    found = installations.opened(connection, vault, ids=[installation_id]).get(installation_id)
    if found is None:
        raise BadSettings(["the installation was removed meanwhile; see: bridge installations list"])
    return found


def look(
    ledger: Ledger, vault: Vault, admin: ZendeskAdmin, installation: Installation, *, with_apps: bool
) -> Standing:
    """Everything that decides; changes nothing. Raises what the calls raise."""
    with ledger.reading() as connection:
        parts = set_ups.parts_of(connection, installation.id)
    hooks = _ours(admin.webhooks(title(installation.name)), installation.name, parts)
    with_apps = with_apps or APP in parts
    seen = Seen(
        webhooks=hooks,
        triggers=admin.triggers(),
        fields=admin.user_fields(),
        apps=admin.apps() if with_apps else (),
        installed=admin.installed_apps() if with_apps else (),
        secrets={hook.id: mark(admin.signing_secret(hook.id)) for hook in hooks},
    )
    with ledger.reading() as connection:
        kept = kept_installation(connection, vault, installation.id)
    return Standing(seen, parts, kept.settings.zendesk)


def _ours(hooks: Iterable[WebhookRecord], name: str, parts: Mapping[str, SetUp]) -> tuple[WebhookRecord, ...]:
    """Those of this installation: nobody else's secrets are asked for, whatever the account has listed."""
    known = {row.zendesk_id for row in parts.values()}
    return tuple(hook for hook in hooks if hook.name.startswith(title(name)) or hook.id in known)
