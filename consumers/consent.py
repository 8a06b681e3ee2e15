"""Whether an agent's change of lists or opt-out may be sent now, and what is sent. Pure.

No machine loosens consent: what gives a customer more mail is sent only while the profile still shows what
the agent saw, and nothing that Sailthru told since says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.agent_action import AgentAction
from schemas.agent_action import LIST_ADD, LIST_REMOVE, SET_OPTOUT, Seen
from schemas.sailthru_records import Profile

CONSENTS = (SET_OPTOUT, LIST_REMOVE, LIST_ADD)

SEND = "send"
DONE = "done"  # the profile is so already
CHANGED = "changed"  # it is no longer what the agent saw
GONE = "gone"  # there is no such profile any more


@dataclass(frozen=True)
class Edit:
    """What one call says: the opt-out, None to leave it, and lists by name, 1 to join and 0 to leave."""

    optout: str | None = None
    lists: Mapping[str, int] = field(default_factory=dict)


def edit_of(action: AgentAction) -> Edit:
    """What an action of one of the kinds in `CONSENTS` says to Sailthru."""
    if action.kind == SET_OPTOUT:
        return Edit(optout=action.value)
    return Edit(lists={action.value: 1 if action.kind == LIST_ADD else 0})


def same_target(one: AgentAction, other: AgentAction) -> bool:
    """Whether both change the same thing, so that the later one counts: a list, or the opt-out."""
    if SET_OPTOUT in (one.kind, other.kind):
        return one.kind == other.kind
    return bool(one.value == other.value)


def ruling(action: AgentAction, profile: Profile | None, *, was_told_otherwise: bool) -> str:
    """What becomes of an action that loosens consent, by the profile read just now.

    `was_told_otherwise`: Sailthru told of a change of this customer since the agent's page was read.
    """
    if profile is None:
        return GONE
    if _is_so(action, profile):
        return DONE
    if was_told_otherwise or action.seen is None:
        return CHANGED
    return SEND if _is_as_seen(action, profile, Seen.from_record(action.seen)) else CHANGED


def _is_so(action: AgentAction, profile: Profile) -> bool:
    if action.kind == SET_OPTOUT:
        return bool(profile.optout_email == action.value)
    return (action.value in profile.lists) == (action.kind == LIST_ADD)


def _is_as_seen(action: AgentAction, profile: Profile, seen: Seen) -> bool:
    if profile.optout_email != seen.optout:
        return False
    return action.kind == SET_OPTOUT or (action.value in profile.lists) == (action.value in seen.lists)
