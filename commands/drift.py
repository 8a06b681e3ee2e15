"""`bridge reconcile NAME --audit`: what Sailthru holds beside what the facts say; `--fix` what differs."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bridge.ledger import audits
from bridge.ledger.installations import Installation
from bridge.logs import masked
from bridge.services import Services
from commands.opening import operator
from commands.output import print_json, print_rows
from consumers.auditor import Audited, Auditor, healed
from consumers.parts import Parts

DEFAULT_SAMPLE = 500
MOST_EXAMPLES = 20
NO_PUSH_S = 60.0  # without one, whoever is left is left to the consumer
# An address inside a longer text.
_ADDRESS = re.compile(r"[^\s/\"'<>,;:()\[\]{}]+@[^\s/\"'<>,;:()\[\]{}]+")


def audit(
    services: Services,
    parts: Parts,
    installation: Installation,
    *,
    sample: int | None,
    fixes: bool,
    stop: threading.Event,
    is_quiet: bool,
) -> dict[str, Any]:
    """Compare `sample` linked customers, or all of them (None); what came of it, as programs are told it."""
    with services.ledger.reading() as connection:
        with_profile, without_profile = audits.tally(connection, installation.id)
    size = with_profile if sample is None else min(sample, with_profile)
    with _bar(size, is_quiet=is_quiet) as told:
        auditor = Auditor(parts, installation, pause=stop.wait, told=told, is_stopped=stop.is_set)
        found = auditor.look(auditor.everybody() if sample is None else auditor.some(size))
    record = _record(found) | {"without_profile": without_profile}
    if fixes and found.drift:
        record |= _fixed(parts, installation, found, stop)
    return record


def _fixed(parts: Parts, installation: Installation, found: Audited, stop: threading.Event) -> dict[str, Any]:
    auditor = Auditor(parts, installation, pause=stop.wait, is_stopped=stop.is_set)
    owed = auditor.fix(found, operator=operator())
    click.echo(f"{len(owed)} customers are owed what differs; waiting for the consumer.", err=True)
    after = auditor.heal(owed, most_s=NO_PUSH_S)
    return {"healed": healed(after), "owed": after.waiting}


def _record(found: Audited) -> dict[str, Any]:
    fields = Counter(one.field for differing in found.drift.values() for one in differing)
    examples = [
        {"customer": number, "field": one.field, "should_hold": one.should_hold, "holds": one.holds}
        for number, differing in sorted(found.drift.items())
        for one in differing
    ]
    return {
        "examined": found.examined,
        "drift": {"customers": len(found.drift), "fields": dict(sorted(fields.items()))},
        "healed": 0,
        "waiting": found.waiting,
        "not_compared": found.off,
        "profile_gone": found.vanished,
        "examples": examples[:MOST_EXAMPLES],
    }


def say(record: dict[str, Any], name: str, *, as_json: bool) -> None:
    """Print it."""
    if as_json:
        print_json(record)
        return
    drift = record["drift"]
    click.echo(f"Compared {record['examined']} customers: {drift['customers']} differ.")
    for field, count in drift["fields"].items():
        click.echo(f"  {field}: {count}")
    for key, words in _BESIDE.items():
        if record.get(key):
            click.echo(f"{record[key]} {words}.")
    if record["examples"]:
        click.echo()
        print_rows([_shortened(one) for one in record["examples"]], empty="")
    if record["healed"]:
        click.echo(f"\nHealed: {record['healed']}.")
    elif drift["customers"] and "owed" not in record:
        click.echo(f"\nNext: bridge reconcile {name} --audit --all --fix")


_BESIDE = {
    "waiting": "wait for a push, so nobody can tell yet",
    "not_compared": "are not compared: their sync is switched off, or they are staff",
    "profile_gone": "have no profile where it was; it is looked for with their next event",
    "without_profile": "have no profile in Sailthru",
    "owed": "are still owed their push; is the consumer running? See: bridge queues",
}


def _shortened(example: dict[str, Any]) -> dict[str, Any]:
    """For a terminal: no whole address, however deep it stands."""
    return {name: _masked(one) for name, one in example.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub(lambda found: masked(found[0]), value)
    if isinstance(value, dict):
        return {name: _masked(one) for name, one in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list) else value


@contextmanager
def _bar(size: int, *, is_quiet: bool) -> Iterator[Any]:
    """A bar on standard error, and only on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("Comparing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=console, disable=is_quiet or not console.is_terminal) as progress:
        task = progress.add_task("", total=size)
        yield lambda count: progress.advance(task, count)
