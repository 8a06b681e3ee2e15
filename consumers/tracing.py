"""What consumers tell whoever traces: a span for each event that was kept, and for each call made for it.

A push pays many events at once, so its span stands in the trace of each. Nothing here is called, and nothing
is asked of the ledger, where nobody traces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bridge.ledger import traced_events
from bridge.ledger.installations import Installation
from bridge.tracing import Tracing, trace_id
from consumers.admitting import Meant
from consumers.parts import Parts
from consumers.verdicts import Dead, Halt, Later, Verdict


@dataclass(frozen=True)
class Traced:
    """The traces that wait for these customers' pushes: (installation id, Zendesk id) -> traceparents."""

    traces: Tracing | None = None
    waiting: Mapping[tuple[int, int], Sequence[str]] = field(default_factory=dict)

    def ids(self, installation: Installation, zendesk_id: int) -> dict[str, list[str]]:
        """The ids for the log: nothing where there are none."""
        found = sorted({trace_id(one) for one in self.waiting.get((installation.id, zendesk_id), ())})
        return {"trace": found} if found else {}

    def tell(
        self, installation: Installation, zendesk_id: int, *, ended_at: datetime, seconds: float, **about: Any
    ) -> None:
        """One call for a customer, named by `action`."""
        waiting = self.waiting.get((installation.id, zendesk_id), ())
        if self.traces is not None and waiting:
            self.traces.tell(
                about.pop("action"),
                waiting,
                ended_at=ended_at,
                seconds=seconds,
                installation=installation.name,
                customer=zendesk_id,
                **about,
            )


NOBODY = Traced()


def traced(connection: Connection, parts: Parts, concerned: Iterable[tuple[int, int]]) -> Traced:
    """Whose traces wait for these customers (installation id, Zendesk id); asked before their end is kept."""
    if parts.traces is None:
        return NOBODY
    groups: dict[int, set[int]] = defaultdict(set)
    for installation_id, zendesk_id in concerned:
        groups[installation_id].add(zendesk_id)
    waiting = {
        (installation_id, zendesk_id): found
        for installation_id, zendesk_ids in groups.items()
        for zendesk_id, found in traced_events.of_customers(connection, installation_id, zendesk_ids).items()
    }
    return Traced(parts.traces, waiting)


def tell_kept(
    told: Tracing, batches: Sequence[tuple[Installation, Sequence[Meant]]], began_at: datetime, now: datetime
) -> None:
    """The events of a batch are kept."""
    seconds = (now - began_at).total_seconds()
    for installation, batch in batches:
        for event in (one.event for one in batch if one.event.trace):
            told.tell(
                f"keep {event.type}",
                [event.trace],
                ended_at=now,
                seconds=seconds,
                installation=installation.name,
                event=event.id,
                lane=event.lane,
            )


def outcome(verdict: Verdict | None, *, is_refused: bool) -> dict[str, str]:
    """What a span says of the verdict on a call."""
    match verdict:
        case None:
            return {"outcome": "refused" if is_refused else "confirmed"}
        case Later(_, reason):
            return {"outcome": "later", "error": reason}
        case Dead(reason, _):
            return {"outcome": "dead", "error": reason}
        case Halt(system, _):
            return {"outcome": "halted", "error": f"{system} does not accept the credentials"}
