"""The call about the lists that can be joined: made when an agent comes to where they are offered.

The page of a customer is drawn without it, so that a look costs one reading in Sailthru and not two.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from bridge.ledger import directions, mailing_lists
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.mailing_lists import MailingLists
from bridge.remotes.sailthru_errors import SYSTEM as SAILTHRU
from receiver.answers import answer
from receiver.sidebar.profile_reads import ProfileReads
from receiver.sidebar.sessions import Session

FRESH_US = 300 * 1_000_000


@dataclass(frozen=True)
class Lists:
    """The call about lists."""

    ledger: Ledger
    reads: ProfileReads

    def offered(self, session: Session) -> Response:
        """Their names, read anew once in five minutes for all of the installation, else as they were."""
        installation, now = session.installation, self.ledger.micros()
        with self.ledger.reading() as connection:
            known = mailing_lists.known(connection, installation.id)
        if now - known.read_at > FRESH_US:
            known = self._read(installation, now) or known
        return answer(200, names=list(known.names))

    def _read(self, installation: Installation, now: int) -> MailingLists | None:
        """The names as Sailthru has them; kept, for only these are accepted. None when it cannot be asked."""
        with self.ledger.reading() as connection:
            trouble = directions.troubled(connection, SAILTHRU).get(installation.id)
        names = self.reads.list_names(installation, trouble)
        if names is None:
            return None
        with self.ledger.writing() as connection:
            mailing_lists.keep(connection, installation.id, names, now)
            return mailing_lists.known(connection, installation.id)
