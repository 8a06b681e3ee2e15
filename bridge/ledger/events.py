"""Events in the ledger: kept once, however often they are delivered, with what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, text, update

from bridge.clock import to_micros
from bridge.ledger.prepared import PreparedList
from bridge.ledger.tables import events
from bridge.ledger.writing import upsert
from schemas.event import Event

KEPT = "kept"
APPLIED = "applied"
IGNORED = "ignored"
DEAD = "dead"

AGENT = "agent"

# Whose events are applied by a push to the one system, and whose by a push to the other.
TO_SAILTHRU = ("zendesk", AGENT)
TO_ZENDESK = ("sailthru",)

FROM_EXPORTS = ("backfill", "reconcile")

IS_UNAPPLIED = text("outcome = 'kept'")


@dataclass(frozen=True)
class KeptEvent:
    """An event with what was made of it: whom it is about, its facts' version, its outcome so far.

    `made` is what its facts met, as `bridge.meetings.to_record` writes it.
    """

    event: Event
    zendesk_id: int | None
    version: int | None
    outcome: str
    reason: str = ""
    made: Sequence[Sequence[Any]] = ()


@dataclass(frozen=True)
class AppliedEvent:
    """An event whose customer's facts are in the other system now."""

    type: str
    received_at: int


def keep(connection: Connection, installation_id: int, kept: Sequence[KeptEvent], now: int) -> None:
    """Keep events.

    One that stands already is counted once more and applied anew: the facts decide, not its id. How it came,
    and what its facts met, is told of the first time.
    """
    rows = {one.event.id: _row(installation_id, one, now) for one in kept}
    upsert(
        connection,
        events,
        list(rows.values()),
        replace=("version", "outcome", "reason", "applied_at"),
        grow={"deliveries": 1},
    )


def exists(connection: Connection, installation_id: int, event_id: str) -> bool:
    """Whether an event was kept."""
    query = select(events.c.id).where(events.c.installation_id == installation_id, events.c.id == event_id)
    return connection.scalar(query) is not None


def end(
    connection: Connection, installation_id: int, event_id: str, *, outcome: str, reason: str, now: int
) -> None:
    """One event that no push applies is at its end."""
    connection.execute(
        update(events)
        .where(IS_UNAPPLIED, events.c.installation_id == installation_id, events.c.id == event_id)
        .values(outcome=outcome, reason=reason, applied_at=now if outcome == APPLIED else None)
    )


def apply_up_to(
    connection: Connection,
    installation_id: int,
    zendesk_id: int,
    version: int,
    now: int,
    *,
    lanes: Sequence[str] = TO_SAILTHRU,
) -> list[AppliedEvent]:
    """What this customer's facts held at `version` is in the other system: its events so far are applied."""
    asked = {"of": installation_id, "whom": zendesk_id, "up_to": version, "applied": now}
    return [AppliedEvent(*row) for row in _APPLY.rows(connection, lanes, asked)]


# In the order of `AppliedEvent`.
_APPLY = PreparedList(
    lambda lanes: (
        update(events)
        .where(
            IS_UNAPPLIED,
            events.c.installation_id == bindparam("of"),
            events.c.zendesk_id == bindparam("whom"),
            events.c.version <= bindparam("up_to"),
            events.c.lane.in_(lanes),
        )
        .values(outcome=APPLIED, applied_at=bindparam("applied"))
        .returning(events.c.type, events.c.received_at)
    )
)


def finish(  # noqa: PLR0913 - one parameter for each thing that narrows
    connection: Connection,
    installation_id: int,
    zendesk_id: int,
    *,
    outcome: str,
    reason: str,
    types: Sequence[str] = (),
    lanes: Sequence[str] = (*TO_SAILTHRU, *TO_ZENDESK),
) -> None:
    """Its events that are not applied end otherwise.

    `types` narrows to those that begin with one of them, `lanes` to those of these lanes. What an agent asked
    to be done is none of these: it ends when that was done, or could not be (`end`).
    """
    statement = update(events).where(
        IS_UNAPPLIED,
        events.c.installation_id == installation_id,
        events.c.zendesk_id == zendesk_id,
        events.c.lane.in_(lanes),
        or_(events.c.lane != AGENT, events.c.version.is_not(None)),
    )
    for prefix in types:
        statement = statement.where(events.c.type.startswith(prefix))
    connection.execute(statement.values(outcome=outcome, reason=reason))


def adopt(connection: Connection, installation_id: int, subject: str, zendesk_id: int, version: int) -> None:
    """A reading told whose events these hints about `subject` are, and which version holds their facts."""
    connection.execute(
        update(events)
        .where(
            IS_UNAPPLIED,
            events.c.installation_id == installation_id,
            events.c.zendesk_id.is_(None),
            events.c.subject == subject,
        )
        .values(zendesk_id=zendesk_id, version=version)
    )


def end_subject(connection: Connection, installation_id: int, subject: str, reason: str) -> None:
    """The hints about `subject` came to nothing."""
    connection.execute(
        update(events)
        .where(IS_UNAPPLIED, events.c.installation_id == installation_id, events.c.subject == subject)
        .values(outcome=IGNORED, reason=reason)
    )


def unapplied(connection: Connection, installation_id: int) -> int:
    """How many events that came by the queues wait for their push, of one installation.

    Those of exports never travelled one, and so keep nobody's delivery from its queue.
    """
    query = select(func.count()).select_from(events)
    mine = (IS_UNAPPLIED, events.c.installation_id == installation_id)
    return connection.scalar(query.where(*mine, events.c.source.not_in(FROM_EXPORTS))) or 0


def _row(installation_id: int, kept: KeptEvent, now: int) -> dict[str, Any]:
    event = kept.event
    return {
        "installation_id": installation_id,
        "id": event.id,
        "lane": event.lane,
        "type": event.type,
        "subject": event.subject,
        "source": event.source,
        "zendesk_id": kept.zendesk_id,
        "version": kept.version,
        "occurred_at": to_micros(event.occurred_at),
        "received_at": to_micros(event.received_at),
        "kept_at": now,
        "applied_at": now if kept.outcome == APPLIED else None,
        "outcome": kept.outcome,
        "reason": kept.reason,
        "deliveries": 1,
        "data": _written(event.data),
        "delivery": _written(event.delivery) if event.delivery else "{}",
        "made": _written(kept.made) if kept.made else "[]",
        "trace": event.trace or None,
    }


# `json.dumps` makes an encoder each time it is asked for anything but its defaults.
_written = json.JSONEncoder(separators=(",", ":")).encode
