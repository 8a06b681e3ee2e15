"""What a replay would change, in words: of one letter, or of many added up."""

from __future__ import annotations

from typing import Any

import click

from bridge.ledger import letters
from bridge.ledger.letters import DeadFilter
from bridge.repair.foretelling import Change
from bridge.repair.preview import Foresight, Preview, Summary, sum_up
from bridge.services import Services
from commands.output import print_json, printable

MOST_LOOKED_AT = 500
MOST_SHOWN = 20


def print_preview(services: Services, wanted: DeadFilter, *, again: bool, as_json: bool) -> None:
    """Look ahead at these letters, at a sample where they are many, and say so."""
    installations = {one.id: one for one in services.directory.all()}
    with services.ledger.reading() as connection:
        numbers = letters.numbers(connection, wanted)
        looked_at = letters.samples(connection, numbers, MOST_LOOKED_AT)
        foresight = Foresight(connection, installations, services.ledger.micros(), again=again)
        previews = [foresight.preview(letter) for letter in looked_at]
    if as_json:
        print_json(_record(len(numbers), previews))
    else:
        _say(len(numbers), previews)


def _record(total: int, previews: list[Preview]) -> dict[str, Any]:
    summary = sum_up(previews)
    return {
        "letters": total,
        "looked_at": summary.looked_at,
        "outcomes": dict(summary.outcomes),
        "fields": [
            {"system": system, "field": name, "letters": count}
            for (system, name), count in summary.fields.most_common()
        ],
        "refusals": dict(summary.refusals),
        "previews": [_one(preview) for preview in previews],
    }


def _one(preview: Preview) -> dict[str, Any]:
    return {
        "id": preview.letter,
        "outcome": preview.outcome,
        "words": preview.words,
        "changes": [vars(change) for change in preview.changes],
    }


def _say(total: int, previews: list[Preview]) -> None:
    if not previews:
        click.echo("There are no such dead letters.")
        return
    for preview in previews[:MOST_SHOWN]:
        click.echo(f"{preview.letter}: {preview.outcome}: {preview.words}")
        for change in preview.changes:
            click.echo(f"    {_line(change)}")
    if total > 1:
        _say_sum(total, sum_up(previews))
    click.echo("Nothing was changed.")


def _say_sum(total: int, summary: Summary) -> None:
    if summary.looked_at < total:
        click.echo(f"Of {total} letters {summary.looked_at} were looked at, taken evenly.")
    counts = ", ".join(f"{name} {count}" for name, count in summary.outcomes.most_common())
    click.echo(f"Together: {counts}.")
    for (system, name), count in summary.fields.most_common():
        click.echo(f"    {system} {printable(name)}: {count}")
    for words, count in summary.refusals.most_common():
        click.echo(f"    refused, {count}: {words}")


def _line(change: Change) -> str:
    return f"{change.system} {printable(change.field)} → {printable(str(change.value))} (now: {change.holds})"
