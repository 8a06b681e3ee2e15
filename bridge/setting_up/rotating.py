"""From the record to the steps that give a webhook another secret without refusing one delivery. Pure.

A webhook's secret can be reset, but then the new one is known only after the old one has stopped. So a twin
is made beside it, takes over, and the first one goes.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.ledger.set_ups import MADE
from bridge.setting_up.planning import is_as_wanted, leftovers, trigger_of
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import CREATED, RETIRED, TRIGGERS, TWIN, UPDATED, WEBHOOKS, webhook_name
from schemas.zendesk_admin import WebhookRecord


def to_rotate(standing: Standing) -> tuple[str, ...]:
    """The webhooks to be given another secret: what a broken run has left of them, else all that we made."""
    if any(f"{part}{end}" in standing.parts for part in WEBHOOKS for end in (TWIN, RETIRED)):
        return tuple(part for part in WEBHOOKS if f"{part}{TWIN}" in standing.parts)
    return tuple(part for part in WEBHOOKS if _is_made(part, standing))


def rotation(name: str, parts: tuple[str, ...], standing: Standing) -> tuple[Step, ...]:
    """What is to be done for these webhooks, in this order; nothing when it is done."""
    begun = [part for part in parts if f"{part}{TWIN}" in standing.parts]
    steps = [step for part in begun for step in _steps(name, part, standing)]
    afterwards = [Step(action, f"{part}{RETIRED}") for action in ("remove", "drop_secret") for part in begun]
    return (*steps, *leftovers(standing), *afterwards)


def _steps(name: str, part: str, standing: Standing) -> Iterator[Step]:
    twin = f"{part}{TWIN}"
    yield from _taking_over(name, part, standing)
    if part == TRIGGERS:
        yield from _point(name, standing)
    if not standing.parts[twin].detail.get("is_tested"):
        yield Step("test", twin)
    yield Step("promote", part)


def _taking_over(name: str, part: str, standing: Standing) -> Iterator[Step]:
    """Let the twin send what the first one sends."""
    twin, hook = f"{part}{TWIN}", _twin(name, part, standing)
    if hook is None:
        yield Step("make", twin)
    elif not standing.is_recorded(twin):
        yield Step("take", twin, {"id": hook.id})
    if hook is None or standing.seen.secrets.get(hook.id) not in standing.marks:
        yield Step("keep_secret", twin)
    if not standing.parts[twin].detail.get("is_settled"):
        yield Step("settle", twin)
    if hook is None or not hook.is_active:
        yield Step("switch_on", twin)


def _point(name: str, standing: Standing) -> Iterator[Step]:
    """Let every trigger of ours call the twin."""
    twin = standing.id_of(f"{TRIGGERS}{TWIN}")
    for part in (CREATED, UPDATED):
        trigger = trigger_of(name, part, standing)
        if trigger is not None and (twin is None or not is_as_wanted(trigger, name, part, twin)):
            yield Step("point", part)


def _twin(name: str, part: str, standing: Standing) -> WebhookRecord | None:
    called, address = webhook_name(name, part), standing.parts[f"{part}{TWIN}"].detail.get("endpoint")
    return standing.found(
        f"{part}{TWIN}", standing.seen.webhooks, lambda one: (one.name, one.endpoint) == (called, address)
    )


def _is_made(part: str, standing: Standing) -> bool:
    row = standing.parts.get(part)
    return row is not None and row.state == MADE
