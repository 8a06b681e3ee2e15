"""`bridge setup NAME`: what it is asked, in which order it goes about it, and how it ends."""

from __future__ import annotations

import click

from bridge.app_package import packed
from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.errors import BadSettings, BridgeError
from bridge.ledger import set_ups
from bridge.ledger.installations import Installation
from bridge.public_url import public_url
from bridge.services import Services
from bridge.setting_up.titles import wanted_fields
from bridge.setting_up.wanted import APP, Asked, FieldWanted
from commands.opening import json_option, opened
from commands.setup.alone import alone, unhindered
from commands.setup.progress import Progress
from commands.setup.runs import Run

MODES = {"set_up": Run.set_up, "remove": Run.remove, "rotate": Run.rotate}


@click.command()
@click.argument("name")
@click.option(
    "--public-url", "url", metavar="URL", help="Where Zendesk reaches the receiver, https://<host>."
)
@click.option("--triggers", is_flag=True, help="Let triggers tell of tickets too, beside ticket events.")
@click.option("--fields", is_flag=True, help="Make the user fields that show what Sailthru knows.")
@click.option("--app", is_flag=True, help="Upload and install the sidebar app.")
@click.option("--remove", is_flag=True, help="Take away exactly what setup made.")
@click.option("--rotate", is_flag=True, help="Give its webhooks new signing secrets.")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and change nothing.")
@json_option
def setup(
    name: str,
    url: str | None,
    triggers: bool,
    fields: bool,
    app: bool,
    remove: bool,
    rotate: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Set up the Zendesk account of the installation NAME, prove that it works, and say what is left to do.

    Safe to run again: it makes what is missing and leaves the rest. A run that broke off is continued.
    """
    mode = "remove" if remove else "rotate" if rotate else "set_up"
    if mode == "set_up" and url is None:
        raise click.UsageError("--public-url is needed: where Zendesk reaches the receiver.")
    if mode != "set_up" and (url or triggers or fields or app or (remove and rotate)):
        raise click.UsageError(f"--{mode} goes with --dry-run and --json only.")
    base = public_url(url, "--public-url") if url is not None else ""
    progress = Progress(as_json)
    with opened() as services:
        one = _installation(services, name)
        asked = Asked(
            name, base, triggers, _fields() if fields else (), _package(services, one, base, is_asked=app)
        )
        progress.report |= {"installation": name, "mode": mode, "dry_run": dry_run}
        try:
            with unhindered() if dry_run else alone(services, one) as hold:
                MODES[mode](Run(services, one, asked, progress, dry_run, hold))
        except BridgeError as error:
            progress.fail(error)
    raise SystemExit(progress.end())


def _installation(services: Services, name: str) -> Installation:
    found = services.directory.get(name)
    if found is None:
        raise BadSettings([f"there is no installation named {name}; see: bridge installations list"])
    return found


def _fields() -> tuple[FieldWanted, ...]:
    return wanted_fields((field.key, field.type) for field in USER_FIELDS)


def _package(services: Services, one: Installation, base: str, *, is_asked: bool) -> bytes | None:
    """The app's package; also where setup has made the app before, for it belongs to this release."""
    with services.ledger.reading() as connection:
        is_wanted = is_asked or APP in set_ups.parts_of(connection, one.id)
    return packed(base, one.name) if is_wanted and base else None
