"""Ends calls of the way back: what came of each is written for all of a group in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection

from bridge.clock import from_micros
from bridge.deciding.steps import ZENDESK
from bridge.deciding.to_zendesk.planning import Standing, next_step
from bridge.deciding.to_zendesk.steps import Rest
from bridge.errors import TryLater
from bridge.ledger import attempts, dead, directions, events, facts, learning, quotas, waits, zendesk_users
from bridge.ledger.attempts import Finished
from bridge.ledger.events import AppliedEvent
from bridge.ledger.installations import Installation
from bridge.ledger.waits import Wait
from bridge.zendesk_user import ZendeskUser
from consumers import trouble
from consumers.to_zendesk import bulk as bulks
from consumers.to_zendesk.account import Missing, learn_fields
from consumers.to_zendesk.bulk import JOB_LEASE_S, Ended
from consumers.to_zendesk.calls import Bulk, JobLook, Push, Result
from consumers.to_zendesk.outcomes import Failed, JobTold
from consumers.to_zendesk.preparing import apply_rest, resend
from consumers.to_zendesk.settling import Settled, lost_lease, settle
from consumers.to_zendesk.telling import reply_of
from consumers.trouble import Trouble
from consumers.verdicts import RATE_LIMITED, Dead, Halt, Later, Verdict, verdict
from schemas.zendesk_jobs import JobStatus

MICROS = 1_000_000


@dataclass(frozen=True)
class Told:
    """One row's step with what it came to, for log and metrics."""

    installation: Installation
    ended: Ended
    settled: Settled
    seconds: float


@dataclass
class Concluded:
    """What one transaction came to, for the log and the metrics after it is committed."""

    told: list[Told] = field(default_factory=list)
    looked: list[tuple[JobLook, str]] = field(default_factory=list)
    applied: list[tuple[Installation, AppliedEvent]] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


def conclude(connection: Connection, results: Sequence[Result], now: int) -> Concluded:
    """Write what came of a group of calls."""
    concluded = Concluded()
    for installation, group in _by_installation(results):
        part = _Conclusion(connection, installation, now, concluded)
        for result in group:
            part.write(result)
        part.note_trouble()
    return concluded


def _by_installation(results: Sequence[Result]) -> Iterable[tuple[Installation, list[Result]]]:
    groups: dict[int, list[Result]] = {}
    for result in results:
        groups.setdefault(result.call.installation.id, []).append(result)
    for _, group in sorted(groups.items()):
        yield group[0].call.installation, group


