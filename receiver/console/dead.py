"""Dead letters: in groups by what went wrong, one by one, and those that were dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy import Connection

from bridge.clock import from_micros, iso
from bridge.errors import BadSettings, Rejected
from bridge.filters import Filters
from bridge.fingerprint import shape
from bridge.ledger import dead, letters, looking
from bridge.ledger.dead import OPEN, DeadLetter
from bridge.ledger.letters import DeadFilter, Group
from bridge.repair.advice import advice
from bridge.repair.aftermath import UNDER_WAY, aftermath
from bridge.repair.choosing import chosen
from bridge.repair.dropping import undone_until
from bridge.repair.preview import Foresight
from receiver.console import asking, shown
from receiver.console.changes import shown_changes
from receiver.console.console import Console
from receiver.console.signed_in import SignedIn

PAGE = 50


@dataclass(frozen=True)
class Listed:
    """What a list shows: the words it was asked with, what is wrong with them, and the filters they are."""

    q: str
    filters: Filters
    faults: Sequence[str] = ()


def install(console: Console) -> None:
    """Add the pages about dead letters."""
    console.add_to_menu("Dead letters", "/dead", "d")
    _lists(console)
    _one(console)


def _lists(console: Console) -> None:
    parts = console.parts

    @console.page("/dead")
    def groups(operator: SignedIn) -> str:
        listed, wanted = _listed(console)
        with parts.ledger.reading() as connection:
            found = letters.groups(connection, wanted)
            examples = letters.by_numbers(connection, [one.example for one in found])
        rows = [_group(one, examples[one.example], listed.filters) for one in found]
        return console.render("dead/groups.html", operator=operator, listed=listed, groups=rows)

    @console.page("/dead/letters")
    def some(operator: SignedIn) -> str:
        listed, wanted = _listed(console)
        with parts.ledger.reading() as connection:
            found = letters.some(connection, wanted, limit=PAGE + 1, after=asking.after())
            count = letters.count(connection, wanted)
            names = looking.names(connection)
        rows = [row(letter, names, operator) for letter in found[:PAGE]]
        older = urlencode({"q": listed.q, "after": rows[-1]["id"]}) if len(found) > PAGE else ""
        return console.render(
            "dead/letters.html", operator=operator, listed=listed, letters=rows, count=count, further=older
        )

    @console.page("/dead/dropped")
    def dropped(operator: SignedIn) -> str:
        with parts.ledger.reading() as connection:
            found = letters.dropped(connection, limit=PAGE + 1, before=asking.after() or None)
            names = looking.names(connection)
        rows = [row(letter, names, operator) for letter in found[:PAGE]]
        older = urlencode({"after": rows[-1]["id"]}) if len(found) > PAGE else ""
        now = iso(parts.clock.now())
        return console.render("dead/dropped.html", operator=operator, letters=rows, now=now, further=older)


def _one(console: Console) -> None:
    parts = console.parts

    @console.page("/dead/letters/<int:number>")
    def one(number: int, operator: SignedIn) -> str:
        with parts.ledger.reading() as connection:
            letter = existing(connection, number)
            names = looking.names(connection)
            page = _page(connection, console, letter, operator)
        return console.render(
            "dead/letter.html", operator=operator, letter=row(letter, names, operator), **page
        )

    @console.page("/dead/letters/<int:number>/state")
    def state(number: int, operator: SignedIn) -> str:
        with parts.ledger.reading() as connection:
            letter = existing(connection, number)
            now_is = aftermath(connection, letter)
        return console.render("dead/state.html", operator=operator, now_is=now_is, letter=letter)


def existing(connection: Connection, number: int) -> DeadLetter:
    """The letter of that number. Raises `Rejected` (404)."""
    letter = dead.one(connection, number)
    if letter is None:
        raise Rejected("not_found", 404, f"There is no dead letter {number} (any more).")
    return letter


def row(letter: DeadLetter, names: dict[int, str], operator: SignedIn) -> dict[str, Any]:
    """A letter as the pages show it; addresses in its error are shortened for viewers."""
    return {
        "id": letter.id,
        "installation": names.get(letter.installation_id, ""),
        "installation_id": letter.installation_id,
        "lane": letter.lane,
        "type": letter.type,
        "customer": letter.zendesk_id,
        "event": letter.event_id,
        "reason": letter.reason,
        "system": letter.system,
        "group": letter.group,
        "error": shown.value(letter.error, operator),
        "attempts": letter.attempts,
        "replays": letter.replays,
        "died_again": letter.died_again,
        "state": letter.state,
        "is_open": letter.state == OPEN,
        "first_seen": iso(from_micros(letter.first_seen)),
        "last_seen": iso(from_micros(letter.last_seen)),
        "drop_reason": letter.drop_reason,
        "dropped_at": iso(from_micros(letter.dropped_at)) if letter.dropped_at else "",
        "undone_until": iso(from_micros(undone_until(letter))),
    }


def _page(connection: Connection, console: Console, letter: DeadLetter, operator: SignedIn) -> dict[str, Any]:
    """What one letter's page shows beside the letter: how it stands, what helps, what a replay would do."""
    installations = {one.id: one for one in console.parts.directory.all()}
    foresight = Foresight(connection, installations, console.parts.ledger.micros(), again=True)
    now_is = aftermath(connection, letter)
    preview = foresight.preview(letter) if letter.state == OPEN else None
    return {
        "now_is": now_is,
        "is_under_way": now_is == UNDER_WAY,
        "advice": advice(letter.reason),
        "preview": preview,
        "changes": shown_changes(preview.changes, operator) if preview else [],
    }


def _listed(console: Console) -> tuple[Listed, DeadFilter]:
    """The list that the address asks for; with words that are no filter, an empty one that says so."""
    q = request.args.get("q", "")
    try:
        filters = asking.filters(q)
        with console.parts.ledger.reading() as connection:
            return Listed(q, filters), chosen(connection, filters, console.parts.clock.now())
    except BadSettings as error:
        return Listed(q, Filters(), error.faults), DeadFilter(ids=[0])


def _group(group: Group, example: DeadLetter, filters: Filters) -> dict[str, Any]:
    words = asking.of_group(filters, group.fingerprint)
    return {
        "reason": example.reason,
        "system": example.system,
        "shape": shape(example.error),
        "letters": group.letters,
        "customers": group.customers,
        "opt_outs": group.consents,
        "installations": group.installations,
        "again": group.again,
        "first_seen": iso(from_micros(group.first_seen)),
        "last_seen": iso(from_micros(group.last_seen)),
        "address": f"/console/dead/letters?{urlencode({'q': words})}",
    }
