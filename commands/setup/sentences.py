"""What `bridge setup` says: the parts and steps in words, and what is left for a person to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.ledger.installations import Installation
from bridge.setting_up.planning import has_tickets
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
    Asked,
)

NOUNS = {
    EVENTS: "webhook for events",
    TRIGGERS: "webhook for triggers",
    CREATED: "trigger for new tickets",
    UPDATED: "trigger for changed tickets",
    APP: "sidebar app",
    INSTALLED: "installation of the sidebar app",
}
STEPS = {
    "make": "make the {noun}",
    "take": "go on with the {noun} that is there",
    "change": "correct the {noun}",
    "keep_secret": "keep the signing secret of the {noun}",
    "switch_on": "switch on the {noun}",
    "install": "install the sidebar app",
    "keep_key": "keep the key of the sidebar app",
    "remove": "delete the {noun}",
    "forget": "leave the {noun}, which setup did not make",
    "settle": "wait five seconds, until every process has the new secret",
    "point": "let the {noun} call the second webhook",
    "test": "send a test through the {noun}",
    "promote": "put the second {noun} in the place of the first",
    "drop_secret": "wait a minute for deliveries under way, then drop the old secret",
}
GOES_ON = "What was done is noted: run the same command again, and it goes on from there."


def noun(part: str) -> str:
    """A part, in words."""
    if part.endswith(TWIN):
        return f"second {noun(part.removesuffix(TWIN))}"
    if part.endswith(RETIRED):
        return f"old {noun(part.removesuffix(RETIRED))}"
    return NOUNS.get(part) or f"user field {part.removeprefix(FIELD)}"


def said(step: Step) -> str:
    """A step, in words."""
    return STEPS[step.action].format(noun=noun(step.part))


def by_hand(asked: Asked) -> list[str]:
    """What nobody can do but a person in Sailthru's pages."""
    return [
        "In Sailthru, under Settings, Setup, API & Postbacks, enter "
        f"{asked.url}/hooks/{asked.name}/sailthru/postbacks for opt-out and for hard bounce. "
        "Once Sailthru's support has switched it on, for update too.",
    ]


def notes(asked: Asked, one: Installation, standing: Standing) -> Iterator[str]:
    """What is otherwise than was wanted, and why."""
    hook = next((hook for hook in standing.seen.webhooks if hook.id == standing.id_of(EVENTS)), None)
    if hook is None and not asked.triggers:
        yield "If the account takes no ticket events, the webhook and the triggers for tickets come along."
    if hook is not None and not has_tickets(hook):
        yield "This account takes no ticket events: triggers tell of new and changed tickets instead."
    there = {field.key: field for field in standing.seen.fields}
    for wanted in asked.fields:
        field = there.get(wanted.key)
        if field is not None and field.type and field.type != wanted.type:
            yield (
                f"The user field {wanted.key} was there before, of type {field.type} instead of "
                f"{wanted.type}; Zendesk may refuse its values. Delete it, then run the same command again."
            )
        elif field is not None and not field.is_active:
            yield f"The user field {wanted.key} is switched off: switch it on in Zendesk's Admin Center."
    if one.settings.zendesk.api_token:
        yield "Zendesk ends API tokens on 2027-04-30: make an OAuth client and set it in the installation."
