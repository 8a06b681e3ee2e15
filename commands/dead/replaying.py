"""`bridge dead replay`: those named at once, all that match at a rate, or with --dry-run only in words."""

from __future__ import annotations

import time

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bridge.errors import Refused
from bridge.ledger import letters
from bridge.ledger.letters import DeadFilter
from bridge.ledger.replays import STOPPED, Replay
from bridge.repair import many
from bridge.repair.many import MOST_PER_MINUTE, PER_MINUTE, Beginning, Moved, Replayer
from bridge.repair.replaying import replay as replay_one
from bridge.services import Services
from commands.dead.choosing import Choice, each, named_or_all
from commands.dead.outcome import report
from commands.dead.previewing import print_preview
from commands.opening import json_option, opened, operator
from commands.output import print_json

LOOK_EVERY_S = 0.1


@click.command()
@named_or_all
@click.option("--dry-run", is_flag=True, help="Only say what would change, and where.")
@click.option(
    "--rate",
    type=click.IntRange(1, MOST_PER_MINUTE),
    default=PER_MINUTE,
    show_default=True,
    help="With --all: letters a minute.",
)
@click.option("--again", is_flag=True, help="Also those that died of the same after the last replay.")
@click.option("--no-wait", "goes_alone", is_flag=True, help="With --all: leave it to the clock.")
@json_option
def replay(choice: Choice, dry_run: bool, rate: int, again: bool, goes_alone: bool, as_json: bool) -> None:
    """Try dead letters again: those named by ID, or --all that the filters leave."""
    with opened() as services:
        wanted = choice.wanted(services)
        if dry_run:
            print_preview(services, wanted, again=again, as_json=as_json)
            return
        if not choice.is_all:
            moved = _named(services, wanted, again=again)
            report("replayed", moved.replayed, moved.refused, choice.ids, as_json)
            return
        beginning = Beginning(wanted, str(choice.filters), operator(), per_minute=rate, takes_again=again)
        begun = many.begin(services.ledger, beginning)
        _say_left_out(services, wanted, again)
        if goes_alone:
            _say_begun(begun, as_json)
            return
        moved = _wait_for(services, begun, is_quiet=as_json)
    report("replayed", moved.replayed, moved.refused, (), as_json)


def _named(services: Services, wanted: DeadFilter, *, again: bool) -> Moved:
    publisher, moved, who = services.broker.publisher(), Moved(), operator()
    for letter in each(services, wanted):
        try:
            replay_one(services.ledger, publisher, letter, operator=who, again=again)
        except Refused as error:
            moved.refused[letter.id] = error.detail or str(error)
        else:
            moved.replayed.append(letter.id)
    return moved


def _wait_for(services: Services, begun: Replay, *, is_quiet: bool) -> Moved:
    """Move the replay on until it ends. Whoever interrupts this leaves it to the clock."""
    replayer = Replayer(services.ledger, services.broker.publisher())
    total = Moved()
    with _bar(is_quiet) as bar:
        task = bar.add_task("Replaying", total=begun.total)
        try:
            while (found := many.progress(services.ledger, begun.id)) and found[0].is_running:
                moved = replayer.move_on(begun.id)
                total.replayed += moved.replayed
                total.refused |= moved.refused
                bar.update(task, completed=len(total.replayed) + len(total.refused))
                if not (moved.replayed or moved.refused):
                    time.sleep(LOOK_EVERY_S)
        except KeyboardInterrupt:
            click.echo(f"The clock goes on with it; to stop it: bridge dead stop {begun.id}", err=True)
            raise
    if found and found[0].state == STOPPED:
        click.echo(f"Stopped by {found[0].stopped_by}.", err=True)
    return total


def _bar(is_quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=is_quiet)


def _say_left_out(services: Services, wanted: DeadFilter, again: bool) -> None:
    if again:
        return
    with services.ledger.reading() as connection:
        left_out = letters.count(connection, wanted) - letters.count(connection, _fresh(wanted))
    if left_out:
        click.echo(
            f"{left_out} died of the same after a replay and are left out; mend the cause, then: --again",
            err=True,
        )


def _fresh(wanted: DeadFilter) -> DeadFilter:
    return DeadFilter(**{**vars(wanted), "fresh": True})


def _say_begun(begun: Replay, as_json: bool) -> None:
    if as_json:
        print_json({"replay": begun.id, "letters": begun.total, "per_minute": begun.per_minute})
        return
    click.echo(f"Replay {begun.id} has begun: {begun.total} letters, {begun.per_minute} a minute.")
    click.echo("See how far it is: bridge dead replays")
