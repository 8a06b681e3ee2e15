"""`bridge customers`: all that the bridge holds of one customer, and why its two records are as they are."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import Connection

from bridge.clock import iso
from bridge.customer import EMAIL, Customer
from bridge.errors import BadSettings
from bridge.facts import Fact, of_customer
from bridge.ledger import customers as kept
from bridge.ledger import facts, looking
from bridge.ledger.looking import DeadFilter
from commands.opening import installation_id, installation_option, json_option, opened
from commands.output import moment, print_fields, print_json, print_rows
from consumers.projection import digest, sailthru_profile
from schemas.installation import InstallationSettings

SHOWN = 20


@click.group()
def customers() -> None:
    """Look at customers."""


@customers.command()
@click.argument("wanted", metavar="ADDRESS|ID|SID")
@installation_option
@json_option
def show(wanted: str, installation: str | None, as_json: bool) -> None:
    """Show a customer, found by address, Zendesk id or sid: facts, what Sailthru should hold, attempts."""
    with opened() as services:
        number = installation_id(services, installation) if installation else None
        settings = {one.id: one for one in services.directory.all()}
        with services.ledger.reading() as connection:
            found = looking.customers_known_as(connection, wanted, installation_id=number)
            chosen = [key for key in found if key[0] in settings]
            records = [
                _record(connection, settings[one].name, settings[one].settings, one, zendesk_id)
                for one, zendesk_id in chosen
            ]
    if not records:
        raise BadSettings([f"no customer is known by {wanted}; the bridge knows those it has heard of"])
    if as_json:
        print_json(records[0] if len(records) == 1 else records)
        return
    for record in records:
        _print(record)


def _record(
    connection: Connection, name: str, settings: InstallationSettings, installation: int, zendesk_id: int
) -> dict[str, Any]:
    customer = kept.one(connection, installation, zendesk_id)
    assert customer is not None
    own = facts.of_customers(connection, installation, [zendesk_id]).get(zendesk_id) or of_customer(())
    wanted = sailthru_profile(zendesk_id, own, settings.zendesk.url, settings.options)
    letters = looking.dead(
        connection, DeadFilter(installation_id=installation, zendesk_id=zendesk_id), limit=SHOWN
    )
    return {
        "installation": name,
        "zendesk_id": zendesk_id,
        "sid": customer.sid,
        "address": own.address(),
        "state": customer.state,
        "owed": customer.owed,
        "owed_since": moment(customer.owed_at),
        "due_at": moment(customer.due_at),
        "pushed_at": moment(customer.pushed_at),
        "version": {"wanted": customer.wanted, "paid": customer.paid},
        "failures": customer.failures,
        "facts": [_fact(fact) for fact in (*own.fields.values(), *own.tickets.values())],
        "sailthru": _held(customer, {EMAIL: own.address(), **wanted}),
        "attempts": [
            _attempt(one) for one in looking.attempts_on(connection, installation, zendesk_id, limit=SHOWN)
        ],
        "events": [
            {"id": row.id, "type": row.type, "received_at": moment(row.received_at), "outcome": row.outcome}
            for row in looking.newest_events(
                connection, limit=SHOWN, installation_id=installation, zendesk_id=zendesk_id
            )
        ],
        "dead": [{"id": one.id, "reason": one.reason, "error": one.error} for one in letters],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "subject": fact.subject,
        "field": fact.field,
        "value": fact.value,
        "at": iso(fact.at),
        "origin": fact.origin,
    }


def _held(customer: Customer, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """What Sailthru should hold, field by field, and whether it surely does."""
    rows = []
    for name, value in wanted.items():
        known = customer.known.get(name)
        fingerprint = value if name == EMAIL else digest(value)
        rows.append(
            {
                "field": name,
                "should_hold": value,
                "holds": "yes" if known and known.digest and known.digest == fingerprint else _doubt(known),
                "since": moment(known.at) if known and known.at else None,
            }
        )
    return rows


def _doubt(known: Any) -> str:
    if known is None:
        return "never sent"
    return "no" if known.digest else "unknown"


def _attempt(one: Any) -> dict[str, Any]:
    return {
        "started_at": moment(one["started_at"]),
        "finished_at": moment(one["finished_at"]),
        "system": one["system"],
        "action": one["action"],
        "fields": one["fields"],
        "outcome": one["outcome"],
        "error": one["error"],
    }


def _print(record: dict[str, Any]) -> None:
    lists = {name: value for name, value in record.items() if isinstance(value, list)}
    print_fields({name: value for name, value in record.items() if name not in lists})
    for name, rows in lists.items():
        click.echo(f"\n{name}")
        print_rows(rows, empty="none")
    click.echo()
