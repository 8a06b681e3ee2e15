"""The clock's pass over linked customers: everybody's profile is read again in its turn.

No postback tells of a changed list, of engagement or of a score, so what nobody tells is found this way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.clock import Clock, to_micros
from bridge.directory import Directory
from bridge.ledger import zendesk_users
from bridge.ledger.ledger import Ledger
from bridge.ledger.zendesk_users import Tally
from bridge.zendesk_user import ZendeskUser
from consumers import profile_waits
from consumers.patience import PATIENT, Cause, Patience
from consumers.turns import next_turn

REFRESH_EVERY_S = 5.0
COUNT_EVERY = timedelta(minutes=10)
LEAST = 10  # in one pass
CATCHING_UP = 2  # times the even load: what a stop of the clock left is made up for, but not all at once


@dataclass
class Refresh:
    """The pass; one clock holds it at a time."""

    ledger: Ledger
    directory: Directory
    clock: Clock
    patience: Patience = PATIENT
    _tallies: Mapping[int, Tally] = field(default_factory=dict)
    _count_at: datetime | None = None

    def step(self) -> int:
        """Let those wait for a reading whose turn has come; how many."""
        self._count()
        with self.ledger.reading() as connection:
            due = zendesk_users.installations_to_refresh(connection, to_micros(self.clock.now()))
        known = self.directory.known()
        return sum(self._refresh(number) for number in due if number in known)

    def _count(self) -> None:
        """How many there are to be refreshed, asked anew now and then."""
        now = self.clock.now()
        if self._count_at is None or self._count_at <= now:
            with self.ledger.reading() as connection:
                self._tallies = zendesk_users.tallies(connection)
            self._count_at = now + COUNT_EVERY

    def _refresh(self, installation_id: int) -> int:
        with self.ledger.writing() as connection:
            return self._take_turns(connection, installation_id, self.clock.now())

    def _take_turns(self, connection: Connection, installation_id: int, now: datetime) -> int:
        limit = self._limit(self._tallies.get(installation_id, Tally(0, 0)))
        due = zendesk_users.due_for_refresh(connection, installation_id, to_micros(now), limit=limit)
        turns = {row.zendesk_id: self._next(row, now) for row in due}
        zendesk_users.set_refresh(connection, installation_id, turns)
        causes = [Cause(number, is_refresh=True) for number in turns]
        profile_waits.add(connection, installation_id, causes, self.patience, now)
        return len(turns)

    def _next(self, row: ZendeskUser, now: datetime) -> int:
        every = self.patience.every_open if row.has_open else self.patience.every
        return to_micros(next_turn(row.installation_id, row.zendesk_id, every, now))

    def _limit(self, tally: Tally) -> int:
        """How many in one pass, so that the load stays even."""
        others = tally.linked - tally.with_open
        a_second = tally.with_open / self.patience.every_open.total_seconds()
        a_second += others / self.patience.every.total_seconds()
        return max(LEAST, math.ceil(CATCHING_UP * REFRESH_EVERY_S * a_second))
