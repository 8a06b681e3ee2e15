"""What a failed step, or one whose lease was lost, means for the customer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bridge.customer import EMAIL, PUSHING, REFUSED, Conflict, Customer, Known
from bridge.deciding.steps import Call, Write, sent_keys
from bridge.errors import Refused
from consumers import linking
from consumers.settled import Around, Settled, going_on
from consumers.verdicts import Dead, Later, verdict

MICROS = 1_000_000


def failed(around: Around, step: Call, error: Exception, now: int) -> Settled:
    """The customer after a call that raised."""
    me = around.me.customer
    if isinstance(error, Refused) and error.reason == "profile_gone":
        return Settled(going_on(linking.unlink(me), now))
    if (
        isinstance(error, Refused)
        and error.reason == "email_conflict"
        and isinstance(step, Write)
        and step.email
    ):
        return Settled(going_on(_conflicting(around, step, now), now))
    return _by_verdict(me, step, error, now)


def _conflicting(around: Around, step: Write, now: int) -> Customer:
    """Sailthru says that another profile has the address: ask which, before anything else."""
    me, wanted = around.me.customer, around.me.facts.last_address() or step.email or ""
    standing = me.link.conflict
    if standing is None or standing.address != wanted:
        standing = Conflict(wanted)
    next_rounds = standing.rounds + 1
    if step.is_aside:
        # Somebody has the stepping stone too: the circle is looked at once more, without that one.
        standing = replace(standing, aside=None)
    conflict = replace(standing, step="ask", rounds=next_rounds, until=now)
    return replace(me, known=_not_moved(me, step, now), link=replace(me.link, conflict=conflict))


def _not_moved(me: Customer, step: Write, now: int) -> Mapping[str, Known]:
    """Refused, the profile is where it was, if that was sure before."""
    left = [address for address in me.possible_addresses() if address != step.email]
    return {**me.known, EMAIL: Known(left[0], now)} if len(left) == 1 else me.known


def _by_verdict(me: Customer, step: Call, error: Exception, now: int) -> Settled:
    failing_since = me.failing_since or now
    decided = verdict(error, failures=me.failures, failing_s=(now - failing_since) / MICROS)
    failed = replace(me, failures=me.failures + 1, failing_since=failing_since)
    if isinstance(decided, Later):
        due_at = now + int(decided.after_s * MICROS)
        waiting = replace(failed, owed=True, due_at=due_at, not_before=due_at, state=PUSHING)
        return Settled(waiting, verdict=decided, resend=tuple(sent_keys(step)) if decided.is_unknown else ())
    if isinstance(decided, Dead):
        resting = replace(me, owed=False, due_at=None, state=REFUSED, failures=0, failing_since=None)
        return Settled(resting, letter=(decided.reason, decided.error), verdict=decided)
    return Settled(replace(me, owed=True, due_at=now, state=PUSHING), verdict=decided)


def lost_lease(customer: Customer, step: Call, now: int) -> Settled:
    """Another pusher took the customer over meanwhile, and nobody knows whose write landed last.

    So what was sent is owed again, now and a minute later. The number grows, so that the other one finds out
    in its turn.
    """
    doubted = replace(customer, known=customer.doubting(sent_keys(step)), lease=customer.lease + 1)
    return Settled(replace(doubted, owed=True, due_at=now), resend=tuple(sent_keys(step)))
