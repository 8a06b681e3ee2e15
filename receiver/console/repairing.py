"""Replays and drops: first what would change, then the doing of it. Operators only, all of it noted."""

from __future__ import annotations

from typing import Any

from flask import redirect, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from bridge.ledger import letters
from bridge.ledger.actions import CONSOLE
from bridge.ledger.letters import DeadFilter
from bridge.people.roles import OPERATOR
from bridge.repair import dropping, many
from bridge.repair.many import PER_MINUTE, Beginning
from bridge.repair.preview import Foresight, sum_up
from bridge.repair.replaying import replay as replay_one
from receiver.console import asking
from receiver.console.asking import Choice
from receiver.console.changes import shown_changes
from receiver.console.console import Console
from receiver.console.dead import existing
from receiver.console.signed_in import SignedIn

MOST_LOOKED_AT = 40  # letters that a page looks ahead at: it must be there at once


def install(console: Console) -> None:
    """Add what repairs dead letters."""
    _many(console)
    _single(console)


def _many(console: Console) -> None:
    parts = console.parts

    @console.page("/dead/replay")
    def preview(operator: SignedIn) -> str:
        with asking.told(), parts.ledger.reading() as connection:
            choice = asking.choice(request.args)
            again = request.args.get("again") == "1"
            values = _preview(console, connection, choice, again=again, operator=operator)
        return console.render("dead/preview.html", operator=operator, choice=choice, again=again, **values)

    @console.page("/dead/replay", role=OPERATOR, methods=("POST",))
    def replay(operator: SignedIn) -> Response:
        with asking.told():
            choice = asking.choice(request.form)
            rate = asking.number(request.form.get("rate", str(PER_MINUTE)))
            with parts.ledger.reading() as connection:
                wanted = choice.wanted(connection, parts)
            words = choice.q if choice.is_all else f"{len(choice.ids)} selected"
            begun = many.begin(parts.ledger, _beginning(wanted, words, operator, rate))
        return redirect(f"/console/dead/replays/{begun.id}", 303)

    @console.page("/dead/drop", role=OPERATOR, methods=("POST",))
    def drop(operator: SignedIn) -> Response:
        with asking.told():
            choice = asking.choice(request.form)
            _drop(console, choice, request.form.get("because", ""), operator)
        return redirect("/console/dead/dropped", 303)


def _single(console: Console) -> None:
    parts = console.parts

    @console.page("/dead/letters/<int:number>/replay", role=OPERATOR, methods=("POST",))
    def replay_this(number: int, operator: SignedIn) -> Response:
        again = request.form.get("again") == "1"
        with parts.ledger.reading() as connection:
            letter = existing(connection, number)
        with asking.told():
            replay_one(
                parts.ledger, parts.publisher, letter, operator=operator.name, via=CONSOLE, again=again
            )
        return redirect(f"/console/dead/letters/{number}", 303)

    @console.page("/dead/letters/<int:number>/undrop", role=OPERATOR, methods=("POST",))
    def undrop(number: int, operator: SignedIn) -> Response:
        with parts.ledger.reading() as connection:
            letter = existing(connection, number)
        with asking.told():
            dropping.undrop(parts.ledger, letter, operator=operator.name, via=CONSOLE)
        return redirect(f"/console/dead/letters/{number}", 303)


def _beginning(wanted: DeadFilter, words: str, operator: SignedIn, rate: int) -> Beginning:
    again = request.form.get("again") == "1"
    return Beginning(wanted, words, operator.name, via=CONSOLE, per_minute=rate, takes_again=again)


def _drop(console: Console, choice: Choice, because: str, operator: SignedIn) -> None:
    if not because.strip():
        raise asking.unsaid("Say why they are dropped, so that whoever looks for them understands.")
    parts = console.parts
    with parts.ledger.reading() as connection:
        numbers = choice.numbers(connection, parts)
    dropping.drop_many(parts.ledger, numbers, operator=operator.name, reason=because, via=CONSOLE)


def _preview(
    console: Console, connection: Connection, choice: Choice, *, again: bool, operator: SignedIn
) -> dict[str, Any]:
    """What would change, of a sample where there are many."""
    parts = console.parts
    numbers = choice.numbers(connection, parts)
    some = letters.samples(connection, numbers, MOST_LOOKED_AT)
    installations = {one.id: one for one in parts.directory.all()}
    foresight = Foresight(connection, installations, parts.ledger.micros(), again=again)
    previews = [foresight.preview(letter) for letter in some]
    return {
        "total": len(numbers),
        "summary": sum_up(previews),
        "previews": [
            {"preview": one, "changes": shown_changes(one.changes, operator)}
            for one in previews[:MOST_LOOKED_AT]
        ],
        "rate": PER_MINUTE,
        "left_out": sum(letter.died_again for letter in some) if not again else 0,
    }
