"""From the record to the steps that take away what was made, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.ledger.set_ups import FOUND, MAKING, REMOVED, SetUp
from bridge.setting_up.planning import app_of, trigger_of
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import (
    APP,
    CREATED,
    EVENTS,
    FIELD,
    INSTALLED,
    RETIRED,
    TRIGGERS,
    TWIN,
    UPDATED,
    webhook_name,
)

# Triggers before the webhook that they call; an app is taken out of use before it is deleted.
ORDER = (
    CREATED,
    UPDATED,
    *(f"{part}{end}" for part in (EVENTS, TRIGGERS) for end in (RETIRED, TWIN, "")),
    INSTALLED,
    APP,
)


def removal(name: str, standing: Standing) -> tuple[Step, ...]:
    """What is to be done, in this order; nothing when nothing was ever made."""
    fields = sorted(part for part in standing.parts if part.startswith(FIELD))
    return tuple(
        step
        for part in (*ORDER, *fields)
        if (row := standing.parts.get(part)) is not None
        for step in _steps(name, row, standing)
    )


def _steps(name: str, row: SetUp, standing: Standing) -> Iterator[Step]:
    if row.state in (FOUND, REMOVED):
        yield Step("forget", row.part)
        return
    number = row.zendesk_id or (_begun(name, row.part, standing) if row.state == MAKING else None)
    yield Step("forget", row.part) if number is None else Step("remove", row.part, {"id": number})


def _begun(name: str, part: str, standing: Standing) -> str | None:
    """The number of what a broken run began to make, and may have made."""
    if part.startswith(FIELD):
        there = next((one.id for one in standing.seen.fields if f"{FIELD}{one.key}" == part), None)
        return None if there is None else str(there)
    if part in (CREATED, UPDATED):
        trigger = trigger_of(name, part, standing)
        return None if trigger is None else str(trigger.id)
    if part == APP:
        app = app_of(name, standing)
        return None if app is None else str(app.id)
    if part == INSTALLED:  # it goes with the app
        return None
    return _webhook(name, part, standing)


def _webhook(name: str, part: str, standing: Standing) -> str | None:
    called = webhook_name(name, EVENTS if part.startswith(EVENTS) else TRIGGERS)
    address = standing.parts[part].detail.get("endpoint")
    hook = standing.found(
        part, standing.seen.webhooks, lambda one: (one.name, one.endpoint) == (called, address)
    )
    return None if hook is None else hook.id
