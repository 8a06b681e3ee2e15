"""New facts meet those that stand: what changes, for whom, and what must be read again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.clock import to_micros
from bridge.deciding.way_back import Opening, concerns_zendesk, opening
from bridge.facts import (
    ADDRESS,
    FORMER_PREFIX,
    SAILTHRU_PREFIX,
    TAG_PREFIX,
    TAGS,
    TICKET,
    TICKETS,
    Fact,
    counts,
    doubts_list,
    meet,
    with_earliest,
)
from bridge.meetings import Met, met

Key = tuple[str, str]


@dataclass
class Merge:
    """Facts as they stand while new ones are merged in.

    `standing` grows with each `take`; `written` are those to be stored; `touched` the customers of whom
    Sailthru is to hold something else now, `mirrored` those of whom Zendesk is; `doubts` the subjects to be
    read again, with the time from which that can tell; `reopened` the customers of whom a former address
    became known; `openings` the tickets that are unsolved from now on; `news` which fields changed of whom.
    `met` says of each event that stated facts what these met.
    """

    standing: dict[Key, Fact]
    written: dict[Key, Fact] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    doubts: dict[str, datetime] = field(default_factory=dict)
    reopened: set[int] = field(default_factory=set)
    mirrored: set[int] = field(default_factory=set)
    openings: list[Opening] = field(default_factory=list)
    met: dict[str, list[Met]] = field(default_factory=dict)
    news: dict[int, set[str]] = field(default_factory=dict)
    _fields: dict[str, list[str]] | None = None  # subject -> its fields, made when a list is met

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Merge:
        return cls({(fact.subject, fact.field): fact for fact in facts})

    def take_all(self, facts: Sequence[Fact]) -> None:
        """Merge facts in, in any order; complete lists last, so that their members meet the members first."""
        for fact in sorted(facts, key=lambda fact: fact.field in (TAGS, TICKETS)):
            self.take(fact)

    def take(self, new: Fact) -> None:
        """Merge one fact in."""
        key = (new.subject, new.field)
        old = self.standing.get(key)
        if old is not None and new.field.startswith(FORMER_PREFIX):
            old, new = with_earliest(old, new)
        meeting = meet(old, new)
        if new.origin != "reading":
            self.met.setdefault(new.event_id, []).append(met(old, new, meeting.stands))
        is_settled = new.field in (TAGS, TICKETS) or new.field.startswith(SAILTHRU_PREFIX)
        if meeting.doubt_until is not None and not is_settled:
            self._doubt(new.subject, meeting.doubt_until)
        if self.standing.get(key) != meeting.stands:
            self._note_field(key)
            self.standing[key] = self.written[key] = meeting.stands
        if meeting.changed:
            self._note_change(old, new)
        self._check_lists(new, meeting.stands, old)
        if new.field == ADDRESS and old is not None and old.value != new.value:
            self._remember_former(old if meeting.stands is new else new)

    def _note_change(self, old: Fact | None, new: Fact) -> None:
        whose = {fact.zendesk_id for fact in (old, new) if fact and fact.zendesk_id}
        if concerns_zendesk(old, new):
            self.mirrored |= whose
        # What a list changes shows in its members.
        if not new.field.startswith(SAILTHRU_PREFIX) and new.field not in (TAGS, TICKETS):
            self._touch(whose, new.field)
        opened = opening(old, new)
        if opened is not None:
            self.openings.append(opened)

    def _remember_former(self, lost: Fact) -> None:
        """An address that another one replaced was this user's once: its profile may still be there."""
        if not lost.value or lost.zendesk_id is None:
            return
        former = Fact(
            lost.subject,
            FORMER_PREFIX + lost.value,
            to_micros(lost.at),
            lost.at,
            lost.origin,
            lost.event_id,
            lost.zendesk_id,
        )
        self.take(former)

    def _touch(self, whose: Iterable[int], name: str) -> None:
        for number in whose:
            self.touched.add(number)
            self.news.setdefault(number, set()).add(name)

    def _note_field(self, key: Key) -> None:
        if self._fields is not None and key not in self.standing:
            self._fields.setdefault(key[0], []).append(key[1])

    def _check_lists(self, new: Fact, stands: Fact, old: Fact | None) -> None:
        if new.field in (TAGS, TICKETS):
            self._check_members(new, old)
        elif new.field.startswith(TAG_PREFIX):
            listed = self.standing.get((new.subject, TAGS))
            self._check_listed(listed, new.field.removeprefix(TAG_PREFIX), stands, old)
        elif new.field == TICKET and stands.zendesk_id is not None:
            listed = self.standing.get((f"user:{stands.zendesk_id}", TICKETS))
            self._check_listed(listed, int(new.subject.partition(":")[2]), stands, old)
        if new.field.startswith(FORMER_PREFIX) and stands is new and new.zendesk_id is not None:
            self.reopened.add(new.zendesk_id)

    def _check_listed(self, listed: Fact | None, name: Any, stands: Fact, old: Fact | None) -> None:
        """A tag or ticket beside the list: a close contradiction is in doubt; one left out may be back."""
        self._doubt(stands.subject, doubts_list(listed, name, stands))
        was_left_out = old is not None and bool(old.value) and not counts(listed, name, old.at)
        if was_left_out and stands.value and counts(listed, name, stands.at) and stands.zendesk_id:
            self._touch([stands.zendesk_id], stands.field)

    def _check_members(self, listed: Fact, before: Fact | None) -> None:
        """A list was read: who is in it counts, who is not does not; what changed just then is in doubt."""
        members = self._members(listed)
        for name, fact in members.items():
            self._doubt(fact.subject, doubts_list(listed, name, fact))
        stands = self.standing[listed.subject, listed.field]
        is_changed = before is None or any(
            bool(fact.value) and counts(before, name, fact.at) != counts(stands, name, fact.at)
            for name, fact in members.items()
        )
        if is_changed and listed.zendesk_id is not None:
            self._touch([listed.zendesk_id], listed.field)

    def _members(self, listed: Fact) -> dict[str | int, Fact]:
        """The facts that a list speaks of, by the names it has for them."""
        if listed.field == TAGS:
            own = ((name, self.standing[listed.subject, name]) for name in self._fields_of(listed.subject))
            return {name.removeprefix(TAG_PREFIX): fact for name, fact in own if name.startswith(TAG_PREFIX)}
        return {
            int(fact.subject.partition(":")[2]): fact
            for fact in self.standing.values()
            if fact.field == TICKET and fact.zendesk_id == listed.zendesk_id
        }

    def _fields_of(self, subject: str) -> list[str]:
        if self._fields is None:
            self._fields = {}
            for of, name in self.standing:
                self._fields.setdefault(of, []).append(name)
        return self._fields.get(subject, [])

    def _doubt(self, subject: str, until: datetime | None) -> None:
        if until is not None:
            self.doubts[subject] = max(until, self.doubts.get(subject, until))
