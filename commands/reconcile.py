"""`bridge reconcile`: one pass over what changed in Zendesk, now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import click

from bridge.services import Services
from commands.drift import DEFAULT_SAMPLE, audit, say
from commands.opening import installation_named, json_option, opened
from commands.output import print_json
from consumers.exporting.reconciling import Found, reconcile_now
from consumers.parts import Parts
from consumers.patience import patience_of
from consumers.quota import RateNotes
from consumers.stopping import told_by_signals


@click.command()
@click.argument("name")
@click.option("--audit", "audits", is_flag=True, help="Compare profiles in Sailthru with the facts instead.")
@click.option(
    "--sample",
    type=click.IntRange(1, 10_000_000),
    metavar="N",
    help=f"With --audit: N customers, chosen by chance.  [default: {DEFAULT_SAMPLE}]",
)
@click.option("--all", "everybody", is_flag=True, help="With --audit: every customer who has a profile.")
@click.option("--fix", "fixes", is_flag=True, help="With --audit: have what differs pushed, and look again.")
@json_option
def reconcile(
    name: str, audits: bool, sample: int | None, everybody: bool, fixes: bool, as_json: bool
) -> None:
    """Read in Zendesk's exports what changed since the last pass of installation NAME, and keep it.

    The clock does the same every RECONCILE_S seconds. What no event had told of is pushed by the consumer.
    With --audit nothing is read in Zendesk: it says where Sailthru holds something else than the facts say.
    Lists and opt-outs are never touched.
    """
    if not audits and (sample or everybody or fixes):
        raise click.UsageError("--sample, --all and --fix go with --audit.")
    if sample and everybody:
        raise click.UsageError("Give --sample or --all, not both.")
    if audits:
        _audit(name, None if everybody else sample or DEFAULT_SAMPLE, fixes=fixes, as_json=as_json)
        return
    with opened() as services, told_by_signals() as stop:
        installation = installation_named(services, name)
        every = timedelta(seconds=services.settings.reconcile_s)
        found = reconcile_now(parts_of(services), installation, every, stop)
    if as_json:
        print_json(summary(found))
    else:
        _say(found)


def _audit(name: str, sample: int | None, *, fixes: bool, as_json: bool) -> None:
    with opened() as services, told_by_signals() as stop:
        installation = installation_named(services, name)
        record = audit(
            services,
            parts_of(services),
            installation,
            sample=sample,
            fixes=fixes,
            stop=stop,
            is_quiet=as_json,
        )
        if stop.is_set():
            click.echo("Stopped before the end: these are the numbers so far.", err=True)
    say(record, name, as_json=as_json)


def parts_of(services: Services) -> Parts:
    """What reads and pushes share, for a command that does so itself."""
    rates, patience = RateNotes(services.rates), patience_of(services.settings)
    return Parts(services.ledger, services.directory, services.remotes, rates, services.clock, patience)


def summary(found: Found) -> dict[str, Any]:
    """What programs are told of a pass: `drift` counts customers, and each field for how many of them."""
    fields = Counter(field for fields in found.drift.values() for field in fields)
    drift = {"customers": len(found.drift), "fields": dict(sorted(fields.items()))}
    return {"examined": found.examined, "drift": drift, "healed": len(found.drift)}


def _say(found: Found) -> None:
    record = summary(found)
    click.echo(f"Looked at {record['examined']} records that changed in Zendesk.")
    if not found.drift:
        click.echo("Every change had been told of by an event.")
        return
    click.echo(f"No event had told of changes of {len(found.drift)} customers: {_listed(record['drift'])}.")
    click.echo("They are kept, and the consumer pushes them: bridge events list --source reconcile")


def _listed(drift: Mapping[str, Any]) -> str:
    return ", ".join(f"{field} ({count})" for field, count in drift["fields"].items())
