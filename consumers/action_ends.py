"""How an agent's action ends: its row, its event, its wait, and what is to be read or told because of it."""

from __future__ import annotations

from sqlalchemy import Connection

from bridge.agent_action import FAILED, SAVED, AgentAction
from bridge.clock import to_micros
from bridge.ledger import agent_actions, attempts, dead, events, waits
from bridge.ledger.attempts import Finished
from bridge.ledger.waits import Wait
from consumers import profile_waits
from consumers.answers import Asked
from consumers.patience import Cause


def save(asked: Asked, action: AgentAction, *, again: Wait | None = None) -> None:
    """It is done. `again`: the wait by which it is sent once more."""
    now = asked.parts.clock.now()
    with asked.parts.ledger.writing() as connection:
        if not _stands(connection, asked, action):
            return
        end(connection, asked, action, "", again=again)
        # What we wrote is a change like any other: what the profile says now is read once it has settled.
        cause = Cause(action.zendesk_id, hinted_at=now)
        profile_waits.add(connection, action.installation_id, [cause], asked.parts.patience, now)
        attempts.finish(connection, [_finished(action, attempts.CONFIRMED)], to_micros(now))
        dead.close_event(connection, action.installation_id, action.id)


def fail(asked: Asked, action: AgentAction, reason: str, words: str) -> None:
    """It cannot be done: a dead letter says why."""
    now = to_micros(asked.parts.clock.now())
    with asked.parts.ledger.writing() as connection:
        if not _stands(connection, asked, action):
            return
        end(connection, asked, action, reason, outcome=events.DEAD)
        attempts.finish(connection, [_finished(action, attempts.REFUSED, words)], now)
        dead.bury(connection, _letter(asked, action, reason, words), now)


def _stands(connection: Connection, asked: Asked, action: AgentAction) -> bool:
    """Whether there is an action to be ended: its customer may have been forgotten during the call."""
    if agent_actions.stands(connection, action):
        return True
    waits.end(connection, asked.waits[0])
    return False


def end(
    connection: Connection,
    asked: Asked,
    action: AgentAction,
    reason: str,
    *,
    outcome: str = "",
    again: Wait | None = None,
) -> None:
    """Saved, or with a `reason` failed; the event is applied, or ignored, or what `outcome` says."""
    (wait,) = asked.waits
    now = to_micros(asked.parts.clock.now())
    agent_actions.finish(connection, action.installation_id, [action.id], now, reason=reason)
    told = outcome or (events.IGNORED if reason else events.APPLIED)
    events.end(connection, action.installation_id, action.id, outcome=told, reason=reason, now=now)
    if again is None:
        waits.end(connection, wait)
    else:
        waits.put_off(connection, wait, again.due_at, tries=0, progress=again.progress)


def pass_over(connection: Connection, asked: Asked, action: AgentAction) -> None:
    """Its event came once more, after the action's end: it ends as the action did."""
    (wait,) = asked.waits
    waits.end(connection, wait)
    now = to_micros(asked.parts.clock.now())
    outcome, reason = _ENDS.get(action.state, (events.IGNORED, action.state))
    reason = action.reason or reason
    events.end(connection, action.installation_id, action.id, outcome=outcome, reason=reason, now=now)


_ENDS = {SAVED: (events.APPLIED, ""), FAILED: (events.DEAD, "")}


def _finished(action: AgentAction, outcome: str, error: str = "") -> Finished:
    name = f"agent.{action.kind}"
    return Finished(action.installation_id, action.zendesk_id, action.at, name, outcome, error)


def _letter(asked: Asked, action: AgentAction, reason: str, words: str) -> dead.DeadLetter:
    (wait,) = asked.waits
    return dead.DeadLetter(
        action.installation_id,
        lane="agent",
        type=f"agent.{action.kind}",
        reason=reason,
        error=words,
        event_id=action.id,
        zendesk_id=action.zendesk_id,
        attempts=wait.tries + 1,
        data={"kind": action.kind},
    )
