"""What every broker promises. `tests/contracts/test_broker.py` holds both implementations to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

LANES = ("agent", "zendesk", "sailthru")


@dataclass(frozen=True)
class Message:
    """One message in hand.

    `tag` belongs to the broker that gave it out (a delivery tag with its channel, a row's id); `deliveries`
    counts how often it was given out, this time included.
    """

    lane: str
    body: bytes
    tag: Any
    deliveries: int


@dataclass(frozen=True)
class Outgoing:
    """One message to publish. The texts other than the body become properties an engineer can read in the broker's own pages."""

    lane: str
    body: bytes
    message_id: str
    type: str
    installation: str


@dataclass(frozen=True)
class QueueDepth:
    """How many messages a queue holds (in hand ones included) and, where the broker can tell, the oldest one's age in seconds."""

    queue: str
    depth: int
    oldest_s: float | None


class Publisher(Protocol):
    """Publishes durably; safe to call from many threads at once."""

    def publish(self, outgoing: Outgoing) -> None:
        """Return when the broker has confirmed that it keeps the message; raise `Unavailable("broker")` when it
        returned, refused or did not confirm it within 500 ms."""

    def close(self) -> None: ...


class Consumer(Protocol):
    """Takes messages; used by one thread."""

    def take(self, wait_s: float) -> Sequence[Message]:
        """What is there now, agent lane first; waits up to `wait_s` for a first message, never for more.
        Starts with one message in hand and doubles after each acknowledged batch. Raises `Unavailable("broker")`."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Settle them. A tag that was lost with its connection is passed over: it comes again, which is harmless."""

    def is_backlogged(self, lane: str) -> bool:
        """True while the last `take` left, as far as the broker told, more messages of this lane waiting."""

    def close(self) -> None: ...


class Broker(Protocol):
    """Either broker, as `bridge.services` hands it out."""

    def publisher(self) -> Publisher: ...

    def consumer(self) -> Consumer: ...

    def declare(self) -> None:
        """Make sure of the topology. Raises `BadSettings` with the command that mends it when it does not fit."""

    def depths(self) -> Sequence[QueueDepth]:
        """One entry for each queue, `bridge.agent`, `bridge.agent.dead` and so on. Raises `Unavailable("broker")`."""

    def given_up(self, limit: int) -> Sequence[Message]:
        """Up to `limit` messages out of the `.dead` queues, held until `settle_given_up` or the connection's end."""

    def settle_given_up(self, messages: Sequence[Message]) -> None: ...

    def close(self) -> None: ...
