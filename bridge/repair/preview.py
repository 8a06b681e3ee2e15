"""What would change, and in which system, if a dead letter were replayed.

It is told by the very functions by which the pushers plan, over the facts and what is surely held now. Calls
nobody and writes nothing, so what the remotes would say is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bridge.deciding import planning
from bridge.deciding.merging import Merge
from bridge.deciding.reading import meaning
from bridge.deciding.to_zendesk import planning as back
from bridge.errors import Refused
from bridge.facts import CustomerFacts, Fact, of_customer
from bridge.ledger import customers, facts, learning, zendesk_users
from bridge.ledger.dead import DeadLetter
from bridge.ledger.installations import Installation
from bridge.repair import foretelling
from bridge.repair.foretelling import NOTHING, READ_FIRST, SENT, Change, Foretold
from bridge.repair.replaying import TO_ZENDESK, freed, freed_user, travelling
from schemas.event import Event

REFUSED = "refused"
FAILS = "fails"


@dataclass(frozen=True)
class Preview:
    """What the replay of one letter would come to, `words` without addresses.

    `outcome` is `refused`, `fails`, or one of those in `foretelling`.
    """

    letter: int
    outcome: str
    words: str
    changes: tuple[Change, ...] = ()


@dataclass
class Summary:
    """Many previews: how many of each outcome, fields by (system, name), refusals by their words."""

    outcomes: Counter[str] = field(default_factory=Counter)
    fields: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def looked_at(self) -> int:
        return self.outcomes.total()


def sum_up(previews: Sequence[Preview]) -> Summary:
    """Add up previews."""
    summary = Summary()
    for one in previews:
        summary.outcomes[one.outcome] += 1
        summary.fields.update({(change.system, change.field) for change in one.changes})
        if one.outcome == REFUSED:
            summary.refusals[one.words] += 1
    return summary


@dataclass(frozen=True)
class Foresight:
    """Looks ahead inside one reading transaction; `now` in microseconds.

    `again`: also at letters that died again of the same.
    """

    connection: Connection
    installations: Mapping[int, Installation]
    now: int
    again: bool = False

    def preview(self, letter: DeadLetter) -> Preview:
        """What would become of this letter."""
        try:
            events = travelling(self.connection, letter, again=self.again)
        except Refused as error:
            return Preview(letter.id, REFUSED, error.detail or str(error))
        installation = self.installations.get(letter.installation_id)
        if installation is None:
            return Preview(letter.id, REFUSED, "its installation was removed; drop the letter")
        try:
            return _joined(letter, self._parts(letter, installation, events))
        except SQLAlchemyError:
            raise
        except Exception:  # noqa: BLE001 - what the bridge failed of before, it fails of here too
            return Preview(letter.id, FAILS, "the bridge fails of it here too; replay after an upgrade")

    def _parts(
        self, letter: DeadLetter, installation: Installation, events: Sequence[Event]
    ) -> list[Foretold]:
        if letter.event_id is not None:
            return self._of_events(installation, events)
        if letter.type.startswith("read."):
            return [Foretold(READ_FIRST, f"would be read once more in {letter.lane.capitalize()}")]
        if letter.zendesk_id is None:
            return [Foretold(NOTHING, "nothing would change: it is about no customer")]
        told = facts.of_customers(self.connection, installation.id, [letter.zendesk_id])
        plan = self._to_zendesk if letter.lane == TO_ZENDESK else self._to_sailthru
        return [plan(installation, letter.zendesk_id, told[letter.zendesk_id])]

    def _of_events(self, installation: Installation, events: Sequence[Event]) -> list[Foretold]:
        done = [foretelling.of_action(event) for event in events if event.source == "agent"]
        meant = [one for one in map(meaning, events) if one is not None]
        parts = [part for part in done if part is not None]
        stated = [fact for one in meant for fact in one.facts]
        if stated:
            parts += self._of_facts(installation, stated)
        elif not parts:
            parts = [foretelling.of_hints(meant)]
        return parts

    def _of_facts(self, installation: Installation, stated: Sequence[Fact]) -> list[Foretold]:
        """The facts that the events state, merged into those that stand, and what follows for both sides."""
        subjects = {fact.subject for fact in stated}
        merged = Merge.of(facts.of_subjects(self.connection, installation.id, subjects))
        merged.take_all(stated)
        whose = sorted({one.zendesk_id for one in merged.standing.values() if one.zendesk_id})
        known = facts.of_customers(self.connection, installation.id, whose)
        parts = []
        for number in whose:
            told = _with(known[number], merged.written.values(), number)
            parts.append(self._to_sailthru(installation, number, told))
            parts.append(self._to_zendesk(installation, number, told))
        return parts

    def _to_sailthru(self, installation: Installation, number: int, told: CustomerFacts) -> Foretold:
        customer = customers.one(self.connection, installation.id, number)
        if customer is None:
            return Foretold(READ_FIRST, "the customer is new here and would be read in Zendesk first")
        objects = learning.learned(self.connection, installation.id).get("objects")
        standing = planning.Standing(freed(customer), told, installation.settings, objects, self.now)
        return foretelling.to_sailthru(standing)

    def _to_zendesk(self, installation: Installation, number: int, told: CustomerFacts) -> Foretold:
        user = zendesk_users.one(self.connection, installation.id, number)
        if user is None:
            return Foretold(NOTHING, "no profile of this customer is known, so Zendesk is owed nothing")
        ways = learning.zendesk_ways(learning.learned(self.connection, installation.id))
        options = installation.settings.options
        return foretelling.to_zendesk(back.Standing(freed_user(user), told, options, ways, self.now))


def _joined(letter: DeadLetter, parts: Sequence[Foretold]) -> Preview:
    """The parts as one; what is sent outweighs what is only read, and that what changes nothing."""
    chief = next((name for name in (SENT, READ_FIRST) if any(one.outcome == name for one in parts)), NOTHING)
    words = dict.fromkeys(one.words for one in parts if one.outcome == chief)
    changes = tuple(change for one in parts for change in one.changes)
    return Preview(letter.id, chief, "; ".join(words) or "nothing would change", changes)


def _with(known: CustomerFacts, written: Iterable[Fact], number: int) -> CustomerFacts:
    """A customer's facts once these were written."""
    standing = {(one.subject, one.field): one for one in (*known.fields.values(), *known.tickets.values())}
    standing |= {(one.subject, one.field): one for one in written}
    return of_customer([one for one in standing.values() if one.zendesk_id == number])
