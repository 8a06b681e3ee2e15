"""One event end to end: how it came, which facts it made, what was tried for them, and where it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row

from bridge.clock import iso, iso_of
from bridge.facts import Fact
from bridge.ledger import agent_actions, customers, facts, looking, zendesk_users
from bridge.ledger.events import APPLIED, KEPT, TO_ZENDESK
from bridge.meetings import FIRST, NEWER, OLDER, SAME, TIE_LOST, TIE_WON, Met, from_record
from bridge.timeline import tries
from bridge.timeline.events import summary

SECOND = 1_000_000
WHY = {
    FIRST: "nothing was known of it",
    NEWER: "newer than what stood",
    SAME: "stood already",
    OLDER: "what stood is newer, and stands",
    TIE_WON: "too close to tell: the greater id stands until a reading says",
    TIE_LOST: "too close to tell: the other's greater id stands until a reading says",
}
HELD = {"broker_away": "spooled: the broker was away", "parked": "parked: its installation had its share"}
SIGNED = {"webhook", "trigger", "postback"}


def event_story(connection: Connection, event: Row[Any], names: Mapping[int, str]) -> dict[str, Any]:
    """All that is known of one event. Times are ISO 8601 UTC, spans seconds; `names` the installations'."""
    made = tries.for_event(connection, event, action_at=_asked_at(connection, event))
    final = tries.last(made)
    return summary(event, names) | {
        "occurred_at": iso_of(event.occurred_at),
        "kept_at": iso_of(event.kept_at),
        "deliveries": event.deliveries,
        "data": json.loads(event.data),
        "delivery": _delivery(event),
        "facts": _facts(connection, event),
        "read": _read_because_of_it(connection, event),
        "attempts": [tries.attempt(one) for one in made],
        "final_write": None if final is None else tries.attempt(final),
        "ended": _ended(connection, event, final),
        "stages": _stages(event, made, final),
        "dead_letters": _letters(connection, event),
    }


def _asked_at(connection: Connection, event: Row[Any]) -> int | None:
    if event.source != "agent":
        return None
    action = agent_actions.one(connection, event.installation_id, event.id)
    return None if action is None else action.at


def _delivery(event: Row[Any]) -> dict[str, Any]:
    """How it came. Only the position of the secret is known here, never the secret."""
    told = json.loads(event.delivery)
    held = told.get("held")
    return {
        "source": event.source,
        "signature": _signature(event.source, told.get("secret")),
        "webhook": told.get("webhook"),
        "invocation": told.get("invocation"),
        "sent_at": told.get("sent_at"),
        "trace": event.trace.split("-")[1] if event.trace else None,
        "late_s": _span(event.occurred_at, event.received_at),
        "way": HELD.get(held["reason"], held["reason"]) if held else "confirmed by the broker",
        "held_s": _held_s(held) if held else 0.0,
    }


def _signature(source: str, position: int | None) -> str:
    if source not in SIGNED:
        return "none: it was made here"
    if position is None:
        return "verified; with which secret was not noted"
    return f"verified by secret {position} of the installation"


def _held_s(held: Mapping[str, str]) -> float:
    since, until = (datetime.fromisoformat(held[name]) for name in ("from", "until"))
    return round((until - since).total_seconds(), 3)


def _facts(connection: Connection, event: Row[Any]) -> list[dict[str, Any]]:
    """What each of its facts met, and what stands of that field today."""
    met = from_record(json.loads(event.made))
    subjects = {one.subject for one in met}
    found = facts.of_subjects(connection, event.installation_id, subjects) if subjects else []
    standing = {(fact.subject, fact.field): fact for fact in found}
    return [_fact(one, standing.get((one.subject, one.field)), event.id) for one in met]


def _fact(met: Met, now: Fact | None, event_id: str) -> dict[str, Any]:
    return {
        "subject": met.subject,
        "field": met.field,
        "value": met.value,
        "before": met.before,
        "before_at": iso_of(met.before_at),
        "before_event": met.before_event or None,
        "verdict": met.verdict,
        "why": WHY[met.verdict],
        "now": _now(met, now, event_id),
    }


def _now(met: Met, now: Fact | None, event_id: str) -> str:
    if now is None:
        return "not known any more"
    if now.event_id == event_id:
        return "stands"
    if met.verdict in (OLDER, TIE_LOST):
        return f"never stood; today that of {now.event_id}, {iso(now.at)}"
    return f"superseded by {now.event_id}, {iso(now.at)}"


def _read_because_of_it(connection: Connection, event: Row[Any]) -> list[dict[str, Any]]:
    """Facts that a reading stated after a hint named their subject, as far as they stand."""
    if json.loads(event.made) or not event.subject:
        return []
    found = facts.of_subjects(connection, event.installation_id, [event.subject])
    since = event.received_at
    return [
        {"subject": fact.subject, "field": fact.field, "value": fact.value, "at": iso(fact.at)}
        for fact in found
        if fact.origin == "reading" and _micros(fact) >= since - since % SECOND
    ]


def _micros(fact: Fact) -> int:
    return int(fact.at.timestamp() * SECOND)


def _ended(connection: Connection, event: Row[Any], final: Mapping[str, Any] | None) -> str:
    """Where it stands, in a sentence."""
    system = "Zendesk" if event.lane in TO_ZENDESK else "Sailthru"
    if event.outcome == APPLIED:
        if event.reason:
            return f"Nothing was to be done: {event.reason}."
        how = (
            f"{system} confirmed it"
            if final
            else f"{system} held all of it already: nothing had to be written"
        )
        return f"{how}, {iso_of(event.applied_at)}."
    if event.outcome == KEPT:
        return f"It waits for a push to {system}. {_waits(connection, event)}".strip()
    return f"It ended {event.outcome}{f': {event.reason}' if event.reason else ''}."


def _waits(connection: Connection, event: Row[Any]) -> str:
    if event.zendesk_id is None:
        return "Nobody knows yet whom it is about: a reading will tell."
    look = zendesk_users.one if event.lane in TO_ZENDESK else customers.one
    row = look(connection, event.installation_id, event.zendesk_id)
    if row is None or not row.owed:
        return ""
    return f"Owed since {iso_of(row.owed_at)}, due {iso_of(row.due_at)}, failures so far: {row.failures}."


def _stages(
    event: Row[Any], made: Sequence[Mapping[str, Any]], final: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """How long each part of the way took, in seconds; a part that is not over is left out."""
    moments = [
        ("it happened", event.occurred_at),
        ("received", event.received_at),
        ("kept as facts", event.kept_at),
        ("first call", made[0]["started_at"] if made else None),
        ("confirmed", final["finished_at"] if final else None),
        ("applied", event.applied_at),
    ]
    known = [(name, at) for name, at in moments if at is not None]
    return [
        {"from": before, "to": after, "seconds": _span(since, until), "at": iso_of(until)}
        for (before, since), (after, until) in pairwise(known)
    ]


def _span(since: int, until: int) -> float:
    """Seconds; below zero only where two machines' clocks differ."""
    return round((until - since) / SECOND, 3)


def _letters(connection: Connection, event: Row[Any]) -> list[dict[str, Any]]:
    """The dead letters about it, or about a push for its customer that it waited for."""
    found = looking.letters_about(connection, event.installation_id, event.id, event.zendesk_id)
    return [
        {
            "id": one.id,
            "reason": one.reason,
            "error": one.error,
            "state": one.state,
            "attempts": one.attempts,
            "last_seen": iso_of(one.last_seen),
        }
        for one in found
        if one.event_id == event.id or one.last_seen >= event.kept_at
    ]