class _Conclusion:
    """Writes what the results of one installation mean."""

    def __init__(
        self, connection: Connection, installation: Installation, now: int, concluded: Concluded
    ) -> None:
        self.connection = connection
        self.installation = installation
        self.now = now
        self.concluded = concluded
        self.verdicts: list[tuple[Verdict | None, bool]] = []

    def write(self, result: Result) -> None:
        call, outcome = result.call, result.outcome
        if isinstance(call, Push):
            self._settle([bulks.of_push(call, outcome)], result.seconds)
        elif isinstance(outcome, JobTold):
            self._told(call, outcome.status, result.seconds)
        elif isinstance(call, Bulk) and isinstance(outcome, Failed):
            self._settle(bulks.failed(call, outcome.error), result.seconds)
        elif isinstance(call, JobLook) and isinstance(outcome, Failed):
            self._look_failed(call, outcome.error, result.seconds)
        if isinstance(outcome, Failed):
            self._heed_limit(outcome.error)

    def _told(self, call: Push | Bulk | JobLook, status: JobStatus, seconds: float) -> None:
        self.verdicts.append((None, True))
        if isinstance(call, JobLook):
            self._looked(call, status, seconds)
        elif isinstance(call, Bulk) and status.is_ended:
            self._settle(bulks.fared(bulks.of_bulk(call), status), seconds)
        elif isinstance(call, Bulk):
            wait = bulks.job_wait(call, status.id, self.now)
            waits.add(self.connection, [wait])
            self._hold_rows(wait)

    def _looked(self, look: JobLook, status: JobStatus, seconds: float) -> None:
        self.concluded.looked.append((look, status.state))
        if status.is_ended:
            self._end_job(look, bulks.fared(bulks.waiting_for(look.wait), status), seconds)
        elif bulks.is_overdue(look.wait, self.now):
            self._end_job(look, bulks.unknown(bulks.waiting_for(look.wait), "job_overdue"), seconds)
        else:
            self._look_again(look.wait, bulks.pause_s(look.wait))

    def _look_failed(self, look: JobLook, error: Exception, seconds: float) -> None:
        decided = verdict(error, failures=look.wait.tries, failing_s=0.0)
        self.concluded.looked.append((look, "failed"))
        if isinstance(decided, Dead):  # nobody can ask about it any more
            self._end_job(look, bulks.unknown(bulks.waiting_for(look.wait), "job_forgotten"), seconds)
            return
        self.verdicts.append((decided, look.wait.tries == 0))
        after_s = decided.after_s if isinstance(decided, Later) else 0.0
        self._look_again(look.wait, max(after_s, bulks.pause_s(look.wait)))

    def _look_again(self, wait: Wait, after_s: float) -> None:
        due_at = from_micros(self.now) + timedelta(seconds=after_s)
        waits.put_off(self.connection, wait, due_at, tries=wait.tries + 1)
        self._hold_rows(wait)

    def _hold_rows(self, wait: Wait) -> None:
        """Nobody else writes these users while the job may."""
        leases = {one.zendesk_id: one.lease for one in bulks.waiting_for(wait)}
        held = zendesk_users.locked(self.connection, self.installation.id, leases)
        until = self.now + int(JOB_LEASE_S * MICROS)
        ours = [user for user in held.values() if user.lease == leases[user.zendesk_id]]
        zendesk_users.save(self.connection, [replace(user, lease_until=until) for user in ours])

    def _end_job(self, look: JobLook, ended: Sequence[Ended], seconds: float) -> None:
        waits.end(self.connection, look.wait)
        self._settle(ended, seconds)

    def _settle(self, ended: Sequence[Ended], seconds: float) -> None:
        numbers = [one.zendesk_id for one in ended]
        held = zendesk_users.locked(self.connection, self.installation.id, numbers)
        settled = [(one, self._settled(held[one.zendesk_id], one)) for one in ended if one.zendesk_id in held]
        for _, one in settled:
            if one.fields is not None:
                found = learn_fields(
                    self.connection, self.installation, one.fields, one.refusal, now=self.now
                )
                self.concluded.missing += [found] if found else []
        rows = self._rested(settled, held)
        zendesk_users.save(self.connection, rows)
        self._follow(settled)
        attempts.finish(
            self.connection, [_finished(self.installation, one, what) for one, what in settled], self.now
        )
        self.concluded.told += [Told(self.installation, one, what, seconds) for one, what in settled]
        if len(ended) > 1:
            zendesk_users.gather(self.connection, self.installation.id, self.now)
        self.verdicts.append(
            _of_call([(what.verdict, held[one.zendesk_id].failures == 0) for one, what in settled])
        )

    def _settled(self, row: ZendeskUser, ended: Ended) -> Settled:
        if row.lease != ended.lease:
            return lost_lease(row, ended.step, self.now)
        has_news = row.wanted != ended.wanted
        return settle(row, ended.step, ended.outcome, has_news=has_news, now=self.now)

    def _rested(
        self, settled: Sequence[tuple[Ended, Settled]], held: dict[int, ZendeskUser]
    ) -> list[ZendeskUser]:
        """At rest already, when no new fact came meanwhile and the plan has no further step."""
        ending = [what.user for one, what in settled if _may_rest(one, what, held[one.zendesk_id])]
        numbers = [user.zendesk_id for user in ending]
        known = facts.of_customers(self.connection, self.installation.id, numbers)
        lettered = dead.lettered(self.connection, self.installation.id, numbers, lanes=events.TO_ZENDESK)
        ways = learning.zendesk_ways(learning.learned(self.connection, self.installation.id))
        rows = {what.user.zendesk_id: what.user for _, what in settled}
        for user in ending:
            options = self.installation.settings.options
            step = next_step(Standing(user, known[user.zendesk_id], options, ways, self.now))
            if isinstance(step, Rest):
                row, applied = apply_rest(self.connection, user, step, self.now, lettered=lettered)
                rows[user.zendesk_id] = row
                self.concluded.applied += [(self.installation, event) for event in applied]
        return list(rows.values())

    def _follow(self, settled: Sequence[tuple[Ended, Settled]]) -> None:
        new: list[Wait] = []
        for ended, one in settled:
            number = ended.zendesk_id
            if one.letter is not None:
                dead.bury(self.connection, self._letter(ended, one.letter), self.now)
            if one.is_gone:
                new.append(self._reading(number))
                self._finish_events(number, events.IGNORED, "not in Zendesk")
            elif isinstance(one.verdict, Dead):
                self._finish_events(number, events.DEAD, one.verdict.reason)
            if one.resend:
                new.append(resend(one.user, one.resend, self.now))
            if one.doubts_fields:
                learning.learn(self.connection, self.installation.id, user_fields_at=0)
        waits.add(self.connection, new)

    def _finish_events(self, number: int, outcome: str, reason: str) -> None:
        events.finish(
            self.connection,
            self.installation.id,
            number,
            outcome=outcome,
            reason=reason,
            lanes=events.TO_ZENDESK,
        )

    def _reading(self, number: int) -> Wait:
        """Zendesk knows no such user: it is read again, which says what became of it."""
        moment = from_micros(self.now)
        return Wait(self.installation.id, f"user:{number}", "user", due_at=moment, since=moment)

    def _letter(self, ended: Ended, letter: tuple[str, str]) -> dead.DeadLetter:
        reason, error = letter
        return dead.DeadLetter(
            self.installation.id,
            lane="sailthru",
            type=f"push.zendesk_{ended.step.action}",
            reason=reason,
            error=error,
            zendesk_id=ended.zendesk_id,
            data={"fields": sorted(ended.step.sent)},
        )

    def _heed_limit(self, error: Exception) -> None:
        if isinstance(error, TryLater) and error.reason == RATE_LIMITED:
            until = from_micros(self.now) + timedelta(seconds=error.after_s or 0.0)
            quotas.hold(self.connection, self.installation.id, ZENDESK, until)

    def note_trouble(self) -> None:
        """A Zendesk that fails for everybody pauses this direction; one that answers ends the trouble."""
        if not self.verdicts:
            return
        found = _trouble(self.verdicts)
        if found is None:
            trouble.end(self.connection, self.installation.id, ZENDESK, self.now)
        else:
            trouble.note(self.connection, self.installation.id, ZENDESK, found, self.now)


