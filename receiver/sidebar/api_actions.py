"""What agents do: kept in the ledger and published, never carried out while the page waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from flask import Response, request
from sqlalchemy import Connection

from bridge.agent_action import FAILED, SAVING, UNDONE, AgentAction, event_of
from bridge.errors import Rejected
from bridge.forgotten import Forgotten
from bridge.ledger import agent_actions, agents, customers, events, facts, mailing_lists
from bridge.ledger.ledger import Ledger
from bridge.tracing import Tracing
from receiver.answers import answer
from receiver.parts import Acceptance
from receiver.publishing import publish
from receiver.sidebar import shown
from receiver.sidebar.asking import (
    Circumstances,
    NotAccepted,
    action_id,
    check,
    first_state,
    hold_until,
    retry_key,
)
from receiver.sidebar.json_body import json_body
from receiver.sidebar.seals import Seals
from receiver.sidebar.sessions import Session
from schemas.agent_action import Asked, BadAction, read_asked

MOST_IDS = 50
# An action whose event is not in the ledger after so long was not published: its process may have died.
SURELY_LOST_US = 2_000_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Actions:
    """The calls about actions."""

    ledger: Ledger
    acceptance: Acceptance
    seals: Seals
    forgotten: Forgotten
    traces: Tracing | None = None

    def accept(self, session: Session) -> Response:
        """Keep what was asked for. No remote is called."""
        try:
            asked = read_asked(json_body())
            action = self._action(session, asked)
            return self._accepted(session, self._keep(session, asked, action))
        except BadAction as error:
            return answer(400, error="bad_action", message="; ".join(error.faults))
        except NotAccepted as error:
            return answer(error.status, error=error.code, message=error.words)

    def states(self, session: Session) -> Response:
        """What became of actions, by the ledger's word."""
        ids = [one for one in request.args.get("ids", "").split(",") if one][:MOST_IDS]
        with self.ledger.reading() as connection:
            found = agent_actions.some(connection, session.installation.id, ids)
            known = _agents(connection, session, found)
        return answer(200, actions=[shown.action(one, known) for one in found])

    def undo(self, session: Session, action: str) -> Response:
        """Take a held action back."""
        _require_agent(session)
        with self.ledger.writing() as connection:
            undone = agent_actions.undo(connection, session.installation.id, action, self.ledger.micros())
            standing = _standing(connection, session, action)
            known = _agents(connection, session, [standing])
        if not undone and standing.state != UNDONE:
            return answer(
                409, error="sent", message="It was sent already.", action=shown.action(standing, known)
            )
        return answer(200, action=shown.action(standing, known))

    def retry(self, session: Session, action: str) -> Response:
        """The same once more, as an action of its own."""
        agent = _require_agent(session)
        with self.ledger.writing() as connection:
            old = _standing(connection, session, action)
            if old.state != FAILED or old.loosens:
                # Who gets more mail than before is asked anew, with what the profile says now.
                return answer(409, error="not_retried", message="Reload the customer and choose again.")
            new = self._begun(
                replace(
                    old,
                    id=action_id(session.installation.id, retry_key(old)),
                    agent=agent,
                    is_claimed=session.token.is_claimed,
                )
            )
            kept = agent_actions.accept(connection, new)
        return self._accepted(session, kept)

    def _action(self, session: Session, asked: Asked) -> AgentAction:
        seen = asked.seen and self.seals.opened(asked.seen, session.installation.id, asked.user)
        return self._begun(
            AgentAction(
                id=action_id(session.installation.id, asked.key),
                installation_id=session.installation.id,
                zendesk_id=asked.user,
                kind=asked.kind,
                value=asked.value,
                at=0,
                state=SAVING,
                seen=seen.to_record() if seen else None,
                is_confirmed=asked.is_confirmed,
                agent=_require_agent(session),
                is_claimed=session.token.is_claimed,
            )
        )

    def _begun(self, action: AgentAction) -> AgentAction:
        """The action as it begins now."""
        at = self.ledger.micros()
        return replace(
            action,
            at=at,
            state=first_state(action.kind),
            hold_until=hold_until(action.kind, at),
            reason="",
            sent_at=None,
            finished_at=None,
        )

    def _keep(self, session: Session, asked: Asked, action: AgentAction) -> AgentAction:
        installation_id = session.installation.id
        with self.ledger.writing() as connection:
            standing = agent_actions.one(connection, installation_id, action.id)
            if standing is not None:
                return standing
            seen = asked.seen and self.seals.opened(asked.seen, installation_id, asked.user)
            if self.forgotten.is_one(connection, installation_id, asked.user):
                raise NotAccepted(404, "unknown_customer", "The bridge was told to forget this customer.")
            check(asked, seen or None, _circumstances(connection, installation_id, asked.user))
            return agent_actions.accept(connection, action)

    def _accepted(self, session: Session, kept: AgentAction) -> Response:
        if kept.state == SAVING and self._is_to_publish(kept):
            self._publish(session, kept)
        log.info(
            "An agent's action was accepted.",
            action="agent_action_accepted",
            installation=session.installation.name,
            kind=kept.kind,
            state=kept.state,
            id=kept.id,
        )
        with self.ledger.reading() as connection:
            known = _agents(connection, session, [kept])
        return answer(202, action=shown.action(kept, known))

    def _is_to_publish(self, kept: AgentAction) -> bool:
        now = self.ledger.micros()
        if kept.at >= now - SURELY_LOST_US:
            return True
        with self.ledger.reading() as connection:
            return not events.exists(connection, kept.installation_id, kept.id)

    def _publish(self, session: Session, kept: AgentAction) -> None:
        publish(event_of(kept, session.installation.name), self.acceptance, self.traces)


def _require_agent(session: Session) -> int:
    """Whoever acts is named. Raises `Rejected` (403) while nobody said who looks at the page."""
    if session.token.agent is None:
        raise Rejected("agent_unknown", 403, "The page did not say who looks at it.")
    return session.token.agent


def _standing(connection: Connection, session: Session, action: str) -> AgentAction:
    found = agent_actions.one(connection, session.installation.id, action)
    if found is None:
        raise Rejected("unknown_action", 404)
    return found


def _agents(
    connection: Connection, session: Session, shown_actions: Sequence[AgentAction]
) -> dict[int, agents.Agent]:
    ids = {one.agent for one in shown_actions if one.agent is not None}
    return agents.some(connection, session.installation.id, ids)


def _circumstances(connection: Connection, installation_id: int, zendesk_id: int) -> Circumstances:
    return Circumstances(
        customers.one(connection, installation_id, zendesk_id),
        facts.of_customers(connection, installation_id, [zendesk_id])[zendesk_id],
        mailing_lists.known(connection, installation_id).names,
    )
