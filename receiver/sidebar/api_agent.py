"""Who looks at the page, where Zendesk's token did not say: checked once to be active staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from bridge.allowance import Allowance
from bridge.clock import Clock, to_micros
from bridge.errors import BridgeError, Rejected, Unavailable
from bridge.ledger import agents
from bridge.ledger.agents import Agent
from bridge.ledger.installations import Installation
from bridge.remotes.zendesk_errors import NotFound
from receiver.sidebar.asking import END_USER
from receiver.sidebar.json_body import json_body
from receiver.sidebar.parts import SidebarParts
from receiver.sidebar.sessions import Session, Sessions
from receiver.turnstile import Turnstile
from schemas.spelling import plain_text, zendesk_id

KNOWN_FOR_US = 12 * 3600 * 1_000_000  # whoever leaves the team is found out within half a day
READ_S = 3.0
LONGEST_NAME = 200


@dataclass(frozen=True)
class Claims:
    """The call by which a page says who looks at it."""

    parts: SidebarParts
    clock: Clock
    sessions: Sessions
    turnstile: Turnstile

    def claim(self, session: Session) -> Response:
        """A token that names the agent; 403 when Zendesk does not know the id as active staff."""
        agent = self._known(session.installation, _id(json_body()))
        if not agent.is_staff:
            raise Rejected("not_staff", 403, "Zendesk does not list this id as active staff.")
        if session.token.agent == agent.zendesk_id:  # Zendesk's own token said so
            return self.sessions.grant(session.token)
        if session.token.agent is not None and not session.token.is_claimed:
            raise Rejected("not_staff", 403, "Zendesk's token names somebody else.")
        return self.sessions.grant(self.sessions.tokens.claimed(session.token, agent.zendesk_id))

    def _known(self, installation: Installation, number: int) -> Agent:
        now = to_micros(self.clock.now())
        with self.parts.ledger.reading() as connection:
            known = agents.one(connection, installation.id, number)
        if known is not None and now - known.read_at < KNOWN_FOR_US:
            return known
        read = self._read(installation, number, now)
        with self.parts.ledger.writing() as connection:
            agents.keep(connection, installation.id, read)
        return read

    def _read(self, installation: Installation, number: int, now: int) -> Agent:
        with self.turnstile.passing() as may_pass:
            if not may_pass or not self._may_call(installation):
                raise Unavailable(
                    "zendesk", "the quota or the receiver's share of waiting requests is used up"
                )
            try:
                path = f"/api/v2/users/{number}"
                reading = self.parts.remotes.zendesk(installation).get(path, read_s=READ_S)
            except NotFound:
                return Agent(number, "", is_staff=False, read_at=now)
            except BridgeError as error:
                raise Unavailable("zendesk", str(error)) from None
        return _agent(number, reading.value, now)

    def _may_call(self, installation: Installation) -> bool:
        with self.parts.ledger.writing() as connection:
            allowance = Allowance(connection, installation, self.clock)
            return allowance.take_for_agent("zendesk", 1).calls == 1


def _id(body: Any) -> int:
    try:
        number = zendesk_id(body.get("id")) if isinstance(body, Mapping) else None
    except ValueError:
        number = None
    if number is None:
        raise Rejected("no_id", 400)
    return number


def _agent(number: int, record: Any, now: int) -> Agent:
    """What Zendesk's record says; whoever it does not say to be active staff is not."""
    user = record.get("user") if isinstance(record, Mapping) else None
    known: Mapping[str, Any] = user if isinstance(user, Mapping) else {}
    is_staff = (
        known.get("id") == number
        and known.get("role") not in (None, END_USER)
        and known.get("active") is True
        and known.get("suspended") is not True
    )
    return Agent(number, _name(known), is_staff=is_staff, read_at=now)


def _name(known: Mapping[str, Any]) -> str:
    try:
        return plain_text(known.get("name"))[:LONGEST_NAME]
    except ValueError:
        return ""
