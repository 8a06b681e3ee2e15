"""`bridge dead`: joins its commands."""

from __future__ import annotations

import click

from commands.dead.dropping import drop, undrop
from commands.dead.looking import groups, list_open, show
from commands.dead.replaying import replay
from commands.dead.replays import replays, stop


@click.group()
def dead() -> None:
    """Look at dead letters, replay or drop them."""


for _command in (list_open, groups, show, replay, replays, stop, drop, undrop):
    dead.add_command(_command)
