"""`bridge audit`: who did what, when, and by which way."""

from __future__ import annotations

import json

import click

from bridge.clock import to_micros
from bridge.ledger import actions, looking
from bridge.ledger.actions import COMMAND, CONSOLE, SIDEBAR, ActionFilter
from bridge.when import Ago, Then
from commands.opening import installation_id, installation_option, json_option, limit_option, opened
from commands.output import moment, print_json, print_rows
from commands.when import When


@click.group()
def audit() -> None:
    """Look at what people did."""


@audit.command("list")
@installation_option
@click.option("--operator", default="", metavar="NAME", help="Only what this person did.")
@click.option("--action", default="", metavar="ACTION", help="Only this action, or all that begin so: dead.")
@click.option("--via", type=click.Choice([COMMAND, CONSOLE, SIDEBAR]), help="Only what came this way.")
@click.option("--since", type=When(), help="Only what was done then or later: an ISO time, or 2h, 3d ago.")
@click.option("--until", type=When(), help="Only what was done before.")
@limit_option
@json_option
def list_newest(
    installation: str | None,
    operator: str,
    action: str,
    via: str | None,
    since: Ago | Then | None,
    until: Ago | Then | None,
    limit: int,
    as_json: bool,
) -> None:
    """List what people did, newest first."""
    with opened() as services:
        now = services.ledger.now()
        wanted = ActionFilter(
            installation_id=installation_id(services, installation) if installation else None,
            operator=operator,
            action=action,
            via=via or "",
            since=to_micros(since.at(now)) if since else None,
            until=to_micros(until.at(now)) if until else None,
        )
        with services.ledger.reading() as connection:
            names = looking.names(connection)
            found = actions.newest(connection, wanted, limit=limit)
    rows = [
        {
            "at": moment(row.at),
            "operator": row.operator,
            "via": row.via,
            "action": row.action,
            "target": row.target,
            "installation": names.get(row.installation_id),
            "detail": json.loads(row.detail),
        }
        for row in found
    ]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="Nobody did anything.")
