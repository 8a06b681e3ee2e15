"""`bridge queues`: how much waits, and for how long."""

from __future__ import annotations

import json
import time
from typing import Any

import click
from rich.console import Console
from rich.live import Live

from bridge import pausing
from bridge.queues import lane_states
from bridge.services import Services
from commands.opening import json_option, opened
from commands.output import moment, print_json, print_rows, printable, table_of

LOOK_EVERY_S = 2.0


@click.command()
@click.option("--watch", is_flag=True, help="Refresh in place until Ctrl-C; with --json, a line each look.")
@json_option
def queues(watch: bool, as_json: bool) -> None:
    """Show what waits in each lane."""
    with opened() as services:
        if watch:
            _watch(services, as_json=as_json)
            return
        rows = _rows(services)
        held = _paused(services)
    if as_json:
        print_json(rows)
        return
    print_rows(rows, empty="There are no lanes.")
    for line in held:
        click.echo(line)


def _paused(services: Services) -> list[str]:
    """What is held back on purpose; it is no delay, so `oldest_seconds` leaves it out."""
    with services.ledger.reading() as connection:
        standing = pausing.paused(connection)
    return [
        printable(f"Paused: {one}, since {moment(one.since)}, by {one.operator}: {one.reason}")
        for one in standing
    ]


def _rows(services: Services) -> list[dict[str, Any]]:
    return [
        {
            "lane": state.lane,
            "depth": state.depth,
            "parked": state.parked,
            "owed": state.owed,
            "dead": state.dead,
            "oldest_seconds": state.oldest_s,
        }
        for state in lane_states(services.ledger, services.broker)
    ]


def _watch(services: Services, *, as_json: bool) -> None:
    try:
        if as_json:
            while True:
                click.echo(json.dumps(_rows(services)))
                time.sleep(LOOK_EVERY_S)
        with Live(table_of(_rows(services)), console=Console(), auto_refresh=False) as live:
            while True:
                time.sleep(LOOK_EVERY_S)
                live.update(table_of(_rows(services)), refresh=True)
    except KeyboardInterrupt:
        return
