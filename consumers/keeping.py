"""Keeps facts, owed marks and due times in one transaction: nothing of an event is only in memory then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from bridge.clock import to_micros
from bridge.customer import NOT_IN_ZENDESK, STAFF, Customer
from bridge.deciding.merging import Merge
from bridge.deciding.projection import END_USER
from bridge.deciding.reading import ACTION, USER, Hint, Meaning
from bridge.facts import ADDRESS, ROLE, TICKET, TICKETS, Fact, of_customer
from bridge.forgotten import Forgotten
from bridge.ledger import customers, dead, events, facts, waits, zendesk_users
from bridge.ledger.events import APPLIED, DEAD, IGNORED, KEPT, KeptEvent
from bridge.ledger.waits import Wait
from bridge.meetings import to_record
from bridge.owners import AGENT
from consumers import profile_waits
from consumers.admitting import Meant, admit_events, admit_reading, hold
from consumers.patience import PATIENT, PROFILE, Cause, Patience
from consumers.postbacks import Postbacks
from schemas.event import Event
from schemas.trial import TYPE as TRIAL


@dataclass
class Stirred:
    """For whom there is work that was not there before.

    `kinds` are those of new waits; `owes_zendesk`: facts for it changed; `is_from_agent`: of an action.
    """

    kinds: set[str] = field(default_factory=set)
    owes_zendesk: bool = False
    is_from_agent: bool = False

    def join(self, other: Stirred) -> None:
        self.kinds |= other.kinds
        self.owes_zendesk = self.owes_zendesk or other.owes_zendesk
        self.is_from_agent = self.is_from_agent or other.is_from_agent


def keep_events(
    connection: Connection,
    installation_id: int,
    batch: Sequence[Meant],
    now: datetime,
    patience: Patience = PATIENT,
    *,
    forgotten: Forgotten,
) -> Stirred:
    """Keep events of one installation with all that follows from them; says for whom there is work now.

    Of whom was `forgotten` nothing is kept.
    """
    postbacks = Postbacks.of(connection, installation_id, [(one.event, one.meaning) for one in batch])
    batch = admit_events(connection, installation_id, batch, postbacks, forgotten=forgotten)
    postbacks = postbacks.only({one.event.id for one in batch if not one.ignored_for})
    others = [meant for meant in batch if meant.event.id not in postbacks.pointed]
    readable = [(meant.event.id, meant.meaning) for meant in others if meant.meaning is not None]
    keeping = Keeping(connection, installation_id, now)
    keeping.merge([fact for _, meaning in readable for fact in meaning.facts])
    keeping.merged.touched.update(postbacks.to_be_found())
    keeping.meet_customers([meaning for _, meaning in readable])
    followed = {name for name, meaning in readable if keeping.follow(meaning.hints)}
    skipped = {name for name, meaning in readable if name not in followed and not meaning.facts}
    keeping.write(patience, postbacks.causes())
    kept = [keeping.kept(meant, skipped) for meant in others] + postbacks.kept()
    events.keep(connection, installation_id, kept, to_micros(now))
    _bury_unreadable(connection, installation_id, batch, to_micros(now))
    keeping.stirred.is_from_agent = any(meant.event.source == AGENT for meant in batch)
    return keeping.stirred


def keep_reading(  # noqa: PLR0913 - one parameter for each thing that a reading may bring
    connection: Connection,
    installation_id: int,
    stated: Sequence[Fact],
    now: datetime,
    *,
    read: Iterable[int] = (),
    patience: Patience = PATIENT,
    forgotten: Forgotten,
) -> None:
    """Keep what was read in Zendesk. The customers `read` are owed a look even if nothing changed.

    Of whom was `forgotten` nothing is kept.
    """
    stated, read = admit_reading(connection, installation_id, stated, read, forgotten=forgotten)
    keeping = Keeping(connection, installation_id, now)
    keeping.merge(stated)
    keeping.merged.touched.update(read)
    keeping.meet_customers([Meaning(None, tuple(stated))])
    keeping.write(patience)


def keep_profile(
    connection: Connection, installation_id: int, stated: Sequence[Fact], now: datetime, *, due_at: int
) -> None:
    """Keep what was read in Sailthru; what changed is due in Zendesk at `due_at` (microseconds).

    The caller holds the customer's row: whoever was forgotten has none.
    """
    hold(connection, installation_id, [Meaning(None, tuple(stated))])
    keeping = Keeping(connection, installation_id, now)
    keeping.merge(stated)
    keeping.store(due_at)


class Keeping:
    """One transaction's work on one installation, step by step: merge, meet the customers, write.

    What is merged was admitted before (`consumers.admitting`), and its subjects are held.
    """

    def __init__(self, connection: Connection, installation_id: int, now: datetime) -> None:
        self.connection = connection
        self.installation_id = installation_id
        self.now = now
        self.merged = Merge({})
        self.customers: dict[int, Customer] = {}
        self.waits: list[Wait] = []
        self.stirred = Stirred()

    def merge(self, stated: Sequence[Fact]) -> None:
        subjects = {fact.subject for fact in stated}
        holders = {f"user:{fact.zendesk_id}" for fact in stated if fact.field == TICKET and fact.zendesk_id}
        standing = facts.of_subjects(self.connection, self.installation_id, subjects)
        standing += facts.of_fields(self.connection, self.installation_id, holders - subjects, TICKETS)
        # Which tickets a list leaves out can only be told beside those known of that user.
        listed = [fact.zendesk_id for fact in stated if fact.field == TICKETS and fact.zendesk_id]
        for known in facts.of_customers(self.connection, self.installation_id, listed).values():
            standing += known.tickets.values()
        self.merged = Merge.of(standing)
        self.merged.take_all(stated)
        for subject, until in self.merged.doubts.items():
            kind = USER if subject.startswith("user:") else TICKET
            self._wait(kind, subject, until)

    def meet_customers(self, meanings: Sequence[Meaning]) -> None:
        """Hold the customers concerned; whoever is heard of for the first time is read in Zendesk."""
        named = {fact.zendesk_id for meaning in meanings for fact in meaning.facts if fact.zendesk_id}
        hinted = {_number(hint) for meaning in meanings for hint in meaning.hints if hint.kind == USER}
        concerned = named | hinted | self.merged.touched
        self.customers = customers.locked(self.connection, self.installation_id, concerned)
        customers.add(self.connection, self.installation_id, concerned - set(self.customers))
        for number in sorted(concerned):
            known = self.customers.get(number, Customer(self.installation_id, number))
            if self._needs_sight(known):
                self._see(known, (USER, TICKETS))
            elif known.is_only_exported:
                self._see(known, (TICKETS,))
            self.customers[number] = known

    def _needs_sight(self, customer: Customer) -> bool:
        """Unread, and nobody is about to read it: it is new, or was once given up."""
        if customer.state == STAFF:
            # The tickets of an agent are not read; those of one who is an agent no longer have to be.
            return customer.seen_at is None and not self.is_staff(customer.zendesk_id)
        is_new = customer.zendesk_id not in self.customers
        was_given_up = customer.state == NOT_IN_ZENDESK
        return (
            customer.read_at is None and (is_new or was_given_up) and not self.is_staff(customer.zendesk_id)
        )

    def is_staff(self, number: int) -> bool:
        subject = f"user:{number}"
        role = self.merged.standing.get((subject, ROLE))
        if role is None and number in self.customers:
            role = next(iter(facts.of_fields(self.connection, self.installation_id, [subject], ROLE)), None)
        return role is not None and role.value != END_USER

    def _see(self, customer: Customer, kinds: Sequence[str]) -> None:
        for kind in kinds:
            self._wait(kind, f"user:{customer.zendesk_id}", self.now)
        self.merged.touched.add(customer.zendesk_id)

    def follow(self, hints: Sequence[Hint]) -> bool:
        """Wait for what hints ask to be read; False when nothing needs to be."""
        needed = [hint for hint in hints if not self._is_newer(hint)]
        for hint in needed:
            detail = {name: value for name, value in hint.detail.items() if name != "unless_newer"}
            self._wait(hint.kind, hint.subject, self.now, detail)
        return bool(needed)

    def _is_newer(self, hint: Hint) -> bool:
        """Whether the ticket's fact is surely newer than the second that a trigger names."""
        named = hint.detail.get("unless_newer")
        if named is None:
            return False
        standing = facts.of_fields(self.connection, self.installation_id, [hint.subject], TICKET)
        just_told = self.merged.standing.get((hint.subject, TICKET))
        standing += [just_told] if just_told else []
        return any(fact.at.replace(microsecond=0) > datetime.fromisoformat(named) for fact in standing)

    def write(self, patience: Patience, causes: Sequence[Cause] = ()) -> None:
        """Store it all. `causes` are those beyond the facts to read profiles."""
        opened = [one for one in self.merged.openings if one.is_recent(self.now)]
        # Of a customer who opens a ticket the profile is read now: what it says goes along.
        soon = dict.fromkeys((one.number for one in opened), to_micros(self.now + patience.settle))
        self.store(to_micros(self.now), soon)
        self._owe_sailthru()
        waits.add(self.connection, self.waits)
        key = (self.connection, self.installation_id)
        profile_waits.note_openings(*key, self.merged.openings, patience, self.now)
        causes = [*causes, *(Cause(one.number, opened=(one.ticket,)) for one in opened)]
        profile_waits.add(*key, causes, patience, self.now)
        self.stirred.kinds.update((wait.kind for wait in self.waits), (PROFILE for _ in causes))

    def store(self, due_at: int, soon: Mapping[int, int] = MappingProxyType({})) -> None:
        """Store the facts, and owe Zendesk from `due_at` on, `soon` for some, what changed for it."""
        facts.store(self.connection, self.installation_id, list(self.merged.written.values()))
        marks = [zendesk_users.Mark(one, soon.get(one, due_at)) for one in self.merged.mirrored]
        zendesk_users.mark_owed(self.connection, self.installation_id, marks, to_micros(self.now))
        self.stirred.owes_zendesk = bool(marks)

    def _owe_sailthru(self) -> None:
        marks = self.marks(self.merged.touched)
        customers.mark_owed(self.connection, self.installation_id, marks, to_micros(self.now))
        self.reopen(marks)

    def marks(self, numbers: Iterable[int]) -> list[customers.Mark]:
        """These customers with their addresses as the facts stand now."""
        own: dict[str, list[Fact]] = defaultdict(list)
        for (subject, _), fact in self.merged.standing.items():
            own[subject].append(fact)
        return [customers.Mark(number, self._address(number, own[f"user:{number}"])) for number in numbers]

    def _address(self, number: int, own: Sequence[Fact]) -> str | None:
        """The address by its own facts, where they were loaded; else it did not change."""
        if not any(fact.field == ADDRESS or fact.field == "active" for fact in own):
            return self.customers[number].address
        return of_customer(own).address()

    def reopen(self, marks: Sequence[customers.Mark]) -> None:
        """A former address, or a new one, opens the search for a profile again, at once."""
        moved = {mark.zendesk_id for mark in marks if mark.address != self.customers[mark.zendesk_id].address}
        again = moved | (self.merged.reopened & self.merged.touched)
        held = customers.locked(self.connection, self.installation_id, again)
        reopened = [
            replace(one, link=replace(one.link, looked_at=0), not_before=0, due_at=to_micros(self.now))
            for one in held.values()
        ]
        customers.save(self.connection, reopened)

    def kept(self, meant: Meant, skipped: set[str]) -> KeptEvent:
        """An event's row: the version that will hold its facts, and whether anything is left to do."""
        if meant.ignored_for:
            return KeptEvent(meant.event, None, None, IGNORED, meant.ignored_for)
        if meant.event.type == "unreadable":
            return KeptEvent(meant.event, None, None, DEAD, "unreadable")
        if meant.meaning is None:
            why = "a test of bridge setup" if meant.event.type == TRIAL else "unknown type"
            return KeptEvent(meant.event, None, None, IGNORED, why)
        if meant.event.id in skipped:
            return KeptEvent(meant.event, meant.meaning.zendesk_id, None, APPLIED, "already newer")
        kept = self._kept(meant.event, meant.meaning)
        return replace(kept, made=to_record(self.merged.met.get(meant.event.id, ())))

    def _kept(self, event: Event, meaning: Meaning) -> KeptEvent:
        number = meaning.zendesk_id
        customer = self.customers.get(number) if number else None
        # No push applies what an agent asked to be done: it ends when that was done.
        if customer is None or any(hint.kind == ACTION for hint in meaning.hints):
            return KeptEvent(event, number, None, KEPT)
        is_touched = customer.zendesk_id in self.merged.touched
        version = customer.wanted + (1 if is_touched else 0)
        is_done = not is_touched and not customer.owed and not meaning.hints
        return KeptEvent(event, number, version, APPLIED if is_done else KEPT)

    def _wait(self, kind: str, subject: str, due_at: datetime, detail: dict[str, Any] | None = None) -> None:
        self.waits.append(
            Wait(self.installation_id, subject, kind, due_at=due_at, since=self.now, detail=detail or {})
        )


def _number(hint: Hint) -> int:
    return int(hint.subject.partition(":")[2])


def _bury_unreadable(connection: Connection, installation_id: int, batch: Sequence[Meant], now: int) -> None:
    for meant in batch:
        if meant.event.type != "unreadable":
            continue
        data = meant.event.data
        dead.bury(
            connection,
            dead.DeadLetter(
                installation_id,
                lane=meant.event.lane,
                type=meant.event.type,
                reason="unreadable",
                error=f"{data.get('fault', '')} {data.get('hint', '')}".strip(),
                event_id=meant.event.id,
                data=data,
            ),
            now,
        )
