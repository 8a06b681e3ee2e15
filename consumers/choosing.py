"""Chooses whom to push to next, within free calls and quota, and has their pushes begun.

All of it happens inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection

from bridge.allowance import Allowance
from bridge.clock import to_micros
from bridge.customer import Customer
from bridge.deciding.steps import SAILTHRU_POST
from bridge.ledger import agent_actions, customers, directions, pauses, waits
from bridge.ledger.directions import Direction
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import database_now
from consumers.concluding import Result
from consumers.parts import Parts
from consumers.preparing import Prepared, prepare
from consumers.slots import Slots
from consumers.verdicts import PROBE_S

# While a lane has a backlog, facts run ahead, so that a burst on one customer becomes one push; for so long.
RUN_AHEAD = timedelta(seconds=8)
# With little quota left, calls are granted in small groups instead of one by one.
LEAST_GROUP = 8
PAUSE_FOR_QUOTA_S = 0.025
LONGEST_PAUSE_S = 0.5
LANE = "zendesk"  # what Sailthru is owed came by this lane
MICROS = 1_000_000
MOST_IN_TROUBLE = 6  # failures that count for the wait while a direction is in trouble: 64 s


@dataclass
class Choosing:
    """What one pusher remembers of its choices: whose turn it was, and who is short of quota."""

    parts: Parts
    slots: Slots
    is_backlogged: Callable[[], bool]
    _turn: int = 0
    _short_of_quota: dict[int, float] = field(default_factory=dict)

    def is_short(self) -> bool:
        """Whether somebody waits for quota just now."""
        return any(until > self.parts.clock.monotonic() for until in self._short_of_quota.values())

    def is_anything_due(self) -> bool:
        """Look before anything is written: most steps only write results, and writers stand in a queue."""
        with self.parts.ledger.reading() as connection:
            now = database_now(connection, self.parts.clock)
            resend_at = waits.next_due(connection, ("resend",))
            if resend_at is not None and resend_at <= now:
                return True
            troubled = directions.troubled(connection, "sailthru")
            return bool(_due(connection, troubled, to_micros(now)))

    def begin(
        self,
        connection: Connection,
        known: Mapping[int, Installation],
        now: int,
        ended: Sequence[Result],
    ) -> tuple[Prepared, int]:
        """What is begun now, and how many writes are sent once more. `ended` calls have made room."""
        prepared = Prepared([], [])
        self.parts.rates.write(connection)
        resent = _claim_resends(self.parts, connection)
        troubled = directions.troubled(connection, "sailthru")
        _prepare_hurried(self.parts, connection, known, troubled, prepared, now)
        for installation in self._in_turn(_due(connection, troubled, now), known):
            trouble = troubled.get(installation.id)
            free = self._free(installation, prepared, ended)
            self._prepare(connection, installation, trouble, prepared, now, free)
        return prepared, resent

    def begin_for(
        self,
        prepared: Prepared,
        connection: Connection,
        installations: Sequence[Installation],
    ) -> None:
        """Begin what is due of these installations alone."""
        now = to_micros(database_now(connection, self.parts.clock))
        troubled = directions.troubled(connection, "sailthru")
        standing = pauses.standing(connection)
        for installation in installations:
            if standing.hold(installation.id, LANE):
                continue
            free = self._free(installation, prepared)
            self._prepare(connection, installation, troubled.get(installation.id), prepared, now, free)

    def _free(
        self,
        installation: Installation,
        prepared: Prepared,
        ended: Sequence[Result] = (),
    ) -> int:
        """How many calls of one may begin beside those `prepared`; the `ended` have made room."""
        return self.slots.free(
            installation,
            is_alone=len(self.parts.directory.known()) == 1,
            planned=[job.installation for job in prepared.jobs],
            ended=[result.job.installation for result in ended],
        )

    def _prepare(
        self,
        connection: Connection,
        installation: Installation,
        trouble: Direction | None,
        prepared: Prepared,
        now: int,
        free: int,
    ) -> None:
        limit = self._limit(connection, installation, trouble, free, now)
        if limit <= 0:
            return
        owed_before = now - RUN_AHEAD // timedelta(microseconds=1) if self.is_backlogged() else None
        claimed = customers.claimable(connection, installation.id, now, limit=limit, owed_before=owed_before)
        if trouble is not None:
            claimed = [_unblamed(customer, trouble, now) for customer in claimed]
        take, before = Allowance(connection, installation, self.parts.clock).take, len(prepared.jobs)
        prepare(connection, installation, claimed, prepared, take=take, now=now)
        if trouble is not None and trouble.is_paused and len(prepared.jobs) > before:
            directions.begin_probe(connection, trouble, now + int(PROBE_S * MICROS))

    def _limit(
        self,
        connection: Connection,
        installation: Installation,
        trouble: Direction | None,
        free: int,
        now: int,
    ) -> int:
        """How many customers of one installation may be claimed now, with so many calls free."""
        if trouble is not None and trouble.is_paused:
            return min(free, 1) if trouble.probe_at <= now else 0
        if free <= 0 or self._short_of_quota.get(installation.id, 0.0) > self.parts.clock.monotonic():
            return 0
        room = Allowance(connection, installation, self.parts.clock).room(SAILTHRU_POST, free)
        if room.calls < min(free, LEAST_GROUP):
            pause_s = max(PAUSE_FOR_QUOTA_S, min(room.wait_s, LONGEST_PAUSE_S))
            self._short_of_quota[installation.id] = self.parts.clock.monotonic() + pause_s
        return min(free, room.calls)

    def _in_turn(self, due: Sequence[int], known: Mapping[int, Installation]) -> list[Installation]:
        """Installations, another one first each time."""
        here = [known[number] for number in due if number in known]
        if not here:
            return []
        self._turn = (self._turn + 1) % len(here)
        return here[self._turn :] + here[: self._turn]


def _prepare_hurried(
    parts: Parts,
    connection: Connection,
    known: Mapping[int, Installation],
    troubled: Mapping[int, Direction],
    prepared: Prepared,
    now: int,
) -> None:
    """First those an agent waits for: no backlog stands before them, and the reserve is theirs."""
    standing = pauses.standing(connection)
    for number, hurried in agent_actions.hurried(connection, now).items():
        if number not in known or number in troubled or standing.hold(number, LANE):
            continue
        installation = known[number]
        held = customers.locked(connection, number, hurried).values()
        claimed = [one for one in held if one.owed and not (one.lease_until or 0) > now]
        take = Allowance(connection, installation, parts.clock).take_for_agent
        prepare(connection, installation, claimed, prepared, take=take, now=now)


def _claim_resends(parts: Parts, connection: Connection) -> int:
    """A minute after an unknown outcome the same goes once more: an older write may have landed last."""
    now = database_now(connection, parts.clock)
    due = waits.claim_due(connection, ("resend",), now, hold=timedelta(seconds=30), limit=100)
    for wait in due:
        for customer in customers.locked(connection, wait.installation_id, [wait.number]).values():
            keys = {name: () for name in wait.detail if name in customer.known}
            doubted = replace(customer, known=customer.doubting(keys), owed=True, due_at=to_micros(now))
            customers.save(connection, [doubted])
        waits.end(connection, wait)
    return len(due)


def _due(connection: Connection, troubled: Mapping[int, Direction], now: int) -> list[int]:
    """The installations with somebody to push to now, but for paused ones and those nobody may try."""
    standing = pauses.standing(connection)
    return [
        one
        for one in customers.installations_due(connection, now)
        if not standing.hold(one, LANE) and not (one in troubled and troubled[one].keeps_back(now))
    ]


def _unblamed(customer: Customer, trouble: Direction, now: int) -> Customer:
    """While nobody gets through, each tries again within about a minute, and nobody is blamed for it."""
    since = None if trouble.is_lasting(now) else customer.failing_since
    return replace(customer, failures=min(customer.failures, MOST_IN_TROUBLE), failing_since=since)
