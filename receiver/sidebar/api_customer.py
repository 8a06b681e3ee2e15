"""The one call that draws the page: a customer as the ledger knows it, and its profile as just read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Response, request

from bridge.clock import Clock
from bridge.errors import Rejected
from bridge.facts import SCORE
from bridge.forgotten import Forgotten
from bridge.ledger import customers, facts, waits
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.waits import Wait
from bridge.profiles import profile_values
from receiver.answers import answer
from receiver.sidebar import known as knowledge
from receiver.sidebar.known import Known
from receiver.sidebar.profile_reads import ASKED_ANEW_S, KEPT_S, ProfileReads
from receiver.sidebar.seals import Seals
from receiver.sidebar.sessions import Session
from receiver.sidebar.view import Profile, customer_view, is_nobody, kept
from schemas.spelling import zendesk_id

SCORES_FRESH_S = 300.0
FIRST_SIGHT = ("user", "tickets")  # the waits to have a customer read in Zendesk for the first time
PROFILE = "profile"  # the wait to have a profile's facts read anew


@dataclass
class ScoresSeen:
    """Whether an installation has scores at all, asked of the ledger once in a while."""

    ledger: Ledger
    clock: Clock
    _seen: dict[int, tuple[float, bool]] = field(default_factory=dict)

    def of(self, installation_id: int) -> bool:
        asked_at, has_any = self._seen.get(installation_id, (float("-inf"), False))
        if self.clock.monotonic() - asked_at < SCORES_FRESH_S:
            return has_any
        with self.ledger.reading() as connection:
            has_any = facts.is_any_told(connection, installation_id, SCORE)
        self._seen[installation_id] = (self.clock.monotonic(), has_any)
        return has_any


@dataclass(frozen=True)
class Customers:
    """The call about a customer."""

    ledger: Ledger
    clock: Clock
    reads: ProfileReads
    seals: Seals
    scores: ScoresSeen
    forgotten: Forgotten

    def show(self, session: Session) -> Response:
        """One customer. With `fresh=1` its profile is read anew, and the ledger's facts soon after."""
        number, is_fresh = _asked_for(), request.args.get("fresh") == "1"
        installation = session.installation
        known = self._known(installation, number)
        is_met = True
        if known.customer is None or (is_fresh and is_nobody(known)):
            is_met = self._meet(installation.id, number)
        if is_nobody(known) or not is_met:
            return answer(404, error="unknown_customer")
        if is_fresh and known.customer is not None and known.customer.sid is not None:
            self._read_soon(installation.id, number)
        profile = self._profile(installation, known, within_s=ASKED_ANEW_S if is_fresh else KEPT_S)
        has_scores = profile.values.get(SCORE) is not None or self.scores.of(installation.id)
        shown = customer_view(
            known,
            profile,
            installation.settings.options,
            has_scores=has_scores,
            seal=partial(self.seals.sealed, installation_id=installation.id, zendesk_id=number),
        )
        return answer(200, **shown)

    def _known(self, installation: Installation, number: int) -> Known:
        with self.ledger.reading() as connection:
            return knowledge.read(connection, installation.id, number, self.ledger.micros())

    def _meet(self, installation_id: int, number: int) -> bool:
        """A customer never heard of: Zendesk is asked about it, as after its first event.

        False for one who was forgotten.
        """
        now, subject = self.clock.now(), f"user:{number}"
        with self.ledger.writing() as connection:
            if self.forgotten.is_one(connection, installation_id, number):
                return False
            customers.add(connection, installation_id, [number])
            for kind in FIRST_SIGHT:
                waits.add(connection, [Wait(installation_id, subject, kind, due_at=now, since=now)])
            return True

    def _read_soon(self, installation_id: int, number: int) -> None:
        """What the page reads itself is only shown; the facts are the consumer's to read."""
        now = self.clock.now()
        with self.ledger.writing() as connection:
            waits.add(connection, [Wait(installation_id, f"user:{number}", PROFILE, due_at=now, since=now)])

    def _profile(self, installation: Installation, known: Known, *, within_s: float) -> Profile:
        sid = known.customer.sid if known.customer else None
        if sid is None:
            return kept(known.facts)
        told = self.reads.profile(installation, sid, known.trouble, within_s=within_s)
        if told.problem is not None:
            return kept(known.facts, told.problem)
        if told.profile is None:
            return Profile({}, self.clock.now(), is_live=True, is_gone=True)
        values = profile_values(told.profile, installation.settings.options, zone=_zone(known.timezone))
        return Profile(values, told.profile.read_at, is_live=True)


def _asked_for() -> int:
    try:
        number = zendesk_id(request.args.get("user", ""))
    except ValueError:
        number = None
    if number is None:
        raise Rejected("no_user", 400)
    return number


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
