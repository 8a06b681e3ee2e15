"""`bridge migrate`: what each release runs before its processes start."""

from __future__ import annotations

import click

from bridge.ledger import installations, keys
from bridge.ledger.migrating import is_current, newest, upgrade
from commands.opening import json_option, opened_as_it_is
from commands.output import print_json


@click.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the ledger's tables up to date, and seal secrets with the newest SECRET_KEY.

    Safe to run again, and by two at once.
    """
    with opened_as_it_is() as services:
        was_current = is_current(services.ledger.engine)
        upgrade(services.ledger.engine)
        with services.ledger.writing() as connection:
            resealed = installations.rewrap(connection, services.vault)
            keys.rewrap(connection, services.vault)
    if as_json:
        print_json({"revision": newest(), "changed": not was_current, "resealed": resealed})
        return
    click.echo(
        "The ledger was current already." if was_current else f"The ledger is at revision {newest()} now."
    )
    if resealed:
        click.echo(f"Secrets sealed with the newest SECRET_KEY: {resealed} installations.")
