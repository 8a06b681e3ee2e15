"""Ends pushes: what came of each is written for all of a group in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from bridge.clock import from_micros
from bridge.customer import Customer
from bridge.deciding.planning import Standing, next_step
from bridge.deciding.steps import AskHolder, Create, LookUp, Rest, Write
from bridge.facts import CustomerFacts
from bridge.ledger import attempts, customers, dead, directions, events, facts, learning, waits
from bridge.ledger.attempts import Finished
from bridge.ledger.events import AppliedEvent
from bridge.ledger.installations import Installation
from consumers import relinking, trouble
from consumers.calls import system_of
from consumers.failing import lost_lease
from consumers.linking import Neighbour
from consumers.outcomes import Failed, Found, Outcome
from consumers.patience import PATIENT, Patience
from consumers.preparing import Job, apply_rest, resend
from consumers.settled import Around, Settled
from consumers.settling import settle
from consumers.telling import reply_of
from consumers.trouble import Trouble
from consumers.verdicts import Dead, Halt, Later
from schemas.sailthru_records import Profile


@dataclass(frozen=True)
class Result:
    """A job with what came of its call, and how long that took."""

    job: Job
    outcome: Outcome
    seconds: float


@dataclass
class Concluded:
    """What one transaction came to, for the log and the metrics after it is committed."""

    settled: list[tuple[Result, Settled]] = field(default_factory=list)
    applied: list[tuple[Installation, AppliedEvent]] = field(default_factory=list)


def conclude(
    connection: Connection, results: Sequence[Result], now: int, patience: Patience = PATIENT
) -> Concluded:
    """Write what came of a group of pushes."""
    concluded = Concluded()
    for installation, group in _by_installation(results):
        ids = [one.job.customer.zendesk_id for one in group]
        held = customers.locked(connection, installation.id, ids)
        # Whoever was forgotten meanwhile has no row: whatever came of the call, nothing is kept of it.
        group = [one for one in group if one.job.customer.zendesk_id in held]
        lettered = dead.lettered(connection, installation.id, ids)
        objects = learning.learned(connection, installation.id).get("objects")
        before, changed = {one.zendesk_id: one.sid for one in held.values()}, {}
        saving = Saving(connection)
        for result in group:
            one = _Conclusion(connection, result, now, lettered, objects, saving)
            settled = one.write(held[result.job.customer.zendesk_id])
            concluded.settled.append((result, settled))
            concluded.applied.extend((installation, event) for event in one.applied)
            changed.update({other.zendesk_id: other for other in one.changed})
            held.update({other.zendesk_id: other for other in one.changed if other.zendesk_id in held})
        saving.now()
        moment = from_micros(now)
        relinking.note(connection, installation.id, before, changed.values(), patience, moment)
        if group:
            _note_trouble(connection, installation, concluded.settled[-len(group) :], now)
    attempts.finish(connection, [_finished(result, settled) for result, settled in concluded.settled], now)
    return concluded


def _by_installation(results: Sequence[Result]) -> Iterable[tuple[Installation, list[Result]]]:
    groups: dict[int, list[Result]] = {}
    for result in results:
        groups.setdefault(result.job.installation.id, []).append(result)
    for _, group in sorted(groups.items()):
        group.sort(key=lambda result: result.job.customer.zendesk_id)
        yield group[0].job.installation, group


class Saving:
    """Saves customers a group at a time, where nobody asks for another's row in between."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._later: list[Customer] = []

    def later(self, row: Customer) -> None:
        """With the others, when it is time."""
        self._later.append(row)

    def now(self, *rows: Customer) -> None:
        """What was put off, and then these."""
        put_off, self._later = self._later, []
        customers.save(self._connection, put_off)
        customers.save(self._connection, rows)


