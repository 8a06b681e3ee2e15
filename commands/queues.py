"""`bridge queues`: how much waits, and for how long."""

from __future__ import annotations

import click

from bridge.queues import lane_states
from commands.opening import json_option, opened
from commands.output import print_json, print_rows


@click.command()
@json_option
def queues(as_json: bool) -> None:
    """Show what waits in each lane."""
    with opened() as services:
        rows = [
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
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="There are no lanes.")
