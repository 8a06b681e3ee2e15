"""`bridge events`: what came, and what became of it."""

from __future__ import annotations

import json

import click

from bridge.clock import to_micros
from bridge.errors import BadSettings
from bridge.filters import OUTCOMES, SOURCES
from bridge.ledger import looking
from bridge.ledger.looking import EventFilter
from bridge.when import Ago, Then
from commands.event_rows import DIRECTIONS, print_events, summary
from commands.opening import installation_id, installation_option, json_option, limit_option, opened
from commands.output import moment, print_fields, print_json
from commands.when import When


@click.group()
def events() -> None:
    """Look at events."""


@events.command("list")
@installation_option
@click.option("--direction", type=click.Choice(list(DIRECTIONS)), help="Only those that go there.")
@click.option(
    "--type", "type_", default="", metavar="TYPE", help="Only this type, or all of a kind: ticket, postback."
)
@click.option(
    "--customer", default="", metavar="ADDRESS|ID|SID", help="Only those about this customer, however named."
)
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only those that ended so.")
@click.option("--source", type=click.Choice(SOURCES), help="Only those that came this way.")
@click.option("--since", type=When(), help="Only what arrived then or later: an ISO time, or 2h, 3d ago.")
@click.option("--until", type=When(), help="Only what arrived before.")
@limit_option
@json_option
def list_newest(
    installation: str | None,
    direction: str | None,
    type_: str,
    customer: str,
    outcome: str | None,
    source: str | None,
    since: Ago | Then | None,
    until: Ago | Then | None,
    limit: int,
    as_json: bool,
) -> None:
    """List events, newest first."""
    with opened() as services:
        now = services.ledger.now()
        wanted = EventFilter(
            installation_id=installation_id(services, installation) if installation else None,
            lanes=DIRECTIONS[direction] if direction else (),
            type=type_,
            outcome=outcome or "",
            source=source or "",
            known_as=customer.strip(),
            since=to_micros(since.at(now)) if since else None,
            until=to_micros(until.at(now)) if until else None,
        )
        with services.ledger.reading() as connection:
            names = looking.names(connection)
            found = looking.newest_events(connection, wanted, limit=limit)
    rows = [summary(row, names) for row in found]
    if as_json:
        print_json(rows)
    else:
        print_events(rows, empty="There are no such events.")


@events.command()
@click.argument("event_id", metavar="ID")
@installation_option
@json_option
def show(event_id: str, installation: str | None, as_json: bool) -> None:
    """Show the event ID with its data."""
    with opened() as services:
        number = installation_id(services, installation) if installation else None
        with services.ledger.reading() as connection:
            names = looking.names(connection)
            found = looking.events_with_id(connection, event_id)
    chosen = [row for row in found if number in (None, row.installation_id)]
    if not chosen:
        raise BadSettings([f"there is no event {event_id}; it may be older than RETENTION_DAYS"])
    if len(chosen) > 1:
        raise BadSettings([f"several installations have an event {event_id}; add --installation NAME"])
    record = summary(chosen[0], names) | {
        "occurred_at": moment(chosen[0].occurred_at),
        "kept_at": moment(chosen[0].kept_at),
        "deliveries": chosen[0].deliveries,
        "data": json.loads(chosen[0].data),
    }
    if as_json:
        print_json(record)
    else:
        print_fields(record)
