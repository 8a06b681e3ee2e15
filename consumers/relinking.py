"""A customer got a profile, or lost it: what Zendesk is told of it must be read, or is no longer so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from bridge.customer import TAKEN, Customer
from consumers import profile_waits
from consumers.patience import Cause, Patience


def note(
    connection: Connection,
    installation_id: int,
    before: Mapping[int, str | None],
    after: Iterable[Customer],
    patience: Patience,
    now: datetime,
) -> None:
    """Let the profiles of those be read whose sid is another than `before` (by Zendesk id)."""
    changed = {one.zendesk_id: one.sid for one in after if _is_another(one, before)}
    linked = [number for number, sid in changed.items() if sid is not None]
    profile_waits.link(connection, installation_id, linked, patience, now)
    # Where the search for another profile ends without one, the reader finds nothing to read.
    lost = [Cause(number, calm_at=now + patience.settle) for number, sid in changed.items() if sid is None]
    profile_waits.add(connection, installation_id, lost, patience, now)


def _is_another(one: Customer, before: Mapping[int, str | None]) -> bool:
    if one.zendesk_id in before:
        return one.sid != before[one.zendesk_id]
    return one.sid is None and one.state == TAKEN  # its profile went to another customer just now
