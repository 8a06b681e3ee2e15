"""`bridge customers`: all that the bridge holds of one customer, why its two records are so, and a push."""

from __future__ import annotations

import time
from itertools import groupby
from typing import Any

import click
from rich.console import Console

from bridge.errors import BadSettings
from bridge.ledger import looking
from bridge.ledger.installations import Installation
from bridge.services import Services
from bridge.timeline.customer_record import customer_record, named
from bridge.timeline.pushing import Progress, progress, push_now, would_send
from commands.event_rows import print_events
from commands.forgetting import forget
from commands.opening import installation_id, installation_option, json_option, opened, operator
from commands.output import print_fields, print_json, print_rows

LOOK_EVERY_S = 0.3
SECTIONS = ("facts", "sailthru", "zendesk", "attempts", "events", "dead")


@click.group()
def customers() -> None:
    """Look at customers, push one now, or forget one."""


customers.add_command(forget)


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
        found = _found(services, wanted, installation)
        with services.ledger.reading() as connection:
            records = [customer_record(connection, one, zendesk_id) for one, zendesk_id in found]
    if as_json:
        print_json(records[0] if len(records) == 1 else records)
        return
    for record in records:
        _print(record)


@customers.command()
@click.argument("wanted", metavar="ADDRESS|ID|SID")
@installation_option
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@click.option(
    "--wait", "wait_s", type=click.IntRange(0, 3600), default=60, show_default=True, metavar="SECONDS"
)
@json_option
def push(wanted: str, installation: str | None, dry_run: bool, wait_s: int, as_json: bool) -> None:
    """Write a customer anew in both systems, now, and wait for what comes of it.

    All that they should hold is sent, also what they are thought to hold already. Consent never is.
    """
    with opened() as services:
        chosen, zendesk_id = _only(_found(services, wanted, installation), wanted)
        with services.ledger.reading() as connection:
            sent = would_send(customer_record(connection, chosen, zendesk_id))
        record = {
            "installation": chosen.name,
            "zendesk_id": zendesk_id,
            "dry_run": dry_run,
            "would_send": sent,
        }
        if not as_json:
            _print_sent(sent)
        if not dry_run:
            since = push_now(services.ledger, chosen.id, zendesk_id, operator=operator(), via="command")
            end = _awaited(services, chosen, zendesk_id, since, wait_s=wait_s, is_quiet=as_json)
            record |= {"is_over": end.is_over, "is_paid": end.is_paid, "outcome": end.words}
    if as_json:
        print_json(record)
    elif not dry_run:
        click.echo(record["outcome"])
    if not dry_run and not record["is_paid"]:
        raise SystemExit(1)


def _found(services: Services, wanted: str, installation: str | None) -> list[tuple[Installation, int]]:
    """Who is known by that name: installation and Zendesk id. Raises `BadSettings` when nobody is."""
    number = installation_id(services, installation) if installation else None
    known = {one.id: one for one in services.directory.all()}
    with services.ledger.reading() as connection:
        found = looking.customers_known_as(connection, wanted, installation_id=number)
    chosen = [(known[one], zendesk_id) for one, zendesk_id in found if one in known]
    if not chosen:
        raise BadSettings([f"no customer is known by {wanted}; the bridge knows those it has heard of"])
    return chosen


def _only(found: list[tuple[Installation, int]], wanted: str) -> tuple[Installation, int]:
    if len(found) > 1:
        who = ", ".join(f"{zendesk_id} of {one.name}" for one, zendesk_id in found)
        raise BadSettings([f"several customers are known by {wanted}: {who}; name one by its Zendesk id"])
    return found[0]


def _awaited(
    services: Services, chosen: Installation, zendesk_id: int, since: int, *, wait_s: int, is_quiet: bool
) -> Progress:
    """How it ended, or how it stands after `wait_s` seconds; meanwhile one line says what it waits for."""
    until = services.clock.monotonic() + wait_s
    with Console(quiet=is_quiet, stderr=True).status("Pushing …") as status:
        while True:
            with services.ledger.reading() as connection:
                stands = progress(connection, chosen.id, zendesk_id, since)
            if stands.is_over or services.clock.monotonic() >= until:
                return stands
            status.update(stands.words)
            time.sleep(LOOK_EVERY_S)


def _print_sent(sent: dict[str, list[dict[str, Any]]]) -> None:
    for system, rows in sent.items():
        _print_table(f"to be sent to {system.capitalize()}", rows)
    click.echo()


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
