"""How the commands that change dead letters report."""

from __future__ import annotations

import click

from commands.output import print_json


def report(what: str, done: list[int], failed: dict[int, str], ids: tuple[int, ...], as_json: bool) -> None:
    """Say which letters it was done to and why not to the others; exit status 1 where there are such."""
    failed |= {one: "is not an open dead letter" for one in ids if one not in done and one not in failed}
    if as_json:
        print_json({what: done, "failed": [{"id": one, "error": error} for one, error in failed.items()]})
    else:
        click.echo(f"{what.capitalize()}: {len(done)}.")
    for one, error in failed.items():
        click.echo(f"{one}: {error}", err=True)
    if failed:
        raise SystemExit(1)
