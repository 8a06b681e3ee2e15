"""Makes webhooks and keeps their secrets: none is switched on before the ledger can verify it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bridge.errors import Refused
from bridge.ledger import set_ups
from bridge.ledger.set_ups import MADE, MAKING, REMOVING, SetUp
from bridge.remotes.zendesk_admin import WebhookForm
from bridge.remotes.zendesk_errors import FORBIDDEN
from bridge.setting_up.site import Site
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import (
    CONDITIONAL,
    EVENTS,
    RETIRED,
    TWIN,
    Asked,
    endpoint,
    mark,
    spelled,
    subscriptions_to_try,
    webhook_name,
)
from schemas.zendesk_admin import WebhookRecord

# A change of an installation is in use everywhere within this time.
ADOPTED_WITHIN_S = 5.0


def make(site: Site, asked: Asked, standing: Standing, step: Step) -> Standing:
    """Make a webhook that nothing is sent by yet."""
    address, before = endpoint(asked, step.part), standing.parts.get(step.part)
    # The secret of one that somebody deleted goes when that of the new one comes.
    old = {"secret": before.detail["secret"]} if before and "secret" in before.detail else {}
    standing = site.begin(standing, step.part, endpoint=address, **old)
    tries = subscriptions_to_try() if step.part == EVENTS else (CONDITIONAL,)
    hook = _added(site, webhook_name(site.name, step.part), address, tries)
    return site.made(standing.with_webhook(hook), step.part, hook.id)


def make_twin(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Make another webhook just like the one that it will replace."""
    first = _hook(standing, step.part.removesuffix(TWIN))
    hook = _added(site, first.name, first.endpoint, [first.subscriptions])
    return site.made(standing.with_webhook(hook), step.part, hook.id)


def keep_secret(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Read the signing secret into the ledger, in the place of the one that this webhook had before."""
    hook = _hook(standing, step.part)
    secret = site.admin.signing_secret(hook.id)
    row = standing.parts[step.part]
    with site.ledger.writing() as connection:
        account = site.account(connection)
        before = row.detail.get("secret")
        others = [one for one in account.webhook_secrets if mark(one) not in (before, mark(secret))]
        if secret not in account.webhook_secrets:
            account = site.change_account(connection, webhook_secrets=[*others, secret])
            row = replace(row, detail={**row.detail, "secret": mark(secret)}, at=site.ledger.micros())
            set_ups.keep(connection, site.installation_id, row)
    secrets = {**standing.seen.secrets, hook.id: mark(secret)}
    return replace(standing.with_part(row), account=account).with_seen(secrets=secrets)


def settle(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Wait until every process has the new secret."""
    site.pause(max(ADOPTED_WITHIN_S - site.seconds_since(standing.parts[step.part].at), 0.0))
    return site.describe(standing, step.part, is_settled=True)


def switch_on(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Let deliveries flow."""
    hook = _hook(standing, step.part)
    site.admin.change_webhook(hook.id, {"status": "active"})
    return standing.with_webhook(replace(hook, is_active=True))


def change(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Let a webhook send elsewhere, or more than before."""
    hook = _hook(standing, step.part)
    added = spelled(step.detail["types"], ())
    after = replace(hook, endpoint=step.detail["endpoint"], subscriptions=(*hook.subscriptions, *added))
    changes = {"endpoint": after.endpoint} | ({"subscriptions": list(after.subscriptions)} if added else {})
    site.admin.change_webhook(hook.id, changes)
    return site.describe(standing.with_webhook(after), step.part, endpoint=after.endpoint)


def begin_twins(site: Site, standing: Standing, parts: Iterable[str]) -> Standing:
    """Write down, all at once, which webhooks are about to be replaced."""
    expected = expected_twins(standing, parts)
    with site.ledger.writing() as connection:
        for part in expected.parts.keys() - standing.parts.keys():
            set_ups.keep(connection, site.installation_id, expected.parts[part])
    return expected


def expected_twins(standing: Standing, parts: Iterable[str]) -> Standing:
    """The record as it stands once these webhooks are about to be replaced."""
    for part in parts:
        if f"{part}{TWIN}" not in standing.parts:
            detail = {"endpoint": _hook(standing, part).endpoint}
            standing = standing.with_part(SetUp(f"{part}{TWIN}", MAKING, None, detail))
    return standing


def promote(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Let the twin stand in the record where the first one stood, in one transaction."""
    now = site.ledger.micros()
    first, twin = standing.parts[step.part], standing.parts[f"{step.part}{TWIN}"]
    retired = replace(first, part=f"{step.part}{RETIRED}", state=REMOVING, at=now)
    second = replace(twin, part=step.part, state=MADE, at=now)
    with site.ledger.writing() as connection:
        set_ups.drop(connection, site.installation_id, twin.part)
        for one in (retired, second):
            set_ups.keep(connection, site.installation_id, one)
    return standing.without_part(twin.part).with_part(retired).with_part(second)


def _added(site: Site, name: str, address: str, tries: Iterable[tuple[str, ...]]) -> WebhookRecord:
    refusal: Refused | None = None
    for subscriptions in tries:
        try:
            return site.admin.add_webhook(WebhookForm(name, address, subscriptions))
        except Refused as error:
            if error.reason == FORBIDDEN:
                raise
            refusal = error
    assert refusal is not None
    raise refusal


def _hook(standing: Standing, part: str) -> WebhookRecord:
    number = standing.id_of(part)
    return next(hook for hook in standing.seen.webhooks if hook.id == number)
