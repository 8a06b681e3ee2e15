"""Keeps agents' actions moving: those held are sent when their time has come, those whose facts are in
Sailthru are saved, and one whose event never came through the lane is kept from the ledger."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from bridge.agent_action import AgentAction, event_of
from bridge.clock import to_micros
from bridge.customer import NO_EMAIL, NO_PROFILE, PROFILE_GONE, TAKEN
from bridge.deciding.reading import meaning
from bridge.errors import Unavailable
from bridge.ledger import agent_actions
from bridge.ledger.agent_actions import EndedAction
from bridge.ledger.events import APPLIED
from consumers.admitting import Meant
from consumers.keeping import keep_events
from consumers.parts import Parts
from schemas.agent_action import SET_HEALTH, SET_SYNC

BUSY_S = 0.1
IDLE_S = 0.5
MOST = 100
SURELY_LOST = timedelta(seconds=10)  # by then an event that was published has been kept
WITHOUT_PROFILE = (NO_EMAIL, NO_PROFILE, PROFILE_GONE, TAKEN)  # the fact is kept for the day there is one
BY_FACTS = (SET_HEALTH, SET_SYNC)  # these are done when the push that brings their fact is


@dataclass
class Desk:
    """One process's. `kept` is called when something is to be pushed or done."""

    parts: Parts
    kept: Callable[[], None] = lambda: None
    wake: threading.Event = field(default_factory=threading.Event)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        while not stop.is_set():
            try:
                self.step()
                is_busy = self._is_any_open()
            except Unavailable:
                is_busy = False
            self.wake.wait(BUSY_S if is_busy else IDLE_S)
            self.wake.clear()

    def step(self) -> int:
        """Do what is to be done now; how many actions went on."""
        if not self._is_any_open():
            return 0
        with self.parts.ledger.writing() as connection:
            sent = self._send(connection)
            saved = self._save(connection)
        if sent:
            self.kept()
        return sent + saved

    def _is_any_open(self) -> bool:
        """Asked without keeping writers waiting."""
        with self.parts.ledger.reading() as connection:
            return agent_actions.is_any_open(connection)

    def _send(self, connection: Connection) -> int:
        """Keep the events of actions that are to go out now, in the transaction that says so."""
        now = self.parts.clock.now()
        sent = agent_actions.release(connection, to_micros(now), limit=MOST)
        sent += agent_actions.unpublished(connection, to_micros(now - SURELY_LOST), limit=MOST)
        by_installation: dict[int, list[AgentAction]] = defaultdict(list)
        for action in sent:
            by_installation[action.installation_id].append(action)
        for number, actions in sorted(by_installation.items()):
            self._keep(connection, number, actions)
        return len(sent)

    def _keep(self, connection: Connection, installation_id: int, actions: Sequence[AgentAction]) -> None:
        installation = self.parts.directory.known().get(installation_id)
        if installation is None:
            return
        carried = [event_of(action, installation.name) for action in actions]
        batch = [Meant(event, meaning(event)) for event in carried]
        keep_events(
            connection,
            installation_id,
            batch,
            self.parts.clock.now(),
            self.parts.patience,
            forgotten=self.parts.directory.forgotten,
        )

    def _save(self, connection: Connection) -> int:
        """End what others have done, or cannot do as long as there is no profile."""
        now = to_micros(self.parts.clock.now())
        ended = agent_actions.ended_with_events(connection, BY_FACTS, limit=MOST)
        for one in ended:
            agent_actions.finish(connection, one.installation_id, [one.id], now, reason=_why_not(one))
        stuck = agent_actions.of_customers_in(connection, BY_FACTS, WITHOUT_PROFILE, limit=MOST)
        for action, state in stuck:
            agent_actions.finish(connection, action.installation_id, [action.id], now, reason=state)
        return len(ended) + len(stuck)


def _why_not(ended: EndedAction) -> str:
    """A short code; empty when it was applied."""
    if ended.outcome == APPLIED:
        return ""
    return ended.reason.replace(" ", "_") or ended.outcome
