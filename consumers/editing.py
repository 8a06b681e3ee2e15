"""Sends an agent's change of lists or opt-out to Sailthru, unless it may no longer be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.agent_action import FAILED, SAVED, SAVING, AgentAction
from bridge.clock import to_micros
from bridge.deciding.reading import RETURNED
from bridge.deciding.steps import SAILTHRU
from bridge.errors import BridgeError, Refused, SendAgain
from bridge.ledger import agent_actions, attempts, postbacks, waits
from bridge.ledger.attempts import Attempt
from bridge.ledger.waits import Wait
from consumers import action_ends
from consumers.answers import Asked
from consumers.consent import CHANGED, DONE, SEND, edit_of, ruling, same_target
from consumers.telling import request_of_edit
from consumers.verdicts import DAY_S, MOST_BUGS, RESEND_S
from schemas.agent_action import SET_OPTOUT
from schemas.sailthru_records import Profile

READ_FIRST = ("keys", "lists", "optout_email")
IN_DOUBT = "in_doubt"  # in a wait's progress: a call went out and nobody knows what came of it
DECIDE_ANEW = "The customer's consent is no longer what the agent saw; the agent has to decide anew."
SENT = "sent"  # done; sent once more because an older call may land last


def edit(asked: Asked, action: AgentAction, sid: str) -> None:
    """Do what the action says to the profile `sid`.

    Raises what the remote raises as long as another try may help.
    """
    (wait,) = asked.waits
    now = asked.parts.clock.now()
    try:
        if not _is_still_wanted(asked, wait, action):
            return
        if action.loosens and not _may_loosen(asked, action, sid):
            return
        _send(asked, wait, action, sid)
    except SendAgain:
        with asked.parts.ledger.writing() as connection:
            waits.put_off(connection, wait, now, progress={**wait.progress, IN_DOUBT: True})
        raise
    except Refused as error:
        action_ends.fail(asked, action, error.reason, str(error))
    except Exception as error:
        if not _is_given_up(wait, error, now):
            raise
        # What nobody foresaw may quote the customer: of that only the name is told.
        words = str(error) if isinstance(error, BridgeError) else type(error).__name__
        action_ends.fail(asked, action, "given_up", f"The bridge tried {wait.tries + 1} times: {words}")


def _is_given_up(wait: Wait, error: Exception, now: datetime) -> bool:
    """A system that is away is waited for a day; an error that nobody foresaw is tried a few times."""
    has_waited_long = (now - wait.since).total_seconds() >= DAY_S
    return has_waited_long or (not isinstance(error, BridgeError) and wait.tries + 1 >= MOST_BUGS)


def _is_still_wanted(asked: Asked, wait: Wait, action: AgentAction) -> bool:
    """Whether it is to be sent (again): it is not at its end, and nobody chose otherwise later."""
    with asked.parts.ledger.writing() as connection:
        if not agent_actions.stands(connection, action):
            waits.end(connection, wait)
            return False
        if action.state == FAILED and not action.loosens:
            agent_actions.reopen(connection, asked.installation.id, action.id)  # replayed
        elif action.state != SAVING and not (action.state == SAVED and wait.progress.get(SENT)):
            action_ends.pass_over(connection, asked, action)
            return False
        if _is_superseded(connection, action) or (wait.progress.get(SENT) and _was_told(connection, action)):
            action_ends.end(connection, asked, action, "" if action.state == SAVED else "superseded")
            return False
    return True


def _is_superseded(connection: Connection, action: AgentAction) -> bool:
    others = agent_actions.of_customer(
        connection, action.installation_id, action.zendesk_id, since=action.at, limit=1000
    )
    return any(
        (one.at, one.id) > (action.at, action.id) and one.state in (SAVING, SAVED) and _concerns(one, action)
        for one in others
    )


def _concerns(later: AgentAction, action: AgentAction) -> bool:
    return later.kind in (SET_OPTOUT, "list_add", "list_remove") and same_target(later, action)


def _was_told(connection: Connection, action: AgentAction) -> bool:
    """Whether Sailthru told of a change since the agent acted, or, before a loosening, since it was shown."""
    since = action.at
    if action.loosens and action.seen and action.seen["read_at"]:
        since = min(since, to_micros(datetime.fromisoformat(action.seen["read_at"])))
    return postbacks.came_since(connection, action.installation_id, action.zendesk_id, since)


def _may_loosen(asked: Asked, action: AgentAction, sid: str) -> bool:
    """Read the profile just before, and end the action unless it is as the agent saw it."""
    (wait,) = asked.waits
    if wait.detail.get(RETURNED):
        # By hand is a replay as well, and nobody knows how long ago the agent looked.
        words = "Somebody put the event back into its queue by hand; the agent has to decide anew."
        action_ends.fail(asked, action, "consent_changed", words)
        return False
    remote = asked.parts.remotes.sailthru(asked.installation)
    profile: Profile | None = remote.profile(sid, "sid", fields=READ_FIRST)
    with asked.parts.ledger.reading() as connection:
        found = ruling(action, profile, was_told_otherwise=_was_told(connection, action))
    if found == DONE:
        action_ends.save(asked, action)
    elif found == CHANGED:
        action_ends.fail(asked, action, "consent_changed", DECIDE_ANEW)
    elif found != SEND:
        action_ends.fail(asked, action, "profile_gone", "There is no such profile in Sailthru any more.")
    return found == SEND


def _send(asked: Asked, wait: Wait, action: AgentAction, sid: str) -> None:
    if not _is_begun(asked, action, sid):
        action_ends.fail(asked, action, "consent_changed", DECIDE_ANEW)
        return
    said = edit_of(action)
    written = asked.parts.remotes.sailthru(asked.installation).write(
        sid, "sid", optout_email=said.optout, lists=said.lists or None
    )
    if written.sid != sid:
        raise Refused(SAILTHRU, "unexpected_reply", detail="the reply is about another profile")
    is_to_be_repeated = wait.progress.get(IN_DOUBT) and not wait.progress.get(SENT) and not action.loosens
    action_ends.save(asked, action, again=_again(asked, wait) if is_to_be_repeated else None)


def _is_begun(asked: Asked, action: AgentAction, sid: str) -> bool:
    """Before anything is sent, the ledger says what will be.

    False when Sailthru told of a change while the profile was being looked at: nothing loosens then; and
    when the customer was forgotten meanwhile.
    """
    with asked.parts.ledger.writing() as connection:
        if not agent_actions.stands(connection, action):
            return False
        if action.loosens and _was_told(connection, action):
            return False
        _begin(connection, asked, action, sid)
    return True


def _begin(connection: Connection, asked: Asked, action: AgentAction, sid: str) -> None:
    now = to_micros(asked.parts.clock.now())
    agent_actions.begin(connection, action.installation_id, action.id, now)
    fields = ("optout_email",) if action.kind == SET_OPTOUT else ("lists",)
    attempt = Attempt(
        action.installation_id,
        action.zendesk_id,
        action.at,
        SAILTHRU,
        f"agent.{action.kind}",
        fields,
        request=request_of_edit(sid, edit_of(action)),
    )
    attempts.start(connection, [attempt], now)


def _again(asked: Asked, wait: Wait) -> Wait:
    due_at = asked.parts.clock.now() + timedelta(seconds=RESEND_S)
    return replace(wait, due_at=due_at, progress={SENT: True})
