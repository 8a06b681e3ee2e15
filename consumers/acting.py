"""Carries out what agents asked for: each action waits in the ledger until it is done or cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from sqlalchemy import Connection

from bridge.agent_action import AgentAction
from bridge.allowance import Allowance
from bridge.deciding.reading import ACTION
from bridge.deciding.steps import SAILTHRU, SAILTHRU_GET, SAILTHRU_POST
from bridge.ledger import agent_actions, postbacks, waits
from bridge.ledger.installations import Installation
from bridge.ledger.postbacks import Linkage
from bridge.ledger.quotas import Grant
from bridge.ledger.waits import Wait
from consumers import deeds, editing
from consumers.answers import Asked
from consumers.asking import Asking
from consumers.consent import CONSENTS
from consumers.parts import Parts

KINDS = (ACTION,)


def askings(
    connection: Connection, parts: Parts, installation: Installation, due: Sequence[Wait]
) -> list[Asking]:
    """What is to be done for each action that waits, in the order in which they were asked for."""
    waiting = {wait.subject.removeprefix("action:"): wait for wait in due}
    asked_for = agent_actions.some(connection, installation.id, waiting)
    for lost in waiting.keys() - {one.id for one in asked_for}:
        waits.end(connection, waiting[lost])  # forgotten, its customer with it
    linked = postbacks.linkages(connection, installation.id, {one.zendesk_id for one in asked_for})
    asked_for.sort(key=lambda one: (one.at, one.id))
    return [
        _asking(Asked(parts, installation, (waiting[one.id],), SAILTHRU), one, linked.get(one.zendesk_id))
        for one in asked_for
    ]


def _asking(asked: Asked, action: AgentAction, linkage: Linkage | None) -> Asking:
    if action.kind in CONSENTS and linkage is not None and linkage.sid is not None:
        question = partial(editing.edit, action=action, sid=linkage.sid)
        return Asking(asked, question, SAILTHRU_POST)
    return Asking(asked, partial(deeds.do, action=action), SAILTHRU_POST, is_call=False)


def grant(allowance: Allowance, planned: Sequence[Asking]) -> Grant:
    """How many may be done now. An agent waits: the reserve is theirs too."""
    calls = sum(one.is_call for one in planned)
    write = allowance.take_for_agent(SAILTHRU_POST, calls)
    # What loosens consent is read first.
    read = allowance.take_for_agent(SAILTHRU_GET, write.calls)
    granted = min(write.calls, read.calls)
    return Grant(_first(planned, granted), max(write.wait_s, read.wait_s))


def _first(planned: Iterable[Asking], calls: int) -> int:
    """How many of the first ones cost no more than so many calls."""
    count = 0
    for one in planned:
        if one.is_call and calls == 0:
            return count
        calls -= one.is_call
        count += 1
    return count
