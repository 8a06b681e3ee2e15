"""`bridge dead drop` and `undrop`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from bridge.errors import Refused
from bridge.ledger import letters
from bridge.ledger.dead import DeadLetter
from bridge.repair import dropping
from bridge.services import Services
from commands.dead.choosing import Choice, each, named_or_all
from commands.dead.outcome import report
from commands.opening import json_option, opened, operator
from commands.output import print_json


@click.command()
@named_or_all
@click.option("--because", default="", metavar="TEXT", help="Why; asked for at a terminal.")
@click.option("--dry-run", is_flag=True, help="Only say how many letters that would be.")
@json_option
def drop(choice: Choice, because: str, dry_run: bool, as_json: bool) -> None:
    """Give dead letters up: those named by ID, or --all that the filters leave. See also: undrop."""
    with opened() as services:
        wanted = choice.wanted(services)
        if dry_run:
            _say_how_many(services, wanted, as_json)
            return
        reason = because or _asked()
        done, failed = _drop(services, each(services, wanted), reason)
    report("dropped", done, failed, choice.ids, as_json)


@click.command()
@click.argument("ids", metavar="ID…", type=int, nargs=-1, required=True)
@json_option
def undrop(ids: tuple[int, ...], as_json: bool) -> None:
    """Open dropped letters again, within 24 hours."""
    done: list[int] = []
    failed: dict[int, str] = {}
    with opened() as services:
        with services.ledger.reading() as connection:
            found = letters.by_numbers(connection, ids)
        for number in ids:
            try:
                dropping.undrop(services.ledger, _existing(found, number), operator=operator())
            except Refused as error:
                failed[number] = error.detail
            else:
                done.append(number)
    report("undropped", done, failed, (), as_json)


def _existing(found: dict[int, DeadLetter], number: int) -> DeadLetter:
    if number not in found:
        raise Refused("bridge", "unknown", detail="there is no such dead letter")
    return found[number]


def _drop(services: Services, chosen: Iterable[DeadLetter], reason: str) -> tuple[list[int], dict[int, str]]:
    done: list[int] = []
    failed: dict[int, str] = {}
    who = operator()
    for letter in chosen:
        try:
            dropping.drop(services.ledger, letter, operator=who, reason=reason)
        except Refused as error:
            failed[letter.id] = error.detail
        else:
            done.append(letter.id)
    return done, failed


def _asked() -> str:
    """Somebody who sits there is asked; a script that gives no reason gives none."""
    return str(click.prompt("Why are they dropped?")) if sys.stdin.isatty() else ""


def _say_how_many(services: Services, wanted: letters.DeadFilter, as_json: bool) -> None:
    with services.ledger.reading() as connection:
        count = letters.count(connection, wanted)
    if as_json:
        print_json({"would_drop": count})
    else:
        click.echo(f"{count} letters would be dropped. Nothing was changed.")
