"""An agent at the sidebar, for stories: what the receiver does when it accepts an action."""

from __future__ import annotations

import itertools
from typing import Any

from bridge.agent_action import HELD, SAVING, AgentAction, event_of
from bridge.clock import to_micros
from bridge.ledger import agent_actions
from schemas.agent_action import LIST_REMOVE
from schemas.event import Event
from tests.scenarios.story import Person, Story


class Desk:
    """An agent at the sidebar."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._numbers = itertools.count(1)

    def asks(self, person: Person, kind: str, value: Any, **more: Any) -> str:
        """The action is accepted, and its event published unless it is held. Its id."""
        action = self.accepts(person, kind, value, **more)
        if kind != LIST_REMOVE:
            self.story.world.publish([self.event(action)])
        return action

    def accepts(self, person: Person, kind: str, value: Any, **more: Any) -> str:
        """The action is accepted, and its event not published yet. Its id."""
        story = self.story
        profile = story.sailthru.by_sid(person.sid)
        shown = {
            "optout": profile.optout_email if profile else None,
            "lists": sorted(profile.lists) if profile else [],
            "read_at": story.clock.now().isoformat(),
        }
        at = to_micros(story.clock.now())
        held = at + 5_000_000 if kind == LIST_REMOVE else None
        action = AgentAction(
            id=f"action-{next(self._numbers)}",
            installation_id=story.world.installation.id,
            zendesk_id=person.id,
            kind=kind,
            value=value,
            at=at,
            state=HELD if held else SAVING,
            seen=more.pop("seen", shown),
            is_confirmed=True,
            agent=123,
            hold_until=held,
        )
        with story.world.ledger.writing() as connection:
            agent_actions.accept(connection, action)
        return action.id

    def event(self, action: str) -> Event:
        """What carries it through the lane."""
        return event_of(self._standing(action), "acme")

    def state(self, action: str) -> tuple[str, str]:
        """The ledger's word: state and reason."""
        found = self._standing(action)
        return found.state, found.reason

    def _standing(self, action: str) -> AgentAction:
        with self.story.world.ledger.reading() as connection:
            found = agent_actions.one(connection, self.story.world.installation.id, action)
        assert found is not None
        return found
