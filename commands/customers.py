"""`bridge customers`: all that the bridge holds of one customer, and why its two records are as they are."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import click

from bridge.errors import BadSettings
from bridge.ledger import looking
from commands.customer_record import customer_record, named
from commands.event_rows import print_events
from commands.opening import installation_id, installation_option, json_option, opened
from commands.output import print_fields, print_json, print_rows

SECTIONS = ("facts", "sailthru", "zendesk", "attempts", "events", "dead")


@click.group()
def customers() -> None:
    """Look at customers."""


@customers.command()
@click.argument("wanted", metavar="ADDRESS|ID|SID")
@installation_option
@json_option
def show(wanted: str, installation: str | None, as_json: bool) -> None:
    """Show a customer, found by address, Zendesk id or sid, in both directions.

    Facts by their owner, what Sailthru should hold and whether it does, what Zendesk holds and is owed,
    attempts, events and dead letters.
    """
    with opened() as services:
        number = installation_id(services, installation) if installation else None
        known = {one.id: one for one in services.directory.all()}
        with services.ledger.reading() as connection:
            found = looking.customers_known_as(connection, wanted, installation_id=number)
            records = [
                customer_record(connection, known[one], zendesk_id)
                for one, zendesk_id in found
                if one in known
            ]
    if not records:
        raise BadSettings([f"no customer is known by {wanted}; the bridge knows those it has heard of"])
    if as_json:
        print_json(records[0] if len(records) == 1 else records)
        return
    for record in records:
        _print(record)


def _print(record: dict[str, Any]) -> None:
    print_fields({name: value for name, value in record.items() if name not in SECTIONS})
    _print_facts(record["facts"])
    _print_table("Sailthru", record["sailthru"])
    _print_zendesk(record["zendesk"])
    _print_table("attempts", [_short(one) for one in record["attempts"]])
    click.echo("\nevents")
    print_events(record["events"], empty="none")
    _print_table("dead letters", record["dead"])
    click.echo()


def _short(attempt: dict[str, Any]) -> dict[str, Any]:
    outcome = f"{attempt['outcome']}: {attempt['error']}" if attempt["error"] else attempt["outcome"]
    what = f"{attempt['system']} {attempt['action']}"
    return {"at": attempt["started_at"], "what": what, "fields": attempt["fields"], "outcome": outcome}


def _print_facts(rows: list[dict[str, Any]]) -> None:
    for owner, mine in groupby(rows, key=lambda row: str(row["owner"])):
        shown = [
            {"field": named(row), "value": row["value"], "at": row["at"], "origin": row["origin"]}
            for row in mine
        ]
        _print_table(f"facts that {'an agent' if owner == 'agent' else owner} owns", shown)


def _print_zendesk(zendesk: dict[str, Any] | None) -> None:
    click.echo("\nZendesk")
    if zendesk is None:
        click.echo("nothing: the customer is not linked to a profile")
        return
    print_fields({name: value for name, value in zendesk.items() if name != "fields"})
    _print_table("Zendesk's fields", zendesk["fields"])


def _print_table(title: str, rows: list[dict[str, Any]]) -> None:
    click.echo(f"\n{title}")
    print_rows(rows, empty="none")
