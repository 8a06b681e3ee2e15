"""What becomes of users who are deleted in Zendesk: the clock looks whether they are gone for good, and some
weeks after that forgets them.

Zendesk tells nobody when it erases a user whom it had deleted before, so deleted users are read now and then;
a hundred cost one call. Once one is gone, its tickets and tags leave Sailthru by an ordinary push.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bridge.clock import Clock, from_micros, to_micros
from bridge.customer import REFUSED
from bridge.deciding.auditing import is_waiting
from bridge.deciding.reading import USER
from bridge.directory import Directory
from bridge.ledger import audits, customers, facts, waits
from bridge.ledger.audits import Turn
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.waits import Wait
from consumers.forgetting import Forgetting

LOOK_EVERY_S = 300.0
READ_EVERY = timedelta(days=1)
MOST_READ = 1000  # of one installation in a day; those not read for the longest time first
MOST_FORGOTTEN = 20  # of one installation in one pass: each looks through all texts

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class DeletedUsers:
    """The pass; one clock holds it at a time. `forget_after`: so long after a user was found to be gone."""

    ledger: Ledger
    directory: Directory
    clock: Clock
    forgetting: Forgetting
    forget_after: timedelta | None

    def step(self) -> None:
        """Have deleted users read whose turn it is, and forget whoever was gone long enough."""
        now = self.clock.now()
        with self.ledger.reading() as connection:
            known = audits.turns(connection)
        for installation in self.directory.all():
            turn = known.get(installation.id)
            if turn is not None and from_micros(turn.deleted_at) <= now - READ_EVERY:
                self._have_read(turn, now)
            self._forget(installation, now)

    def _have_read(self, turn: Turn, now: datetime) -> None:
        with self.ledger.writing() as connection:
            found = facts.deleted_users(connection, turn.installation_id, limit=MOST_READ)
            subjects = [f"user:{number}" for number in found]
            new = [Wait(turn.installation_id, subject, USER, due_at=now, since=now) for subject in subjects]
            waits.add(connection, new)
            audits.put(connection, [replace(turn, deleted_at=to_micros(now))])

    def _forget(self, installation: Installation, now: datetime) -> None:
        """Whoever is owed something, or was refused, is waited for: what Sailthru holds of it comes first."""
        if self.forget_after is None:
            return
        before = to_micros(now - self.forget_after)
        with self.ledger.reading() as connection:
            gone = facts.gone_users(connection, installation.id, before=before, limit=MOST_FORGOTTEN)
            rows = [customers.one(connection, installation.id, number) for number in gone]
        for row in rows:
            if row is not None and not is_waiting(row) and row.state != REFUSED:
                detail = {"reason": "deleted in Zendesk"}
                self.forgetting.erase(installation, row.zendesk_id, operator="clock", detail=detail)
                log.info("A deleted user was forgotten.", action="customer_forgotten", outcome="done")
