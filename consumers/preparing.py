"""Begins pushes: claims who is owed, plans a step for each, writes the intent. One transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from bridge.clock import from_micros
from bridge.customer import PUSHING, Customer
from bridge.deciding.planning import MICROS, Standing, next_step
from bridge.deciding.steps import Call, Rest, sent_keys
from bridge.facts import CustomerFacts
from bridge.ledger import attempts, customers, dead, events, facts, learning, waits
from bridge.ledger.attempts import Attempt
from bridge.ledger.events import AppliedEvent
from bridge.ledger.installations import Installation
from bridge.ledger.quotas import Grant
from bridge.ledger.waits import Wait
from bridge.remotes.transport import LONGEST_CALL_S
from consumers.calls import system_of
from consumers.telling import request_of
from consumers.verdicts import RESEND_S

LEASE_S = LONGEST_CALL_S + 10.0


@dataclass(frozen=True)
class Job:
    """A step about to be taken under the lease that `customer` carries, planned by `facts`."""

    installation: Installation
    customer: Customer
    facts: CustomerFacts
    step: Call


@dataclass
class Prepared:
    """What one transaction began, what it found to be applied already, and how soon quota comes free."""

    jobs: list[Job]
    applied: list[tuple[Installation, AppliedEvent]]
    wait_s: float | None = None

    def wait(self, seconds: float) -> None:
        self.wait_s = seconds if self.wait_s is None else min(self.wait_s, seconds)


def prepare(
    connection: Connection,
    installation: Installation,
    claimed: Sequence[Customer],
    prepared: Prepared,
    *,
    take: Callable[[str, int], Grant],
    now: int,
) -> None:
    """Plan each claimed customer's step; what has a step and quota is leased, and its intent written.

    `take` grants calls out of a bucket.
    """
    known = facts.of_customers(connection, installation.id, [one.zendesk_id for one in claimed])
    objects = learning.learned(connection, installation.id).get("objects")
    lettered = dead.lettered(connection, installation.id, known)
    planned: dict[str, list[Job]] = defaultdict(list)
    for customer in claimed:
        standing = Standing(customer, known[customer.zendesk_id], installation.settings, objects, now)
        step = next_step(standing)
        if isinstance(step, Rest):
            rested, applied = apply_rest(connection, customer, step, now, lettered=lettered)
            customers.save(connection, [rested])
            prepared.applied.extend((installation, event) for event in applied)
        else:
            planned[step.bucket].append(Job(installation, customer, standing.facts, step))
    for bucket, jobs in sorted(planned.items()):
        granted = take(bucket, len(jobs))
        _begin(connection, jobs[: granted.calls], prepared, now)
        _put_off(connection, jobs[granted.calls :], granted.wait_s, prepared, now)


def apply_rest(
    connection: Connection, customer: Customer, rest: Rest, now: int, *, lettered: Collection[int]
) -> tuple[Customer, list[AppliedEvent]]:
    """The customer at rest, and its events that are applied with it. The caller saves the row.

    `lettered` are the customers with an open dead letter: success closes it.
    """
    rested = at_rest(customer, rest, now)
    key = (customer.installation_id, customer.zendesk_id)
    if rest.outcome is None:
        return rested, []
    if rest.outcome != events.APPLIED:
        why = rest.state.replace("_", " ")
        events.finish(connection, *key, outcome=rest.outcome, reason=why, lanes=events.TO_SAILTHRU)
        return rested, []
    blocked = _blocked_reason(customer)
    if blocked:
        events.finish(connection, *key, outcome=events.DEAD, reason=blocked, types=("user.identity_",))
    if customer.zendesk_id in lettered:
        dead.close(connection, *key, but=blocked)
    return rested, events.apply_up_to(connection, *key, customer.wanted, now)


def _blocked_reason(customer: Customer) -> str:
    conflict = customer.link.conflict
    return conflict.reason if conflict is not None and conflict.step == "blocked" else ""


def at_rest(customer: Customer, rest: Rest, now: int) -> Customer:
    """The row of a customer with nothing to send now. Pure."""
    again = None if rest.again_s is None else now + int(rest.again_s * MICROS)
    is_waiting = rest.outcome is None
    return customer.but(
        state=rest.state,
        owed=again is not None,
        owed_at=customer.owed_at if is_waiting else None,
        due_at=again,
        not_before=now + int(rest.hold_s * MICROS) if rest.hold_s else 0,
        paid=customer.paid if is_waiting else customer.wanted,
        link=rest.link or customer.link,
        lease_until=None,
    )


def _begin(connection: Connection, jobs: Sequence[Job], prepared: Prepared, now: int) -> None:
    """Before anything is sent, the ledger says what will be: in doubt until a reply confirms it."""
    begun = [replace(job, customer=_leased(job, now)) for job in jobs]
    customers.save(connection, [job.customer for job in begun])
    attempts.start(connection, [_attempt(job) for job in begun], now)
    waits.add(connection, [_resend_of_lost(job, now) for job in jobs if _was_lost(job.customer)])
    prepared.jobs.extend(begun)


def _leased(job: Job, now: int) -> Customer:
    customer = job.customer
    return customer.but(
        lease=customer.lease + 1,
        lease_until=now + int(LEASE_S * MICROS),
        known=customer.doubting(sent_keys(job.step)),
        state=PUSHING,
    )


def _attempt(job: Job) -> Attempt:
    customer, step = job.customer, job.step
    return Attempt(
        customer.installation_id,
        customer.zendesk_id,
        customer.lease,
        system_of(step),
        step.action,
        tuple(sent_keys(step)),
        customer.wanted,
        request_of(step),
    )


def _was_lost(customer: Customer) -> bool:
    """Whether the pusher before us let its lease run out: its write may land yet."""
    return customer.lease_until is not None


def _resend_of_lost(job: Job, now: int) -> Wait:
    in_doubt = [name for name, known in job.customer.known.items() if not known.digest]
    return resend(job.customer, in_doubt, now)


def resend(customer: Customer, fields: Sequence[str], now: int) -> Wait:
    """The same fields once more, a minute after an unknown outcome: an older write may land last."""
    moment = from_micros(now)
    return Wait(
        customer.installation_id,
        f"user:{customer.zendesk_id}",
        "resend",
        due_at=moment + timedelta(seconds=RESEND_S),
        since=moment,
        detail=dict.fromkeys(fields, True),
    )


def _put_off(
    connection: Connection, jobs: Sequence[Job], wait_s: float, prepared: Prepared, now: int
) -> None:
    """No quota for these just now."""
    if not jobs:
        return
    due_at = now + int(wait_s * MICROS)
    customers.save(connection, [replace(job.customer, due_at=due_at, lease_until=None) for job in jobs])
    prepared.wait(wait_s)
