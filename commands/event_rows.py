"""Events as commands show them: a record for programs, two lines for people with 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
from sqlalchemy import Row

from bridge.ledger.events import TO_SAILTHRU, TO_ZENDESK
from commands.output import moment, printable

DIRECTIONS = {"to-sailthru": TO_SAILTHRU, "to-zendesk": TO_ZENDESK}


def summary(row: Row[Any], names: Mapping[int, str]) -> dict[str, Any]:
    """What the list shows of an event; `names` are those of the installations."""
    return {
        "id": row.id,
        "installation": names.get(row.installation_id),
        "lane": row.lane,
        "direction": "to-zendesk" if row.lane in TO_ZENDESK else "to-sailthru",
        "type": row.type,
        "subject": row.subject,
        "source": row.source,
        "customer": row.zendesk_id,
        "received_at": moment(row.received_at),
        "applied_at": moment(row.applied_at),
        "outcome": row.outcome,
        "reason": row.reason,
    }


def print_events(rows: Sequence[Mapping[str, Any]], *, empty: str) -> None:
    """Print events for people; `empty` is said when there are none."""
    # An id is 36 characters long and is wanted whole: it has a line of its own, beside what became of it.
    if not rows:
        click.echo(empty)
    for row in rows:
        about = row["customer"] or row["subject"] or "-"
        click.echo(printable(f"{row['received_at']}  {row['type']}  {about}  {row['installation']}"))
        became = f"{row['outcome']}: {row['reason']}" if row["reason"] else row["outcome"]
        click.echo(printable(f"    {row['id']}  {became}"))