class _Conclusion:
    """Writes what one result means, for its customer and for those around it."""

    def __init__(
        self,
        connection: Connection,
        result: Result,
        now: int,
        lettered: Collection[int],
        objects: str | None,
        saving: Saving,
    ) -> None:
        self.connection = connection
        self.objects = objects
        self.saving = saving
        self.installation = result.job.installation
        self.result = result
        self.now = now
        self.lettered = lettered
        self.applied: list[AppliedEvent] = []
        self.changed: list[Customer] = []

    def write(self, row: Customer) -> Settled:
        is_alone = isinstance(self.result.job.step, Write)
        if not is_alone:  # it may ask whose profile this is, or who has an address
            self.saving.now()
        settled = self._settled(row)
        if settled.freed or settled.others:
            is_alone = False
            self.saving.now()
            self._free(settled)
        customer = self._rested(settled, row)
        if is_alone:
            self.saving.later(customer)
            self.changed.append(customer)
        else:
            # The others first: one of them may let go of the very profile that the customer takes over.
            self._save(*settled.others)
            self._save(customer)
        self._follow(replace(settled, customer=customer))
        return settled

    def _settled(self, row: Customer) -> Settled:
        job = self.result.job
        if row.lease != job.customer.lease:
            return lost_lease(row, job.step, self.now)
        around = self._around(row)
        merges = self.installation.settings.options.email_conflict == "merge"
        return settle(around, job.step, self.result.outcome, merges=merges, now=self.now)

    def _around(self, row: Customer) -> Around:
        me = Neighbour(row, self.result.job.facts)
        outcome, step = self.result.outcome, self.result.job.step
        if not isinstance(outcome, Found) or not isinstance(step, (LookUp, Create, AskHolder)):
            return Around(me)
        return Around(me, self._linked_to(outcome.profile, row), self._sharers(outcome.profile))

    def _linked_to(self, profile: Profile, row: Customer) -> Neighbour | None:
        if profile.sid is None:
            return None
        other = customers.by_sid(self.connection, self.installation.id, profile.sid)
        return None if other is None or other.zendesk_id == row.zendesk_id else self._neighbours([other])[0]

    def _sharers(self, profile: Profile) -> list[Neighbour]:
        if not profile.email:
            return []
        here = customers.at_address(self.connection, self.installation.id, profile.email)
        former = facts.had_address(self.connection, self.installation.id, profile.email)
        gone = customers.locked(self.connection, self.installation.id, former).values()
        return self._neighbours([*here, *(row for row in gone if row not in here)])

    def _neighbours(self, rows: Sequence[Customer]) -> list[Neighbour]:
        known = facts.of_customers(self.connection, self.installation.id, [row.zendesk_id for row in rows])
        return [Neighbour(row, known[row.zendesk_id]) for row in rows]

    def _rested(self, settled: Settled, row: Customer) -> Customer:
        """At rest already, when no new fact came meanwhile and the plan has no further step."""
        job = self.result.job
        if settled.verdict is not None or row.wanted != job.customer.wanted or settled.pause_s:
            return settled.customer
        if row.lease != job.customer.lease:
            return settled.customer
        step = self._next(settled, job.facts)
        if not isinstance(step, Rest):
            return settled.customer
        rested, self.applied = apply_rest(
            self.connection, settled.customer, step, self.now, lettered=self.lettered
        )
        return rested

    def _next(self, settled: Settled, known: CustomerFacts) -> object:
        settings = self.installation.settings
        return next_step(Standing(settled.customer, known, settings, self.objects, self.now))

    def _free(self, settled: Settled) -> None:
        """An address came free: whoever waits for it goes on at once."""
        for address in settled.freed:
            for other in customers.at_address(self.connection, self.installation.id, address):
                if other.zendesk_id == settled.customer.zendesk_id:
                    continue
                link = replace(other.link, conflict=None, tried=(), looked_at=0, is_taken=False)
                if other.sid is not None:
                    link = replace(other.link, conflict=None)
                self._save(replace(other, link=link, owed=True, due_at=self.now, not_before=0))

    def _save(self, *rows: Customer) -> None:
        self.saving.now(*rows)
        self.changed.extend(rows)

    def _follow(self, settled: Settled) -> None:
        customer = settled.customer
        key = (self.installation.id, customer.zendesk_id)
        if settled.letter is not None:
            dead.bury(self.connection, self._letter(settled.letter), self.now)
        if isinstance(settled.verdict, Dead):
            reason = settled.verdict.reason
            events.finish(self.connection, *key, outcome=events.DEAD, reason=reason, lanes=events.TO_SAILTHRU)
        if settled.closes:
            dead.close(self.connection, *key, reasons=settled.closes)
        if settled.resend:
            waits.add(self.connection, [resend(customer, settled.resend, self.now)])
        if settled.learned is not None:
            learning.learn(self.connection, self.installation.id, objects=settled.learned)

    def _letter(self, letter: tuple[str, str]) -> dead.DeadLetter:
        reason, error = letter
        job = self.result.job
        return dead.DeadLetter(
            self.installation.id,
            lane="zendesk",
            type=f"push.{job.step.action}",
            reason=reason,
            error=error,
            zendesk_id=job.customer.zendesk_id,
            attempts=job.customer.failures + 1,
        )


def _note_trouble(
    connection: Connection, installation: Installation, settled: Sequence[tuple[Result, Settled]], now: int
) -> None:
    """A remote that fails for everybody pauses its direction; one that answers ends the trouble."""
    for system in sorted({system_of(result.job.step) for result, _ in settled}):
        concerned = [(result, one) for result, one in settled if system_of(result.job.step) == system]
        found = _trouble(concerned)
        if found is not None:
            trouble.note(connection, installation.id, system, found, now)
        else:
            trouble.end(connection, installation.id, system, now)


def _trouble(concerned: Sequence[tuple[Result, Settled]]) -> Trouble | None:
    verdicts = [one.verdict for _, one in concerned]
    halted = [one for one in verdicts if isinstance(one, Halt)]
    if halted:
        return Trouble(directions.HALTED, halted[0].error, len(halted))
    failed = [one for one in verdicts if isinstance(one, Later) and one.is_down]
    if len(failed) < len(verdicts):
        return None
    # One customer that fails again and again says no more of the system than it said the first time.
    fresh = sum(result.job.customer.failures == 0 for result, _ in concerned)
    return Trouble(directions.DOWN, failed[0].reason, fresh)


def _finished(result: Result, settled: Settled) -> Finished:
    customer, action = result.job.customer, result.job.step.action
    outcome = attempts.CONFIRMED
    if isinstance(settled.verdict, Later):
        outcome = attempts.UNKNOWN if settled.verdict.is_unknown else attempts.LATER
    elif isinstance(settled.verdict, Halt):
        outcome = attempts.HALTED
    elif isinstance(result.outcome, Failed):
        outcome = attempts.REFUSED
    error = str(result.outcome.error) if isinstance(result.outcome, Failed) else ""
    key = (customer.installation_id, customer.zendesk_id, customer.lease, action)
    return Finished(*key, outcome=outcome, error=error, reply=reply_of(result.outcome))
