"""An event as the message that carries it through a broker."""

from __future__ import annotations

from bridge.broker.contract import Outgoing
from schemas.event import Event


def carried(event: Event, *, attempt: int = 1, first_error: str = "") -> Outgoing:
    """The message; `attempt` and `first_error` tell whoever looks at it that it is a replay, and of what."""
    return Outgoing(
        lane=event.lane,
        body=event.to_bytes(),
        message_id=event.id,
        type=event.type,
        installation=event.installation,
        received_at=event.received_at,
        attempt=attempt,
        first_error=first_error,
        trace=event.trace,
    )
