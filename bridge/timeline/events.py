"""Lists of events: by the filters that people type, page by page, and whatever came since."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from bridge.clock import iso_of, to_micros
from bridge.filters import BadFilter, Filters
from bridge.ledger import event_lists
from bridge.ledger.event_lists import EventFilter, Place
from bridge.ledger.events import TO_SAILTHRU, TO_ZENDESK

DIRECTIONS = {"to-sailthru": TO_SAILTHRU, "to-zendesk": TO_ZENDESK}
# Whoever follows looks back so far: transactions end in another order than they took their times.
OVERLAP_US = 5_000_000


@dataclass(frozen=True)
class EventPage:
    """Events, newest first, and where the page after them begins: None when there are no older ones."""

    rows: Sequence[Row[Any]]
    older: Place | None


def event_filter(wanted: Filters, numbers: Mapping[str, int], now: datetime) -> EventFilter:
    """The filters as the ledger is asked; `numbers` are the installations by name. Raises `BadFilter`."""
    if wanted.installation and wanted.installation not in numbers:
        raise BadFilter([f"installation: there is no {wanted.installation}; see: bridge installations list"])
    return EventFilter(
        installation_id=numbers.get(wanted.installation),
        lanes=_lanes(wanted),
        type=wanted.type,
        outcome=wanted.outcome,
        reason=wanted.reason,
        source=wanted.source,
        known_as=wanted.customer,
        since=to_micros(wanted.since.at(now)) if wanted.since else None,
        until=to_micros(wanted.until.at(now)) if wanted.until else None,
    )


def _lanes(wanted: Filters) -> Collection[str]:
    by_direction = DIRECTIONS.get(wanted.direction, (*TO_SAILTHRU, *TO_ZENDESK))
    if not wanted.lane:
        return by_direction if wanted.direction else ()
    # A lane that does not go in that direction has no events.
    return (wanted.lane,) if wanted.lane in by_direction else ("none",)


def event_page(
    connection: Connection, wanted: EventFilter, *, limit: int, before: Place | None = None
) -> EventPage:
    """The newest events, or those older than the place `before`."""
    found = event_lists.newest_events(connection, wanted, limit=limit + 1, before=before)
    rows = found[:limit]
    return EventPage(rows, event_lists.place_of(rows[-1]) if len(found) > limit else None)


MOST_COUNTED = 100


def count_newer(connection: Connection, wanted: EventFilter, than: Place) -> int:
    """How many events came since the newest that was shown; beyond a hundred nobody counts."""
    # Of those kept at the very moment of that one some were shown: they are looked at, too.
    found = event_lists.events_kept_since(connection, wanted, than.kept_at, limit=10 * MOST_COUNTED)
    return min(MOST_COUNTED, sum(event_lists.place_of(row) > than for row in found))


@dataclass
class Follower:
    """Follows the events kept from `begun` on: each look tells those that were not told yet, oldest first."""

    wanted: EventFilter
    begun: int  # microseconds; nothing kept before is told
    since: int = 0
    told: dict[Place, None] = field(default_factory=dict)

    def look(self, connection: Connection, *, limit: int = 1000) -> list[Row[Any]]:
        """What came since the last look; with more than `limit`, the next look tells the rest."""
        start = max(self.begun, self.since - OVERLAP_US)
        found = event_lists.events_kept_since(connection, self.wanted, start, limit=limit + len(self.told))
        new = [row for row in found if event_lists.place_of(row) not in self.told]
        for row in new:
            self.told[event_lists.place_of(row)] = None
            self.since = max(self.since, row.kept_at)
        self.told = {place: None for place in self.told if place.kept_at >= self.since - OVERLAP_US}
        return new


def summary(row: Row[Any], names: Mapping[int, str]) -> dict[str, Any]:
    """What a list shows of an event; `names` are those of the installations."""
    return {
        "id": row.id,
        "installation": names.get(row.installation_id),
        "lane": row.lane,
        "direction": "to-zendesk" if row.lane in TO_ZENDESK else "to-sailthru",
        "type": row.type,
        "subject": row.subject,
        "source": row.source,
        "customer": row.zendesk_id,
        "received_at": iso_of(row.received_at),
        "applied_at": iso_of(row.applied_at),
        "outcome": row.outcome,
        "reason": row.reason,
    }
