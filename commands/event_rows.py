"""Events as commands show them to people with 80 columns: two lines each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from commands.output import printable


def print_events(rows: Sequence[Mapping[str, Any]], *, empty: str) -> None:
    """Print events for people; `empty` is said when there are none."""
    # An id is 36 characters long and is wanted whole: it has a line of its own, beside what became of it.
    if not rows and empty:
        click.echo(empty)
    for row in rows:
        about = row["customer"] or row["subject"] or "-"
        click.echo(printable(f"{row['received_at']}  {row['type']}  {about}  {row['installation']}"))
        became = f"{row['outcome']}: {row['reason']}" if row["reason"] else row["outcome"]
        click.echo(printable(f"    {row['id']}  {became}"))
