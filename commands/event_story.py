"""One event end to end, as commands show it to people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from commands.output import print_fields, print_rows, printable

PARTS = ("delivery", "facts", "read", "attempts", "final_write", "stages", "dead_letters", "data")


def print_story(record: Mapping[str, Any]) -> None:
    """Print the record that `bridge.timeline.one_event` makes."""
    print_fields({name: value for name, value in record.items() if name not in PARTS})
    click.echo("\ndelivery")
    print_fields({name: value for name, value in record["delivery"].items() if value is not None})
    _table("facts it made", [_fact(one) for one in record["facts"]])
    if record["read"]:
        _table("facts that were read because of it", record["read"])
    _print_attempts(record["attempts"])
    _table("how long each part took", [_stage(one) for one in record["stages"]])
    _table("dead letters", record["dead_letters"])
    click.echo("\ndata")
    click.echo(printable(json.dumps(record["data"], ensure_ascii=False)))


def _fact(one: Mapping[str, Any]) -> dict[str, Any]:
    name = one["subject"] if one["field"] == "ticket" else one["field"]
    return {
        "field": name,
        "before": one["before"],
        "value": one["value"],
        "why": one["why"],
        "now": one["now"],
    }


def _stage(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"from": one["from"], "to": one["to"], "seconds": one["seconds"]}


def _print_attempts(tries: list[dict[str, Any]]) -> None:
    click.echo("\nattempts")
    if not tries:
        click.echo("none")
    for one in tries:
        took = "under way" if one["duration_ms"] is None else f"{one['duration_ms']} ms"
        click.echo(
            printable(f"{one['started_at']}  {one['system']} {one['action']}  {one['outcome']}  {took}")
        )
        for name in ("request", "reply"):
            click.echo(printable(f"    {name}: {json.dumps(one[name], ensure_ascii=False)}"))
        if one["error"]:
            click.echo(printable(f"    {one['error']}"))


def _table(title: str, rows: list[dict[str, Any]]) -> None:
    click.echo(f"\n{title}")
    print_rows(rows, empty="none")
