"""By what one customer can be found in texts that stand elsewhere: events, letters, bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from bridge.customer import EMAIL
from bridge.facts import ADDRESS, FORMER_PREFIX
from bridge.ledger import customers, facts

# By which names our own records give a Zendesk user.
IN_WORDS = ("requester_id", "other_id", "zendesk_id", "holder_id", "user_id")


@dataclass(frozen=True)
class Traces:
    """One customer's number, its places (every address it had, every sid) and the subjects of its tickets."""

    installation_id: int
    number: int
    places: frozenset[str] = frozenset()
    tickets: frozenset[str] = frozenset()

    @property
    def subjects(self) -> frozenset[str]:
        return self.tickets | {f"user:{self.number}"}

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What a text about the customer may hold, in lower case and as JSON spells it."""
        named = [f'{name}":{quote}{self.number}' for name in IN_WORDS for quote in ("", '"')]
        return (*self._spelt, f"user:{self.number}", *named)

    @cached_property
    def _spelt(self) -> tuple[str, ...]:
        return tuple(json.dumps(place.lower())[1:-1] for place in sorted(self.places))

    @cached_property
    def _mention(self) -> re.Pattern[str]:
        places = [rf"(?<![\w.+-]){re.escape(_plain(word))}(?![\w-])" for word in self._spelt]
        keys = "|".join(IN_WORDS)
        named = rf'(?:user:|(?:{keys})": ?"?|"user": ?{{"id": ?"?){self.number}(?!\d)'
        return re.compile("|".join([*places, named]), re.IGNORECASE)

    def are_in(self, text: str) -> bool:
        """Whether a text, JSON in JSON included, is about the customer; a longer address is another's."""
        return self._mention.search(_plain(text)) is not None

    def without_number(self, text: str) -> str:
        """A sentence for people that no longer says which customer it was."""
        return re.sub(rf"(?<!\d){self.number}(?!\d)", "(forgotten)", text)


def _plain(text: str) -> str:
    """JSON inside JSON escapes its quotes; without the backslashes both read alike."""
    return text.replace("\\", "")


def of(connection: Connection, installation_id: int, number: int) -> Traces:
    """The traces of one customer, as far as the ledger knows it."""
    known = facts.of_customers(connection, installation_id, [number])[number]
    row = customers.one(connection, installation_id, number)
    places: set[str | None] = {known.value(ADDRESS)}
    places |= {name.removeprefix(FORMER_PREFIX) for name in known.fields if name.startswith(FORMER_PREFIX)}
    if row is not None:
        held = row.known.get(EMAIL)
        places |= {row.address, row.sid, row.link.last_sid, row.link.made_sid}
        places |= {held.digest, *held.keys} if held is not None else set()
    tickets = frozenset(f"ticket:{ticket}" for ticket in known.tickets)
    return Traces(installation_id, number, frozenset(place for place in places if place), tickets)


def not_others(connection: Connection, traces: Traces) -> Iterable[str]:
    """The places that nobody else in Zendesk has: of another living customer nothing must be left out."""
    for place in sorted(traces.places):
        others = {one.zendesk_id for one in customers.at_address(connection, traces.installation_id, place)}
        if not others - {traces.number}:
            yield place