def _of_call(verdicts: Sequence[tuple[Verdict | None, bool]]) -> tuple[Verdict | None, bool]:
    """What one call says of Zendesk, however many users it was about."""
    worst = [one for one in verdicts if one[0] is not None]
    return worst[0] if worst and len(worst) == len(verdicts) else (None, True)


def _may_rest(ended: Ended, settled: Settled, row: ZendeskUser) -> bool:
    is_over = settled.verdict is None or isinstance(settled.verdict, Dead)
    is_ours = row.lease == ended.lease and row.wanted == ended.wanted
    return is_over and is_ours and settled.user.owed and settled.fields is None


def _trouble(verdicts: Sequence[tuple[Verdict | None, bool]]) -> Trouble | None:
    halted = [one for one, _ in verdicts if isinstance(one, Halt)]
    if halted:
        return Trouble(directions.HALTED, halted[0].error, len(halted))
    failed = [one for one, _ in verdicts if isinstance(one, Later) and one.is_down]
    if len(failed) < len(verdicts):
        return None
    # One that fails again and again says no more of Zendesk than it said the first time.
    return Trouble(directions.DOWN, failed[0].reason, sum(is_fresh for _, is_fresh in verdicts))


def _finished(installation: Installation, ended: Ended, settled: Settled) -> Finished:
    outcome = attempts.REFUSED if settled.refusal else attempts.CONFIRMED
    if isinstance(settled.verdict, Later):
        outcome = attempts.UNKNOWN if settled.verdict.is_unknown else attempts.LATER
    elif isinstance(settled.verdict, Halt):
        outcome = attempts.HALTED
    elif isinstance(settled.verdict, Dead):
        outcome = attempts.REFUSED
    error = str(ended.outcome.error) if isinstance(ended.outcome, Failed) else settled.refusal
    key = (installation.id, ended.zendesk_id, ended.lease, ended.step.action)
    return Finished(*key, outcome=outcome, error=error, reply=reply_of(ended.outcome))
