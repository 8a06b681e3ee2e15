"""`bridge lanes`: hold back what goes out of a lane or of an installation, and let it go on."""

from __future__ import annotations

from typing import Any

import click

from bridge import pausing
from bridge.broker.contract import LANES
from bridge.ledger import actions
from bridge.pausing import Paused
from commands.opening import json_option, opened, operator
from commands.output import moment, print_json, print_rows

_lane = click.argument("lane", type=click.Choice(LANES), required=False)
_installation = click.option("--installation", metavar="NAME", help="Only of this installation.")


@click.group()
def lanes() -> None:
    """Pause and resume lanes and installations; what comes in is accepted all the while."""


@lanes.command("list")
@json_option
def list_paused(as_json: bool) -> None:
    """List each lane with what is paused of it."""
    with opened() as services, services.ledger.reading() as connection:
        standing = pausing.paused(connection)
    rows = [row for lane in LANES for row in _rows(lane, pausing.lanes_paused(standing, lane))]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="There are no lanes.")


@lanes.command()
@_lane
@_installation
@click.option("--because", required=True, metavar="TEXT", help="Why, for whoever finds it paused.")
@json_option
def pause(lane: str | None, installation: str | None, because: str, as_json: bool) -> None:
    """Pause LANE, or with --installation that installation, or LANE of it."""
    with opened() as services:
        who = operator()
        words = pausing.pause(
            services.ledger, lane or "", installation, operator=who, reason=because, via=actions.COMMAND
        )
    _say("paused", words, as_json)


@lanes.command()
@_lane
@_installation
@json_option
def resume(lane: str | None, installation: str | None, as_json: bool) -> None:
    """End the pause of LANE, or with --installation that of an installation, or of LANE of it."""
    with opened() as services:
        words = pausing.resume(
            services.ledger, lane or "", installation, operator=operator(), via=actions.COMMAND
        )
    _say("resumed", words, as_json)


def _rows(lane: str, standing: list[Paused]) -> list[dict[str, Any]]:
    if not standing:
        return [_row(lane, None)]
    return [_row(lane, one) for one in standing]


def _row(lane: str, one: Paused | None) -> dict[str, Any]:
    return {
        "lane": lane,
        "paused": one is not None,
        "installation": one.installation if one else None,
        "since": moment(one.since) if one else None,
        "by": one.operator if one else None,
        "because": one.reason if one else None,
    }


def _say(what: str, words: str, as_json: bool) -> None:
    if as_json:
        print_json({what: words})
    else:
        click.echo(f"{what.capitalize()}: {words}.")
