"""What one step, event or action would do if it were taken now, in words and fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.customer import EMAIL, Known
from bridge.deciding import planning
from bridge.deciding.reading import Meaning
from bridge.deciding.steps import Create, LookUp, Rest, Write
from bridge.deciding.to_zendesk import planning as back
from bridge.deciding.to_zendesk import steps as back_steps
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.fingerprint import SAILTHRU, ZENDESK
from schemas.agent_action import LIST_REMOVE, SET_OPTOUT
from schemas.event import Event

# What it would come to.
NOTHING = "nothing"
SENT = "sent"
READ_FIRST = "read first"

HOLDS_OTHER, HOLDS_NOBODY_KNOWS, NEVER_SENT = "differs", "unknown", "never sent"


@dataclass(frozen=True)
class Change:
    """One field that would be written. `holds` is what the system holds there now, as far as is known."""

    system: str
    field: str
    value: Any
    holds: str


@dataclass(frozen=True)
class Foretold:
    """What would be done in one direction: one of the outcomes above, `words` without addresses."""

    outcome: str
    words: str
    changes: tuple[Change, ...] = ()


def of_hints(meant: Sequence[Meaning]) -> Foretold:
    """What follows from events that state no facts."""
    if any(one.profile is not None for one in meant):
        return Foretold(READ_FIRST, "the profile would be read in Sailthru; what it says is then sent on")
    if any(one.hints for one in meant):
        return Foretold(READ_FIRST, "the record would be read in Zendesk; what it says is then sent on")
    return Foretold(NOTHING, "nothing would change: the event says nothing that the bridge keeps")


def of_action(event: Event) -> Foretold | None:
    """What an agent asked to be done; health and sync are facts and told as such."""
    kind, value = event.type.removeprefix("agent."), event.data.get("value")
    if kind == SET_OPTOUT:
        change = Change(SAILTHRU, "optout_email", value, HOLDS_NOBODY_KNOWS)
        return Foretold(
            SENT, "the stricter opt-out would be sent, unless somebody chose otherwise since", (change,)
        )
    if kind == LIST_REMOVE:
        change = Change(SAILTHRU, f"lists/{value}", 0, HOLDS_NOBODY_KNOWS)
        return Foretold(
            SENT, "the customer would leave the list, unless somebody chose otherwise since", (change,)
        )
    if kind in ("health", "sync"):
        return None
    return Foretold(NOTHING, "nothing would change: the agent's action has ended; the agent may ask again")


def to_sailthru(standing: planning.Standing) -> Foretold:
    """What the push to Sailthru would begin with."""
    step = planning.next_step(standing)
    known = standing.customer.known
    match step:
        case Rest(outcome=None):
            told = Foretold(READ_FIRST, "the customer waits to be read in Zendesk first")
        case Rest():
            state = step.state.replace("_", " ")
            told = Foretold(NOTHING, f"nothing would change: the customer is {state}")
        case Write():
            moved = {EMAIL: step.email} if step.email is not None else {}
            told = Foretold(SENT, "would be sent to Sailthru", _changes(known, {**step.vars, **moved}))
        case Create():
            told = Foretold(SENT, "a profile would be made in Sailthru", _changes(known, step.vars))
        case LookUp():
            words = "the profile would be looked up in Sailthru first; found, it is sent what it lacks"
            told = Foretold(READ_FIRST, words, _changes(known, standing.wanted()))
        case _:
            told = Foretold(READ_FIRST, f"first comes a question: {step.action.replace('_', ' ')}")
    return told


def _changes(known: Mapping[str, Known], wanted: Mapping[str, Any]) -> tuple[Change, ...]:
    return tuple(
        Change(SAILTHRU, name, value, _holds(known.get(name))) for name, value in sorted(wanted.items())
    )


def _holds(known: Known | None) -> str:
    if known is None:
        return NEVER_SENT
    return HOLDS_OTHER if known.digest else HOLDS_NOBODY_KNOWS


def to_zendesk(standing: back.Standing) -> Foretold:
    """What the push to Zendesk would begin with."""
    step = back.next_step(standing)
    known = standing.user.known
    if isinstance(step, back_steps.SetFields):
        changes = tuple(
            Change(ZENDESK, name, value, _holds(known.get(name)))
            for name, value in sorted(step.values.items())
        )
        return Foretold(SENT, "would be sent to Zendesk", changes)
    if isinstance(step, back_steps.TagUser | back_steps.TagTicket):
        change = Change(ZENDESK, f"tag {HIGH_VALUE_TAG}", step.adds, HOLDS_NOBODY_KNOWS)
        return Foretold(SENT, "would be sent to Zendesk", (change,))
    if isinstance(step, back_steps.AskFields):
        return Foretold(READ_FIRST, "the account would be asked first which user fields it has")
    return Foretold(NOTHING, f"nothing would change in Zendesk{': ' + step.reason if step.reason else ''}")
