"""Takes a step: one call to a remote, and what came of it."""

from __future__ import annotations

from bridge.clock import Clock
from bridge.deciding.steps import AskHolder, Call, CheckHolder, Create, LookUp, ReadBack, Write
from bridge.errors import BadCredentials, BridgeError, Refused, TryLater
from bridge.ledger.installations import Installation
from bridge.metrics import count_remote_request
from bridge.remotes.accounts import Remotes
from bridge.remotes.sailthru import Sailthru
from consumers.outcomes import Failed, Found, Holder, NotFound, Outcome
from schemas.sailthru_records import Profile


def take_step(remotes: Remotes, installation: Installation, step: Call, clock: Clock) -> Outcome:
    """Make the call. Every error becomes a `Failed`: it is the ledger's to say what follows."""
    began = clock.monotonic()
    try:
        outcome = _call(remotes, installation, step)
    except Exception as error:  # noqa: BLE001 - the boundary of a push: what is unforeseen gets a verdict too
        outcome = Failed(error)
    count_remote_request(system_of(step), _told(outcome), seconds=clock.monotonic() - began)
    return outcome


def system_of(step: Call) -> str:
    """Whom a step calls."""
    return "zendesk" if isinstance(step, CheckHolder) else "sailthru"


def _call(remotes: Remotes, installation: Installation, step: Call) -> Outcome:
    if isinstance(step, CheckHolder):
        reading = remotes.zendesk(installation).user(step.zendesk_id)
        return NotFound() if reading is None else Holder(reading.value.active)
    return _call_sailthru(remotes.sailthru(installation), step)


def _call_sailthru(sailthru: Sailthru, step: LookUp | Create | Write | AskHolder | ReadBack) -> Outcome:
    if isinstance(step, Create):
        return Found(sailthru.write(step.address, "email", vars=step.vars))
    if isinstance(step, Write):
        keysconflict = "merge" if step.merges else "error"
        return Found(
            sailthru.write(
                step.sid, "sid", vars=step.vars or None, email=step.email, keysconflict=keysconflict
            )
        )
    profile = _read(sailthru, step)
    return NotFound() if profile is None else Found(profile)


def _read(sailthru: Sailthru, step: LookUp | AskHolder | ReadBack) -> Profile | None:
    match step:
        case LookUp():
            return sailthru.profile(step.id, step.key, fields=("keys",))
        case AskHolder():
            return sailthru.profile(step.address, "email", fields=("keys", "vars"))
        case ReadBack():
            return sailthru.profile(step.sid, "sid", fields=("keys", "vars"))


def _told(outcome: Outcome) -> str:
    if not isinstance(outcome, Failed):
        return "ok"
    error = outcome.error
    if isinstance(error, (TryLater, Refused)):
        return error.reason
    if isinstance(error, BadCredentials):
        return "bad_credentials"
    return "unavailable" if isinstance(error, BridgeError) else "bug"
