"""The tour on a terminal of 80 columns or more, or as plain lines where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from commands.demo.differing import ZENDESK, Change, Difference
from commands.demo.playing import Played

LEAST_WIDTH = 80
NAME, SYSTEM, FIELD = 11, 8, 22
GAPS = 8
TIME = 32

HEAD = ("who", "in", "field", "before", "after")

Row = tuple[Text, Text, Text, Text, Text]


class Board:
    """A table that grows step by step; the step under way is shown below it with a moving sign."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = max(LEAST_WIDTH, console.width) - 1
        self._live: Live | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """The table's head now, and the live line until the end."""
        who, where, field, before, after = (Text(name, style="bold") for name in HEAD)
        self._console.print(self._rows([(who, where, field, before, after)]))
        with Live(Text(), console=self._console, transient=True, refresh_per_second=12) as live:
            self._live = live if self._console.is_terminal else None
            yield
        self._live = None

    def begun(self, title: str) -> None:
        """A step is under way."""
        if self._live is not None:
            self._live.update(Spinner("dots", Text(title)))

    def done(self, played: Played) -> None:
        """A step is done: its rows stay."""
        self._console.print()
        self._console.print(self._title(played))
        self._console.print(self._rows(list(_cells(played.changes))))

    def _title(self, played: Played) -> Table:
        line = Table.grid()
        line.add_column(width=self._width - TIME)
        line.add_column(width=TIME, justify="right")
        style = "red" if played.differences else "green"
        took = Text.assemble((f"{played.way}  ", "dim"), (f"{played.seconds:.2f} s", style))
        line.add_row(Text(played.title, style="bold"), took)
        return line

    def _rows(self, rows: Sequence[Row]) -> Table:
        value = (self._width - NAME - SYSTEM - FIELD - GAPS) // 2
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for width in (NAME, SYSTEM, FIELD, value, value):
            table.add_column(width=width, no_wrap=True, overflow="ellipsis")
        for row in rows:
            table.add_row(*row)
        return table


def sentence(one: Difference) -> str:
    """What differs, in words."""
    return f"WRONG in {one.system}, {one.profile}: {one.field} must be {one.must_be!r}, and is {one.is_now!r}"


def _cells(changes: Sequence[Change]) -> Iterator[Row]:
    told = ""
    for change in changes:
        name = "" if change.profile == told else change.profile.partition("@")[0]
        told = change.profile
        yield (
            Text(name, style="cyan"),
            Text(change.system, style="magenta" if change.system == ZENDESK else "blue"),
            Text(change.field),
            Text(_short(change.before), style="dim"),
            Text(_short(change.after)),
        )


def _short(value: Any) -> str:
    """A value as a cell holds it: of tickets only their number and status."""
    match value:
        case None:
            return "-"
        case bool():
            return "true" if value else "false"
        case list():
            return " ".join(map(str, value)) or "(none)"
        case Mapping():
            return ", ".join(_ticket(number, one) for number, one in value.items()) or "(none)"
    return " ".join(str(value).split("\n"))


def _ticket(number: str, one: Any) -> str:
    return f"{number} {one['status']}" if isinstance(one, Mapping) and "status" in one else f"{number} {one}"
