"""`bridge events`: what came, and what became of it."""

from __future__ import annotations

import json
from typing import Any

import click
from sqlalchemy import Row

from bridge.errors import BadSettings
from bridge.ledger import looking
from commands.opening import installation_id, installation_option, json_option, limit_option, opened
from commands.output import moment, print_fields, print_json, print_rows

OUTCOMES = ("kept", "applied", "ignored", "dead")


@click.group()
def events() -> None:
    """Look at events."""


@events.command("list")
@installation_option
@click.option("--outcome", type=click.Choice(OUTCOMES), default=None, help="Only those that ended so.")
@click.option("--customer", type=int, metavar="ID", help="Only those about this Zendesk user.")
@limit_option
@json_option
def list_newest(
    installation: str | None, outcome: str | None, customer: int | None, limit: int, as_json: bool
) -> None:
    """List events, newest first."""
    with opened() as services:
        number = installation_id(services, installation) if installation else None
        with services.ledger.reading() as connection:
            names = looking.names(connection)
            found = looking.newest_events(
                connection, limit=limit, installation_id=number, outcome=outcome or "", zendesk_id=customer
            )
    rows = [_summary(row, names) for row in found]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="There are no such events.")


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
    record = _summary(chosen[0], names) | {
        "occurred_at": moment(chosen[0].occurred_at),
        "kept_at": moment(chosen[0].kept_at),
        "deliveries": chosen[0].deliveries,
        "data": json.loads(chosen[0].data),
    }
    if as_json:
        print_json(record)
    else:
        print_fields(record)


def _summary(row: Row[Any], names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "installation": names.get(row.installation_id),
        "lane": row.lane,
        "type": row.type,
        "subject": row.subject,
        "source": row.source,
        "customer": row.zendesk_id,
        "received_at": moment(row.received_at),
        "applied_at": moment(row.applied_at),
        "outcome": row.outcome,
        "reason": row.reason,
    }
