"""Hands an event to whoever keeps it, as part of a trace where somebody traces."""

from __future__ import annotations

from bridge.broker.carrying import carried
from bridge.tracing import Tracing
from receiver.parts import Acceptance
from schemas.event import Event


def publish(event: Event, acceptance: Acceptance, traces: Tracing | None) -> str:
    """Where it is kept: `published`, `spooled` or `parked`. Raises `Unavailable` when it is kept nowhere."""
    if traces is None:
        return acceptance.keep(carried(event))
    with traces.publishing(event) as traced:
        return acceptance.keep(carried(traced))
