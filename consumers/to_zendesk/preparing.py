"""Begins the way back: plans a step for each row claimed, writes the intent. One transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection

from bridge.allowance import Allowance
from bridge.clock import Clock, from_micros
from bridge.deciding.steps import ZENDESK
from bridge.deciding.to_zendesk.planning import Standing, next_step
from bridge.deciding.to_zendesk.steps import AskFields, Rest, SetFields, Step
from bridge.ledger import attempts, dead, events, facts, learning, waits, zendesk_users
from bridge.ledger.attempts import Attempt
from bridge.ledger.events import AppliedEvent
from bridge.ledger.installations import Installation
from bridge.ledger.waits import Wait
from bridge.remotes.transport import LONGEST_CALL_S
from bridge.zendesk_user import ZendeskUser
from consumers.to_zendesk.calls import TOGETHER, AnyCall, Bulk, Push
from consumers.to_zendesk.settling import TOGETHER_TRIES, at_rest
from consumers.to_zendesk.telling import request_of
from consumers.verdicts import RESEND_S

MICROS = 1_000_000
LEASE_S = LONGEST_CALL_S + 10.0
MANY = 10  # so many who hurry go in one call; of those who were held, two do
LEAST_PAUSE_S = 0.05
RESEND = "resend_zendesk"  # the kind of wait


@dataclass
class Prepared:
    """What one transaction began, and what it found to be applied already."""

    calls: list[AnyCall] = field(default_factory=list)
    applied: list[tuple[Installation, AppliedEvent]] = field(default_factory=list)


@dataclass(frozen=True)
class Preparing:
    """One installation's part of a transaction: at most `free` calls are begun.

    `is_asking`: somebody is asking for the account's fields already.
    """

    connection: Connection
    installation: Installation
    clock: Clock
    now: int
    free: int
    is_asking: bool = False

    def prepare(self, claimed: Sequence[ZendeskUser], prepared: Prepared) -> float:
        """Plan each claimed row's step; what has a step and quota is leased, and its intent written.

        How soon quota comes free, in seconds, where it was short.
        """
        planned = self._plan(claimed, prepared)
        together, alone = _grouped(planned)
        calls = ([Bulk(self.installation, tuple(together))] if together else []) + [*alone]
        some = calls[: self.free]
        granted = Allowance(self.connection, self.installation, self.clock).take(ZENDESK, len(some))
        # What finds no place now stays as it is, and due.
        prepared.calls += [self._begin(call) for call in some[: granted.calls]]
        if granted.calls == len(some):
            return 0.0
        wait_s = max(LEAST_PAUSE_S, granted.wait_s)
        self._put_off(some[granted.calls :], wait_s)
        return wait_s

    def _plan(self, claimed: Sequence[ZendeskUser], prepared: Prepared) -> list[Push]:
        numbers = [user.zendesk_id for user in claimed]
        known = facts.of_customers(self.connection, self.installation.id, numbers)
        lettered = dead.lettered(self.connection, self.installation.id, numbers, lanes=events.TO_ZENDESK)
        ways = learning.zendesk_ways(learning.learned(self.connection, self.installation.id))
        options = self.installation.settings.options
        pushes: list[Push] = []
        rested: list[ZendeskUser] = []
        is_asking = self.is_asking
        for user in claimed:
            step: Step = next_step(Standing(user, known[user.zendesk_id], options, ways, self.now))
            if isinstance(step, Rest):
                row, applied = apply_rest(self.connection, user, step, self.now, lettered=lettered)
                rested.append(row)
                prepared.applied.extend((self.installation, event) for event in applied)
            elif not (is_asking and isinstance(step, AskFields)):  # one asks, the others wait for it
                pushes.append(Push(self.installation, user, known[user.zendesk_id], step))
                is_asking = is_asking or isinstance(step, AskFields)
        zendesk_users.save(self.connection, rested)
        return pushes

    def _put_off(self, calls: Sequence[Bulk | Push], wait_s: float) -> None:
        """No quota for these just now."""
        pushes = [push for call in calls for push in (call.pushes if isinstance(call, Bulk) else [call])]
        due_at = self.now + int(wait_s * MICROS)
        rows = [replace(push.user, due_at=due_at, lease_until=None) for push in pushes]
        zendesk_users.save(self.connection, rows)

    def _begin(self, call: Bulk | Push) -> Bulk | Push:
        """Before anything is sent, the ledger says what will be: in doubt until Zendesk confirms it."""
        if isinstance(call, Bulk):
            return Bulk(call.installation, self._leased(call.pushes, TOGETHER))
        (push,) = self._leased([call], call.step.action)
        return push

    def _leased(self, pushes: Sequence[Push], action: str) -> tuple[Push, ...]:
        begun = tuple(replace(push, user=_leased(push, self.now)) for push in pushes)
        zendesk_users.save(self.connection, [push.user for push in begun])
        attempts.start(self.connection, [_attempt(push, action) for push in begun], self.now)
        lost = [push.user for push in pushes if push.user.lease_until is not None]
        waits.add(self.connection, [resend(user, _in_doubt(user), self.now) for user in lost])
        return begun


def _grouped(planned: Sequence[Push]) -> tuple[list[Push], list[Push]]:
    """Those whose fields go in one call, and those who go alone."""
    fits = [push for push in planned if _fits_together(push)][: zendesk_users.TOGETHER]
    enough = 2 if any(zendesk_users.was_held(push.user) for push in fits) else MANY
    if len(fits) < enough:
        return [], list(planned)
    chosen = {push.user.zendesk_id for push in fits}
    return fits, [push for push in planned if push.user.zendesk_id not in chosen]


def _fits_together(push: Push) -> bool:
    return isinstance(push.step, SetFields) and push.user.failures < TOGETHER_TRIES


def _leased(push: Push, now: int) -> ZendeskUser:
    user = push.user
    return replace(
        user,
        lease=user.lease + 1,
        lease_until=now + int(LEASE_S * MICROS),
        known=user.doubting(push.step.sent),
    )


def _attempt(push: Push, action: str) -> Attempt:
    user = push.user
    return Attempt(
        user.installation_id,
        user.zendesk_id,
        user.lease,
        ZENDESK,
        action,
        fields=tuple(push.step.sent),
        version=user.wanted,
        request=request_of(user.zendesk_id, push.step, is_together=action == TOGETHER),
    )


def _in_doubt(user: ZendeskUser) -> list[str]:
    """What the pusher before us may have sent: its lease ran out, and its write may land yet."""
    return [name for name, known in user.known.items() if not known.digest]


def resend(user: ZendeskUser, names: Iterable[str], now: int) -> Wait:
    """The same once more, a minute after an unknown outcome: an older write may land last."""
    moment = from_micros(now)
    return Wait(
        user.installation_id,
        f"user:{user.zendesk_id}",
        RESEND,
        due_at=moment + timedelta(seconds=RESEND_S),
        since=moment,
        detail=dict.fromkeys(names, True),
    )


def apply_rest(
    connection: Connection, user: ZendeskUser, rest: Rest, now: int, *, lettered: Collection[int]
) -> tuple[ZendeskUser, list[AppliedEvent]]:
    """The row at rest, and its events that are applied with it. The caller saves the row.

    `lettered` are the customers with an open dead letter of this direction: success closes it.
    """
    key = (user.installation_id, user.zendesk_id)
    if rest.outcome != events.APPLIED:
        events.finish(connection, *key, outcome=rest.outcome, reason=rest.reason, lanes=events.TO_ZENDESK)
        return at_rest(user, rest, now), []
    if user.zendesk_id in lettered:
        dead.close(connection, *key, lanes=events.TO_ZENDESK)
    applied = events.apply_up_to(connection, *key, user.wanted, now, lanes=events.TO_ZENDESK)
    return at_rest(user, rest, now), applied
