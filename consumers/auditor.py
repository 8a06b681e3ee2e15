"""Compares profiles in Sailthru with the facts, customer by customer, and has the differences pushed.

Nothing is written to Sailthru here: what differs is marked as unknown and owed, and the pusher pays it, with
its leases and its intents. Lists and opt-outs are no part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bridge.allowance import Allowance
from bridge.clock import to_micros
from bridge.customer import EMAIL, Customer, Known
from bridge.deciding.auditing import Difference, differences, is_compared, is_waiting
from bridge.deciding.steps import SAILTHRU_GET
from bridge.errors import TryLater
from bridge.facts import CustomerFacts
from bridge.ledger import actions, audits, customers, facts
from bridge.ledger.installations import Installation
from bridge.remotes.sailthru import Profile
from consumers.parts import Parts
from consumers.verdicts import wait_s

AT_ONCE = 8  # calls
PAGE = 200
MOST_TRIES = 5
LEAST_PAUSE_S = 0.05
LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class Seen:
    """One customer before its profile was read."""

    customer: Customer
    facts: CustomerFacts


@dataclass
class Audited:
    """What an audit came to: customers looked at, those nothing can be told of, and who differs where."""

    examined: int = 0
    waiting: int = 0  # a push is owed or under way
    off: int = 0  # the sync is switched off, or staff
    vanished: int = 0  # the profile is not where it was
    drift: dict[int, tuple[Difference, ...]] = field(default_factory=dict)
    moved_to: dict[int, str | None] = field(default_factory=dict)  # where a drifting profile is


@dataclass(frozen=True)
class Auditor:
    """Audits one installation. `pause` waits so many seconds; `told` hears how many were looked at."""

    parts: Parts
    installation: Installation
    pause: Callable[[float], object]
    told: Callable[[int], object] = lambda _count: None
    is_stopped: Callable[[], bool] = lambda: False

    def everybody(self) -> Iterator[list[int]]:
        """All linked customers, page by page."""
        after = 0
        while True:
            with self.parts.ledger.reading() as connection:
                page = audits.linked(connection, self.installation.id, after=after, limit=PAGE)
            if not page:
                return
            yield page
            after = page[-1]

    def some(self, size: int) -> Iterator[list[int]]:
        """That many linked customers, chosen by chance."""
        with self.parts.ledger.reading() as connection:
            chosen = audits.linked_by_chance(connection, self.installation.id, limit=size)
        for start in range(0, len(chosen), PAGE):
            yield chosen[start : start + PAGE]

    def look(self, pages: Iterable[Sequence[int]]) -> Audited:
        """Compare these customers. Raises what the remote raises when it goes on failing."""
        found = Audited()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="audit") as pool:
            for page in pages:
                seen = self._seen(page)
                for start in range(0, len(seen), AT_ONCE):
                    if self.is_stopped():
                        return found
                    some = seen[start : start + AT_ONCE]
                    profiles = list(pool.map(self._profile, some))
                    for one, profile in zip(some, profiles, strict=True):
                        self._compare(one, profile, found)
                    self.told(len(some))
        return found

    def _seen(self, numbers: Sequence[int]) -> list[Seen]:
        with self.parts.ledger.reading() as connection:
            known = facts.of_customers(connection, self.installation.id, numbers)
            rows = [customers.one(connection, self.installation.id, number) for number in numbers]
        return [Seen(row, known[row.zendesk_id]) for row in rows if row is not None]

    def _profile(self, seen: Seen) -> Profile | None:
        """The profile as Sailthru shows it; None where none is to be read, or there is none."""
        sid = seen.customer.sid
        if sid is None or is_waiting(seen.customer) or not is_compared(seen.facts):
            return None
        for tries in range(MOST_TRIES):
            self._await_grant()
            try:
                remote = self.parts.remotes.sailthru(self.installation)
                return remote.profile(sid, "sid", fields=("keys", "vars"))
            except TryLater as error:
                if tries + 1 == MOST_TRIES:
                    raise
                self.pause(max(error.after_s or 0.0, wait_s(tries)))
        return None

    def _await_grant(self) -> None:
        while True:
            with self.parts.ledger.writing() as connection:
                allowance = Allowance(connection, self.installation, self.parts.clock)
                grant = allowance.take_for_audit(SAILTHRU_GET, 1)
            if grant.calls:
                return
            self.pause(max(LEAST_PAUSE_S, grant.wait_s))

    def _compare(self, seen: Seen, profile: Profile | None, found: Audited) -> None:
        found.examined += 1
        number = seen.customer.zendesk_id
        if is_waiting(seen.customer):
            found.waiting += 1
        elif not is_compared(seen.facts):
            found.off += 1
        elif profile is None or profile.sid != seen.customer.sid:
            found.vanished += 1
        else:
            self._note(seen, profile, found, number)

    def _note(self, seen: Seen, profile: Profile, found: Audited, number: int) -> None:
        differing = differences(seen.customer, seen.facts, self.installation.settings, profile)
        with self.parts.ledger.writing() as connection:
            now = to_micros(self.parts.clock.now())
            standing = customers.one(connection, self.installation.id, number)
            if differing and not self._has_settled(seen.customer, standing, now):
                found.waiting += 1
                return
            audits.note(connection, self.installation.id, number, [one.field for one in differing])
        if differing:
            found.drift[number] = differing
            found.moved_to[number] = profile.email

    def _has_settled(self, before: Customer, standing: Customer | None, now: int) -> bool:
        """Whether nothing happened to the customer since shortly before the reading."""
        if standing is None or is_waiting(standing) or standing.wanted != before.wanted:
            return False
        pushed_at = standing.pushed_at or 0
        return pushed_at == (before.pushed_at or 0) and pushed_at <= now - self._settle_us()

    def _settle_us(self) -> int:
        return int(self.parts.patience.most.total_seconds() * 1_000_000)

    def fix(self, found: Audited, *, operator: str) -> list[int]:
        """Have exactly the differences pushed; of whom. Whoever changed meanwhile is left to its own push."""
        owed: list[int] = []
        numbers = sorted(found.drift)
        for start in range(0, len(numbers), PAGE):
            with self.parts.ledger.writing() as connection:
                now = to_micros(self.parts.clock.now())
                page = numbers[start : start + PAGE]
                held = customers.locked(connection, self.installation.id, page)
                rows = [_doubted(one, found, now) for one in held.values() if not is_waiting(one)]
                customers.save(connection, rows)
                owed += [row.zendesk_id for row in rows]
                actions.note(
                    connection,
                    now,
                    operator=operator,
                    action="drift_fixed",
                    target=f"{len(rows)} customers",
                    installation_id=self.installation.id,
                )
        return owed

    def heal(self, fixed: Sequence[int], *, most_s: float) -> Audited:
        """Wait until these are pushed, or nobody was for `most_s` seconds; then look again."""
        before, waited_s = len(fixed) + 1, 0.0
        while waited_s < most_s and not self.is_stopped():
            with self.parts.ledger.reading() as connection:
                rows = [customers.one(connection, self.installation.id, one) for one in fixed]
            left = sum(row is not None and is_waiting(row) for row in rows)
            if not left:
                break
            before, waited_s = left, 0.0 if left < before else waited_s + LOOK_EVERY_S
            self.pause(LOOK_EVERY_S)
        self.pause(self.parts.patience.most.total_seconds())
        return self.look([fixed[start : start + PAGE] for start in range(0, len(fixed), PAGE)])


def _doubted(customer: Customer, found: Audited, now: int) -> Customer:
    """The row that owes what differs: those vars are unknown, and the address is where it was seen."""
    number = customer.zendesk_id
    vars_ = {one.field: _keys(one.holds) for one in found.drift[number] if one.field != EMAIL}
    known = customer.doubting(vars_)
    seen_at = found.moved_to.get(number)
    if seen_at and any(one.field == EMAIL for one in found.drift[number]):
        known[EMAIL] = Known(seen_at, now)
    since = customer.owed_at or now
    return customer.but(known=known, owed=True, owed_at=since, due_at=max(now, customer.not_before))


def _keys(holds: Any) -> tuple[str, ...]:
    """The keys of an object that is held: those that should not be there are unset one by one."""
    return tuple(holds) if isinstance(holds, Mapping) else ()


def healed(after: Audited) -> int:
    """How many of those who were fixed were seen to agree: `after` is what the second look came to."""
    return after.examined - len(after.drift) - after.waiting - after.vanished - after.off
