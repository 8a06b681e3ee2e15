"""`bridge dead replays` and `stop`: replays of many letters that go on by themselves."""

from __future__ import annotations

from typing import Any

import click

from bridge.ledger import letters
from bridge.ledger import replays as kept
from bridge.ledger.replays import Replay
from bridge.repair import many
from commands.opening import json_option, limit_option, opened, operator
from commands.output import moment, print_json, print_rows


@click.command()
@limit_option
@json_option
def replays(limit: int, as_json: bool) -> None:
    """List replays of many letters, newest first, with how far they are."""
    with opened() as services, services.ledger.reading() as connection:
        found = kept.newest(connection, limit=limit)
        again = letters.died_again(connection, [one.id for one in found])
    rows = [_row(one, again.get(one.id, 0)) for one in found]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="There were no replays of many letters.")


@click.command()
@click.argument("number", metavar="REPLAY", type=int)
@json_option
def stop(number: int, as_json: bool) -> None:
    """Stop the replay numbered REPLAY. What it has replayed stays replayed."""
    with opened() as services:
        many.stop(services.ledger, number, operator=operator())
    if as_json:
        print_json({"stopped": number})
    else:
        click.echo(f"Stopped replay {number}.")


def _row(replay: Replay, died_again: int) -> dict[str, Any]:
    return {
        "replay": replay.id,
        "state": replay.state,
        "letters": replay.words,
        "total": replay.total,
        "replayed": replay.replayed,
        "refused": replay.refused,
        "died_again": died_again,
        "per_minute": replay.per_minute,
        "operator": replay.operator,
        "started_at": moment(replay.started_at),
        "ended_at": moment(replay.ended_at),
    }
