"""Makes the triggers that tell of tickets, and lets them call another webhook."""

from __future__ import annotations

from bridge.errors import Refused
from bridge.remotes.zendesk_admin import TriggerForm
from bridge.remotes.zendesk_errors import FORBIDDEN
from bridge.setting_up.site import Site
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import TRIGGERS, TWIN, Asked, trigger_form
from schemas.zendesk_admin import TriggerRecord


def make(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Make a trigger; in the first category there is, where the account wants one."""
    standing = site.begin(standing, step.part)
    trigger = _added(site, _form(site, standing, step.part, TRIGGERS))
    return site.made(standing.with_trigger(trigger), step.part, trigger.id)


def change(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Put a trigger right."""
    return _changed(site, standing, step.part, TRIGGERS)


def point(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Let a trigger call the twin of its webhook."""
    return _changed(site, standing, step.part, f"{TRIGGERS}{TWIN}")


def _added(site: Site, form: TriggerForm) -> TriggerRecord:
    try:
        return site.admin.add_trigger(form)
    except Refused as error:
        categories = () if error.reason == FORBIDDEN else site.admin.trigger_categories()
        if not categories:
            raise
        return site.admin.add_trigger(form, categories[0])


def _changed(site: Site, standing: Standing, part: str, hook: str) -> Standing:
    form = _form(site, standing, part, hook)
    number = int(standing.parts[part].zendesk_id or 0)
    site.admin.change_trigger(number, form)
    after = TriggerRecord(
        number,
        form.title,
        is_active=True,
        webhook_id=form.webhook_id,
        body=form.body,
        all_of=frozenset((form.condition,)),
        any_of=frozenset(),
    )
    return standing.with_trigger(after)


def _form(site: Site, standing: Standing, part: str, hook: str) -> TriggerForm:
    return trigger_form(site.name, part, standing.id_of(hook) or "")
