"""`bridge app`: the sidebar app, as a package that Zendesk's admin center takes."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.app_package import packed
from bridge.errors import BadSettings
from bridge.ledger.installations import NAME
from bridge.public_url import public_url
from commands.opening import json_option, opened
from commands.output import print_json


@click.group()
def app() -> None:
    """Make the package of the sidebar app."""


@app.command()
@click.argument("name", required=False)
@click.option("--url", required=True, help="Where Zendesk's users reach the receiver, https://<host>.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; by default sailthru-<NAME>.zip in this folder.",
)
@json_option
def package(name: str | None, url: str, out: Path | None, as_json: bool) -> None:
    """Write the app's package for the installation NAME, which may be left out where there is only one."""
    base = public_url(url, "--url")
    chosen = name if name is not None else _only_one()
    if not NAME.fullmatch(chosen):
        raise BadSettings([f"{chosen!r} is no name of an installation; see: bridge installations list"])
    target = out or Path(f"sailthru-{chosen}.zip")
    target.write_bytes(packed(base, chosen))
    page = f"{base}/sidebar/{chosen}"
    if as_json:
        print_json({"file": str(target), "installation": chosen, "page": page})
        return
    click.echo(f"Wrote {target}; Zendesk will open {page}.")
    click.echo("Next: upload it in the Admin Center as a private app for Zendesk Support.")


def _only_one() -> str:
    with opened() as services:
        names = [one.name for one in services.directory.all()]
    if len(names) == 1:
        return names[0]
    if not names:
        raise BadSettings(["there is no installation yet; add one with: bridge installations add NAME"])
    raise BadSettings([f"there are several installations; name one of them: {', '.join(names)}"])
