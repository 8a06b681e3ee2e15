"""Filters as people type and link them: `type:ticket outcome:dead customer:ann@example.com since:2h`. Pure.

The same words on pages, in their addresses and on the command line. A value with blanks in it stands in
double quotes; a double quote inside those is doubled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from bridge.errors import BadSettings
from bridge.when import Ago, Then, read_when

DIRECTIONS = ("to-sailthru", "to-zendesk")
LANES = ("agent", "zendesk", "sailthru")
OUTCOMES = ("kept", "applied", "ignored", "dead", "refused")  # the last: those dead that were refused
SOURCES = ("webhook", "trigger", "postback", "agent", "reading", "backfill", "reconcile")
# Words that take one of a few values.
CHOICES = {"direction": DIRECTIONS, "lane": LANES, "outcome": OUTCOMES, "source": SOURCES}
TIMES = ("since", "until")

# Which words a list understands.
EVENT_WORDS = (
    "type",
    "outcome",
    "customer",
    "installation",
    "since",
    "until",
    "direction",
    "source",
    "lane",
    "reason",
)
DEAD_WORDS = ("type", "customer", "installation", "since", "until", "direction", "lane", "reason", "group")

_PIECE = re.compile(
    r'\s*(?P<word>[^\s:"]+)(?::(?:"(?P<quoted>(?:[^"]|"")*)"(?!\S)|(?P<plain>(?!")\S*)))?(?:\s+|$)'
)
_NEEDS_QUOTES = re.compile(r'\s|^"|^$')


class BadFilter(BadSettings):
    """Words that are no filter; `faults` names each with what it could have been."""


@dataclass(frozen=True)
class Filters:
    """What to look for; an empty field means any.

    `type` is a whole type (`postback.optout`) or its first part (`postback`); `customer` an address, Zendesk
    id or sid; `since` and `until` bound when something arrived; `installation` is a name; `group` the
    fingerprint of what went wrong.
    """

    type: str = ""
    outcome: str = ""
    customer: str = ""
    installation: str = ""
    since: Ago | Then | None = None
    until: Ago | Then | None = None
    direction: str = ""
    source: str = ""
    lane: str = ""
    reason: str = ""
    group: str = ""

    def __str__(self) -> str:
        """The words, in one order: `read_filters` reads them back to the same filters."""
        given = [(each.name, getattr(self, each.name)) for each in fields(self)]
        return " ".join(f"{word}:{_written(str(value))}" for word, value in given if value)


def read_filters(text: str, *, among: Iterable[str] = EVENT_WORDS) -> Filters:
    """The filters in a line of words; the last of a word counts.

    `among` are the words that the list understands. Raises `BadFilter`, naming every fault at once.
    """
    words: dict[str, Any] = {}
    faults, known = [], tuple(among)
    for word, value in _pieces(text):
        try:
            words[word] = _value(word, value, known)
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise BadFilter(faults)
    return Filters(**words)


def _pieces(text: str) -> Iterable[tuple[str, str | None]]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _PIECE.match(text, place)
        if found is None:
            raise BadFilter(
                [f"cannot read {text[place:end]!r}: write word:value, with blanks in double quotes"]
            )
        quoted = found["quoted"]
        yield found["word"], found["plain"] if quoted is None else quoted.replace('""', '"')
        place = found.end()


def _value(word: str, value: str | None, known: tuple[str, ...]) -> str | Ago | Then:
    if word not in known:
        hint = f" (a customer? write customer:{word})" if value is None else ""
        raise ValueError(
            f"there is no filter {word}{hint}; there are {', '.join(f'{one}:' for one in known)}"
        )
    if not value:
        raise ValueError(f"{word}: needs a value{_one_of(word)}")
    if word in TIMES:
        try:
            return read_when(value)
        except ValueError as error:
            raise ValueError(f"{word}: {error}") from None
    if value not in CHOICES.get(word, (value,)):
        raise ValueError(f"{word}: there is no {value}{_one_of(word)}")
    return value


def _one_of(word: str) -> str:
    return f"; one of {', '.join(CHOICES[word])}" if word in CHOICES else ""


def _written(value: str) -> str:
    if not _NEEDS_QUOTES.search(value):
        return value
    doubled = value.replace('"', '""')
    return f'"{doubled}"'
