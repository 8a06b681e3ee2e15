"""Takes away what was made: first noted, then deleted, then forgotten. What is gone already is no fault."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from sqlalchemy import Connection

from bridge.ledger import set_ups
from bridge.ledger.set_ups import REMOVED, REMOVING, SetUp
from bridge.remotes.zendesk_errors import NotFound
from bridge.setting_up.site import Site
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import APP, FIELD, INSTALLED, RETIRED, Asked, mark
from schemas.installation import ZendeskAccount

# Of a deleted webhook, deliveries may be under way or waiting: Zendesk tries again within a minute.
DRAINED_AFTER_S = 60.0


def remove(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Delete one part from the account, and what the ledger kept for it."""
    row = standing.parts[step.part]
    number = row.zendesk_id or step.detail["id"]
    row = replace(row, state=REMOVING, zendesk_id=number)
    standing = site.keep(standing, row)
    with suppress(NotFound):
        _delete(site, step.part, number)
    if step.part.endswith(RETIRED):
        return site.keep(standing, replace(row, state=REMOVED))
    return forget(site, _asked, standing, step)


def forget(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Leave a part where it is; take out of the ledger what was kept for it."""
    row = standing.parts[step.part]
    account = standing.account
    with site.ledger.writing() as connection:
        if "secret" in row.detail:
            account = _without_secret(site, connection, row)
        if "audience" in row.detail:
            account = _without_key(site, connection, row)
        set_ups.drop(connection, site.installation_id, step.part)
    return replace(standing.without_part(step.part), account=account)


def drop_secret(site: Site, asked: Asked, standing: Standing, step: Step) -> Standing:
    """Stop believing the secret of a webhook that is gone, once nothing of it can be under way."""
    site.pause(max(DRAINED_AFTER_S - site.seconds_since(standing.parts[step.part].at), 0.0))
    return forget(site, asked, standing, step)


def _delete(site: Site, part: str, number: str) -> None:
    if part.startswith(FIELD):
        site.admin.delete_user_field(int(number))
    elif part == APP:
        site.admin.delete_app(int(number))
    elif part == INSTALLED:
        site.admin.uninstall_app(int(number))
    elif part.startswith("trigger."):
        site.admin.delete_trigger(int(number))
    else:
        site.admin.delete_webhook(number)


def _without_secret(site: Site, connection: Connection, row: SetUp) -> ZendeskAccount:
    secrets = site.account(connection).webhook_secrets
    left = [one for one in secrets if mark(one) != row.detail["secret"]]
    return site.change_account(connection, webhook_secrets=left)


def _without_key(site: Site, connection: Connection, row: SetUp) -> ZendeskAccount:
    account = site.account(connection)
    if account.app_audience != row.detail["audience"]:  # somebody has set another app's
        return account
    return site.change_account(connection, app_public_key="", app_audience="")
