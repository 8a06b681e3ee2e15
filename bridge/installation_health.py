"""How each installation is doing, trouble first: a look at the ledger. No secret is opened, nobody asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.ledger import by_installation, installations, pauses
from bridge.ledger.directions import DOWN, HALTED, Direction
from bridge.ledger.pauses import Pause

OK, PAUSED = "ok", "paused"
STATES = (HALTED, DOWN, PAUSED, OK)  # the worst first
SYSTEMS = ("sailthru", "zendesk")


@dataclass(frozen=True)
class Health:
    """One installation.

    `state` is the worst of its systems and pauses, `because` says why in words, `since` when that began.
    `owed` counts customers of whom either system is owed something, `dead` open dead letters, `drift` those
    whose records disagreed when they were compared last (None: nobody compared any). Times are microseconds.
    """

    name: str
    zendesk: str
    sailthru: str
    state: str
    because: str
    since: int | None
    owed: int
    dead: int
    drift: int | None
    last_event_at: int | None
    updated_at: int


def look(connection: Connection) -> list[Health]:
    """All installations: the worst state first, then the most dead letters, then by name."""
    owed = [by_installation.owed(connection, system) for system in SYSTEMS]
    dead, drift = by_installation.dead(connection), by_installation.drift(connection)
    last_events = by_installation.last_events(connection)
    troubled: dict[int, list[Direction]] = defaultdict(list)
    for direction in by_installation.troubled(connection):
        troubled[direction.installation_id].append(direction)
    paused = pauses.standing(connection)
    found = [
        Health(
            one.name,
            one.zendesk_url,
            one.sailthru_url,
            *_state(one.id, troubled.get(one.id, ()), paused),
            owed=sum(of.get(one.id, 0) for of in owed),
            dead=dead.get(one.id, 0),
            drift=drift.get(one.id),
            last_event_at=last_events.get(one.id),
            updated_at=one.updated_at,
        )
        for one in installations.listed(connection)
    ]
    return sorted(found, key=lambda one: (STATES.index(one.state), -one.dead, one.name))


def _state(
    number: int, troubled: Sequence[Direction], paused: Sequence[Pause]
) -> tuple[str, str, int | None]:
    """Its state, why, and since when."""
    for state in (HALTED, DOWN):
        for one in troubled:
            if one.state == state:
                return state, f"{one.system}: {one.reason}", one.since
    for pause in paused:
        if pause.installation_id in (pauses.EVERYBODY, number):
            lane = pause.lane or "all lanes"
            return PAUSED, f"{lane}, by {pause.operator}: {pause.reason}", pause.since
    return OK, "", None
