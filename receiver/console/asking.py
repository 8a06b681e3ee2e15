"""What a request of the console asks for: filters and choices out of addresses and forms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import request
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from bridge.errors import BadSettings, Refused, Rejected
from bridge.filters import DEAD_WORDS, Filters, read_filters
from bridge.ledger import letters
from bridge.ledger.letters import DeadFilter
from bridge.repair.choosing import chosen
from receiver.console.parts import ConsoleParts

LONGEST_NUMBER = 18


@contextmanager
def told() -> Iterator[None]:
    """What cannot be done is a page that says why."""
    try:
        yield
    except Refused as error:
        raise Rejected(error.reason, 409, error.detail or str(error)) from error
    except BadSettings as error:
        raise Rejected("bad_request", 400, "; ".join(error.faults)) from error


@dataclass(frozen=True)
class Choice:
    """The letters that a request is about: those ticked, or all that its filter leaves."""

    ids: tuple[int, ...]
    q: str
    is_all: bool

    @property
    def query(self) -> str:
        """The same as a query of an address."""
        named = [("id", str(one)) for one in self.ids]
        return urlencode([*named, ("q", self.q), *([("all", "1")] if self.is_all else [])])

    def wanted(self, connection: Connection, parts: ConsoleParts) -> DeadFilter:
        """For the ledger. Raises `BadSettings`."""
        if self.is_all:
            return chosen(connection, filters(self.q), parts.clock.now())
        return DeadFilter(ids=self.ids)

    def numbers(self, connection: Connection, parts: ConsoleParts) -> list[int]:
        """The numbers of the open letters that it is about."""
        return letters.numbers(connection, self.wanted(connection, parts))


def choice(given: MultiDict[str, str]) -> Choice:
    """Read it from a form or an address. Raises `Rejected` (400) when nothing is chosen."""
    is_all = given.get("all") == "1"
    ids = () if is_all else tuple(number(one) for one in given.getlist("id"))
    if not ids and not is_all:
        raise Rejected("bad_request", 400, "Nothing is chosen: tick letters, or take all that match.")
    return Choice(ids, given.get("q", ""), is_all)


def filters(text: str) -> Filters:
    """Filters of dead letters as somebody wrote them. Raises `BadFilter`."""
    return read_filters(text, among=DEAD_WORDS)


def of_group(filters_: Filters, group: str) -> str:
    """The words that leave one group of what the filters leave."""
    return str(replace(filters_, group=group))


def number(text: str) -> int:
    """A number of ours out of an address or a form. Raises `Rejected` (400)."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER:
        raise Rejected("bad_request", 400, f"{text[:20]!r} is no number.")
    return int(text)


def unsaid(hint: str) -> Rejected:
    """The answer to a form that leaves out what it must say."""
    return Rejected("bad_request", 400, hint)


def after() -> int:
    """After which number this page of a list begins."""
    return number(request.args.get("after", "0") or "0")
