"""How commands answer: JSON for programs, a table or lines for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.clock import iso_of as moment

__all__ = ["moment", "print_fields", "print_json", "print_rows", "printable", "table_of"]


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_rows(rows: Sequence[Mapping[str, Any]], *, empty: str) -> None:
    """Print records that have the same keys as a table; `empty` is said when there are none."""
    if not rows:
        click.echo(empty)
        return
    Console().print(table_of(rows))


def table_of(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Records that have the same keys, as a table."""
    table = Table(box=None, pad_edge=False)
    for name in rows[0] if rows else ():
        table.add_column(name, overflow="fold")
    for row in rows:
        # Text, never markup: what comes from outside must not paint the terminal.
        table.add_row(*(Text(_plain(value)) for value in row.values()))
    return table


def print_fields(record: Mapping[str, Any]) -> None:
    """Print one record, a line each field."""
    width = max(map(len, record), default=0)
    for name, value in record.items():
        click.echo(f"{name:<{width}}  {_plain(value)}")


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def printable(text: str) -> str:
    """A text that paints nothing on a terminal but its letters."""
    return "".join(mark if mark.isprintable() else " " for mark in text)
