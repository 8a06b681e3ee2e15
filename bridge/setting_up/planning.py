"""From what is wanted and how the account stands to the steps between. Pure.

Whoever carries out the steps plans anew after each: what an account refuses is known only then.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.ledger.set_ups import REMOVING
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import (
    APP,
    CREATED,
    EVENTS,
    INSTALLED,
    RETIRED,
    TRIGGERS,
    UPDATED,
    WEBHOOKS,
    Asked,
    FieldWanted,
    app_name,
    endpoint,
    lacking,
    mark,
    package_mark,
    trigger_form,
    webhook_name,
)
from schemas.zendesk_admin import AppRecord, InstalledAppRecord, TriggerRecord, WebhookRecord
from schemas.zendesk_jobs import UserFieldRecord
from schemas.zendesk_types import our_name


def plan(asked: Asked, standing: Standing) -> tuple[Step, ...]:
    """What is to be done, in this order; nothing when all is as it should be."""
    return tuple(_steps(asked, standing))


def wanted_webhooks(asked: Asked, standing: Standing) -> tuple[str, ...]:
    """The webhooks that this installation needs, as far as the account has shown."""
    return WEBHOOKS if needs_triggers(asked, standing) else (EVENTS,)


def needs_triggers(asked: Asked, standing: Standing) -> bool:
    """Whether tickets are told of by triggers: they were asked for, or ticket events were refused."""
    hook = webhook_of(asked.name, EVENTS, endpoint(asked, EVENTS), standing)
    return asked.triggers or TRIGGERS in standing.parts or (hook is not None and not has_tickets(hook))


def has_tickets(hook: WebhookRecord) -> bool:
    """Whether an event webhook is told of tickets."""
    return any(our_name(name).startswith("ticket.") for name in hook.subscriptions)


def webhook_of(name: str, part: str, address: str, standing: Standing) -> WebhookRecord | None:
    """The webhook of a part: names are not unique in Zendesk, so name and endpoint count together."""
    called = webhook_name(name, part)
    hooks = sorted(standing.seen.webhooks, key=lambda hook: not hook.is_active)
    return standing.found(part, hooks, lambda hook: (hook.name, hook.endpoint) == (called, address))


def leftovers(standing: Standing) -> Iterator[Step]:
    """What the replacement of webhooks has left to do: one wait serves all secrets."""
    retired = [row for part in WEBHOOKS if (row := standing.parts.get(f"{part}{RETIRED}")) is not None]
    yield from (Step("remove", row.part) for row in retired if row.state == REMOVING)
    yield from (Step("drop_secret", row.part) for row in retired)


def _steps(asked: Asked, standing: Standing) -> Iterator[Step]:
    yield from leftovers(standing)
    yield from _webhook(asked, EVENTS, standing)
    if needs_triggers(asked, standing):
        yield from _webhook(asked, TRIGGERS, standing)
        yield from _trigger(asked, CREATED, standing)
        yield from _trigger(asked, UPDATED, standing)
    for wanted in asked.fields:
        yield from _field(wanted, standing)
    if asked.package is not None:
        yield from _app(asked, asked.package, standing)


def _webhook(asked: Asked, part: str, standing: Standing) -> Iterator[Step]:
    address = endpoint(asked, part)
    hook = webhook_of(asked.name, part, address, standing)
    if hook is None:
        yield from (Step("make", part), Step("keep_secret", part), Step("switch_on", part))
        return
    if not standing.is_recorded(part):
        yield Step("take", part, {"id": hook.id})
    if standing.seen.secrets.get(hook.id) not in standing.marks:
        yield Step("keep_secret", part)
    missing = lacking(hook.subscriptions) if part == EVENTS else ()
    if hook.endpoint != address or missing:
        yield Step("change", part, {"endpoint": address, "types": missing})
    if not hook.is_active:
        yield Step("switch_on", part)


def _trigger(asked: Asked, part: str, standing: Standing) -> Iterator[Step]:
    trigger = trigger_of(asked.name, part, standing)
    if trigger is None:
        yield Step("make", part)
        return
    if not standing.is_recorded(part):
        yield Step("take", part, {"id": str(trigger.id)})
    if not is_as_wanted(trigger, asked.name, part, standing.id_of(TRIGGERS) or trigger.webhook_id):
        yield Step("change", part)


def trigger_of(name: str, part: str, standing: Standing) -> TriggerRecord | None:
    """The trigger of a part: by its title and by whom it calls."""
    called = trigger_form(name, part, "").title
    hooks = {standing.id_of(TRIGGERS)}
    return standing.found(
        part, standing.seen.triggers, lambda one: one.title == called and one.webhook_id in hooks
    )


def is_as_wanted(trigger: TriggerRecord, name: str, part: str, webhook_id: str) -> bool:
    """Whether a trigger is on and tells that webhook what it should, when it should."""
    form = trigger_form(name, part, webhook_id)
    is_told = trigger.all_of == {form.condition} and not trigger.any_of
    return trigger.is_active and is_told and (trigger.webhook_id, trigger.body) == (webhook_id, form.body)


def _field(wanted: FieldWanted, standing: Standing) -> Iterator[Step]:
    there = next((one for one in standing.seen.fields if one.key == wanted.key), None)
    if there is None:
        yield Step("make", wanted.part)
    elif wanted.part in standing.parts and not _is_field(wanted, there, standing):
        yield Step("take", wanted.part, {"id": str(there.id)})


def _is_field(wanted: FieldWanted, there: UserFieldRecord, standing: Standing) -> bool:
    return standing.is_recorded(wanted.part) and standing.id_of(wanted.part) == str(there.id)


def _app(asked: Asked, package: bytes, standing: Standing) -> Iterator[Step]:
    app = app_of(asked.name, standing)
    if app is None:
        yield from (Step("make", APP), Step("install", INSTALLED), Step("keep_key", INSTALLED))
        return
    if not standing.is_recorded(APP):
        yield Step("take", APP, {"id": str(app.id)})
    row = standing.parts.get(APP)
    if row is None or row.detail.get("package") != package_mark(package):
        yield Step("change", APP)
    yield from _installed(app, standing)


def app_of(name: str, standing: Standing) -> AppRecord | None:
    """The sidebar app of an installation."""
    return standing.found(APP, standing.seen.apps, lambda one: one.name == app_name(name))


def installed_of(app: AppRecord, standing: Standing) -> InstalledAppRecord | None:
    """Where an app is in use."""
    return standing.found(INSTALLED, standing.seen.installed, lambda one: one.app_id == app.id)


def _installed(app: AppRecord, standing: Standing) -> Iterator[Step]:
    installed = installed_of(app, standing)
    if installed is None or installed.app_id != app.id:
        yield from (Step("install", INSTALLED), Step("keep_key", INSTALLED))
        return
    if not standing.is_recorded(INSTALLED):
        yield Step("take", INSTALLED, {"id": str(installed.id)})
    row, account = standing.parts.get(INSTALLED), standing.account
    kept = (mark(account.app_public_key), account.app_audience)
    if row is None or (row.detail.get("key"), row.detail.get("audience")) != kept:
        yield Step("keep_key", INSTALLED)
