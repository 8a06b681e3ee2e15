"""`bridge`: joins the commands, and turns what went wrong into sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from bridge import logs
from bridge.errors import BadSettings, BridgeError, Unavailable
from commands.app import app
from commands.audit import audit
from commands.backfill import backfill
from commands.check import check
from commands.console import console
from commands.customers import customers
from commands.dead.group import dead
from commands.demo import demo
from commands.events import events
from commands.installations import installations
from commands.lanes import lanes
from commands.migrate import migrate
from commands.queues import queues
from commands.reconcile import reconcile
from commands.setup import setup

NEXT_STEP = "Next: bridge check"


class Sentences(click.Group):
    """A group whose commands end with a sentence and exit status 1 where ours raise."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BridgeError as error:
            for sentence in _sentences(error):
                click.echo(sentence, err=True)
            ctx.exit(1)


def _sentences(error: BridgeError) -> Sequence[str]:
    if isinstance(error, BadSettings):
        return error.faults
    if isinstance(error, Unavailable):
        return [f"{str(error).capitalize()}.", NEXT_STEP]
    return [f"{str(error)[:1].upper()}{str(error)[1:]}.", NEXT_STEP]


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Keep a customer's Zendesk and Sailthru records true to each other.

    Settings come from the environment and from a file .env. Exit status: 0 done, 1 failed, 2 wrong usage.
    """


# One line a command; the modules know nothing of each other.
COMMANDS: tuple[click.Command, ...] = (
    migrate,
    check,
    demo,
    installations,
    setup,
    app,
    queues,
    events,
    customers,
    dead,
    backfill,
    reconcile,
    console,
    lanes,
    audit,
)

for _command in COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """The entry point."""
    logs.configure("WARNING")
    cli(prog_name="bridge")
