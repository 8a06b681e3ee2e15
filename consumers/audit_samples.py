"""The clock's audit: every hour some profiles of each installation are read and compared.

A reading that is made for any reason compares; this sees to it that, beside those that changed, everybody is
looked at in turn, and that whoever was seen to differ is looked at again soon.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.clock import Clock, to_micros
from bridge.directory import Directory
from bridge.ledger import audits
from bridge.ledger.audits import Turn
from bridge.ledger.ledger import Ledger
from consumers import profile_waits
from consumers.patience import PATIENT, Cause, Patience
from consumers.turns import next_turn

LOOK_EVERY_S = 20.0
EVERY = timedelta(hours=1)
PLACE = 3  # of the installation in the hour: not where its other turns are


@dataclass(frozen=True)
class AuditSamples:
    """The pass; one clock holds it at a time. `size` profiles at most of each installation in an hour."""

    ledger: Ledger
    directory: Directory
    clock: Clock
    size: int
    patience: Patience = PATIENT

    def step(self) -> int:
        """Let the samples that are due be read; how many profiles."""
        now = self.clock.now()
        with self.ledger.reading() as connection:
            known = audits.turns(connection)
        due = [one.id for one in self.directory.all() if _is_due(known.get(one.id), now)]
        return sum(self._sample(number, known.get(number), now) for number in due)

    def _sample(self, installation_id: int, turn: Turn | None, now: datetime) -> int:
        next_at = to_micros(next_turn(installation_id, PLACE, EVERY, now))
        with self.ledger.writing() as connection:
            if turn is None:  # met for the first time: its first turn comes
                audits.put(connection, [Turn(installation_id, next_at)])
                return 0
            again = audits.drifting(connection, installation_id, limit=self.size // 2)
            fresh = self._next(connection, turn, self.size - len(again))
            causes = [Cause(number, is_refresh=True) for number in sorted({*again, *fresh})]
            profile_waits.add(connection, installation_id, causes, self.patience, now)
            position = fresh[-1] if fresh else 0
            audits.put(connection, [Turn(installation_id, next_at, position, turn.deleted_at)])
        return len(causes)

    def _next(self, connection: Connection, turn: Turn, limit: int) -> list[int]:
        """Those who follow whom the last sample ended with; after the last one the first."""
        found = audits.linked(connection, turn.installation_id, after=turn.position, limit=limit)
        return found or audits.linked(connection, turn.installation_id, after=0, limit=limit)


def _is_due(turn: Turn | None, now: datetime) -> bool:
    return turn is None or turn.next_at <= to_micros(now)
