"""`bridge demo`: sets the stage, plays the tour, says what came of it, and stays up until told to end."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from bridge.errors import BadSettings
from commands.demo.cast import Cast
from commands.demo.guests import invite
from commands.demo.playing import Played, play
from commands.demo.report import addresses, opening, record, sentences
from commands.demo.showing import Board
from commands.demo.stage import Stage, empty_folder, set_stage
from commands.demo.verdict import Verdict, broken_off, pass_verdict
from commands.demo.waiting import Stopped
from commands.opening import json_option
from commands.output import print_json
from consumers.stopping import stop_on_signals

PORT = 8080
LOOK_EVERY_S = 0.5

Watch = Callable[[], None]


@click.command()
@click.option("--once", is_flag=True, help="Play the tour, check both systems, and end with 0 or 1.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where its files are; emptied at the start.",
)
@json_option
def demo(once: bool, folder: Path, as_json: bool) -> None:
    """Run the whole product with stand-ins for Zendesk and Sailthru, and play a tour in both directions.

    Takes the port of PORT (8080) if it is free, and the broker of BROKER_URL if that is set.
    """
    stop = stop_on_signals()
    try:
        with empty_folder(folder) as emptied:
            good = _run(emptied, stop, once=once, as_json=as_json)
    except Stopped:
        click.echo("Ended before the tour was over.", err=True)
        good = False
    raise SystemExit(0 if good else 1)


def _run(folder: Path, stop: threading.Event, *, once: bool, as_json: bool) -> bool:
    console = Console(quiet=as_json)

    def watch() -> None:
        if stop.is_set():
            raise Stopped

    console.print("Starting the stand-ins of Zendesk and Sailthru, receiver, consumer and clock …")
    with set_stage(folder, broker_url=_broker_url(), port=_port(), watch=watch) as stage:
        played, verdict = _perform(stage, console, watch)
        for sentence in sentences(played, verdict):
            console.print(sentence, markup=False, highlight=False)
        if as_json:
            print_json(record(stage, played, verdict))
            sys.stdout.flush()
        if not once:
            _stay(stage, console, stop)
    return verdict.is_good


def _perform(stage: Stage, console: Console, watch: Watch) -> tuple[list[Played], Verdict]:
    def look() -> None:
        watch()
        stage.children.watch()

    cast = Cast(stage.zendesk, stage.sailthru)
    cast.prepare()
    console.print(opening(stage.settings), highlight=False)
    board = Board(console)
    played: list[Played] = []
    with board.open():
        for one in play(cast, watch=look, begun=board.begun):
            played.append(one)
            board.done(one)
        if played[-1].differences:
            return played, broken_off(played[-1])
        board.begun("Waiting until all is at rest")
        return played, pass_verdict(stage.settings, cast, look)


def _stay(stage: Stage, console: Console, stop: threading.Event) -> None:
    invite(stage.zendesk, stage.sailthru)
    for line in addresses(stage):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    while not stop.wait(LOOK_EVERY_S):
        stage.children.watch()
    console.print("Ending every process …")


def _broker_url() -> str:
    return os.environ.get("BROKER_URL", "").strip() or "embedded://"


def _port() -> int:
    given = os.environ.get("PORT", "").strip() or str(PORT)
    if not given.isdigit() or not 0 <= int(given) < 65536:
        raise BadSettings(["PORT: must be a port number"])
    return int(given)
