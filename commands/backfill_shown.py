"""How a backfill shows itself: a bar while it works, and the numbers of a dry run."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from bridge.ledger import backfills
from consumers.exporting import backfilling
from consumers.exporting.forecasting import CHANGED, CREATED, SAME, WITHOUT, Forecast

STAGES = {
    backfills.USERS: "Reading users",
    backfills.TICKETS: "Reading tickets",
    backfills.CUSTOMERS: "Handing over customers",
    backfills.DONE: "Waiting for the last pushes",
}
WORDS = {
    CREATED: "would be created",
    CHANGED: "would be changed",
    SAME: "would be left alone: they agree already, or sync is off",
    WITHOUT: "have no profile, and none would be made",
}


class _Rate(ProgressColumn):
    """How many of them in a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


class Shown:
    """A bar on standard error, and only on a terminal; one for each stage."""

    def __init__(self, *, is_quiet: bool) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=is_quiet or not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Shown:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False)

    def went_on(self, progress: backfilling.Progress) -> None:
        """How far the backfill is."""
        done = {
            backfills.USERS: progress.users,
            backfills.TICKETS: progress.tickets,
            backfills.CUSTOMERS: progress.released + progress.unchanged,
        }
        note = progress.trouble
        if progress.strange:
            note = f"{progress.strange} unreadable {note}"
        count = done.get(progress.stage, 0)
        total = count + progress.left if progress.stage == backfills.CUSTOMERS and progress.left else None
        self._update(STAGES[progress.stage], count, total, note)

    def compared(self, read: int, compared: int) -> None:
        """How far a dry run is."""
        self._update("Reading users", read, None, "")
        if compared:
            self._update("Comparing profiles", compared, None, "")

    def _update(self, title: str, count: int, total: int | None, note: str) -> None:
        if title not in self._tasks:
            self._tasks[title] = self._progress.add_task(title, total=total, note=note)
        self._progress.update(self._tasks[title], completed=count, total=total, note=note)


def forecast_record(forecast: Forecast) -> dict[str, Any]:
    """What programs are told of a dry run."""
    return {
        "customers": forecast.customers,
        "compared": forecast.compared,
        "exact": forecast.is_exact,
        "profiles": {outcome: forecast.of_all(outcome) for outcome in WORDS},
        "fields": dict(forecast.fields.most_common()),
        "samples": list(forecast.samples),
    }


def say_forecast(forecast: Forecast) -> None:
    """The numbers of a dry run, for people."""
    click.echo(f"{forecast.customers:,} customers in Zendesk.")
    if not forecast.is_exact:
        click.echo(f"Compared {forecast.compared} of them, picked at random; the numbers are scaled up.")
    for outcome, words in WORDS.items():
        about = "" if forecast.is_exact else "about "
        click.echo(f"  {about}{forecast.of_all(outcome):,} {words}")
    for sample in forecast.samples:
        fields = ", ".join(sample["fields"]) or "-"
        click.echo(f"  for instance user {sample['customer']}: {sample['profile']} ({fields})")
