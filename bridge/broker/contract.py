"""What every broker promises. `tests/contracts/test_broker.py` holds both implementations to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

LANES = ("agent", "zendesk", "sailthru")  # in the order they are served
PUBLISH_TIMEOUT_S = 0.5

# How often a message may come back from a consumer that died or let go of it before the broker gives it up.
# A batch's innocent neighbours come back with it at most once per halving of the batch, about eight times.
DELIVERY_LIMIT = 20


def queue_of(lane: str) -> str:
    """The name of a lane's queue."""
    return f"bridge.{lane}"


def dead_queue_of(lane: str) -> str:
    """The name of the queue that holds what the broker gave up of a lane."""
    return f"bridge.{lane}.dead"


QUEUES = tuple(queue_of(lane) for lane in LANES)
DEAD_QUEUES = tuple(dead_queue_of(lane) for lane in LANES)


@dataclass(frozen=True)
class Message:
    """One message in hand.

    `tag` belongs to the broker that gave it out (a delivery tag with its channel, a row's id); `deliveries`
    counts how often its queue gave it out, this time included. `is_returned`: the broker had given it up
    before, and somebody put it back by hand.
    """

    lane: str
    body: bytes
    tag: Any
    deliveries: int
    is_returned: bool = False


@dataclass(frozen=True)
class Outgoing:
    """One message to publish.

    What stands beside the body becomes properties that an engineer can read in the broker's own pages.
    `received_at` is when the event reached us. `attempt` counts from one; `first_error` is the short reason
    why a replay was needed; `trace` is the W3C traceparent of who publishes it, empty where nobody traces.
    """

    lane: str
    body: bytes
    message_id: str
    type: str
    installation: str
    received_at: datetime
    attempt: int = 1
    first_error: str = ""
    trace: str = ""


@dataclass(frozen=True)
class QueueDepth:
    """How many messages a queue holds and, where the broker can tell, the age of the oldest in seconds.

    The embedded broker counts those in hand; RabbitMQ tells a client only of those that wait.
    """

    queue: str
    depth: int
    oldest_s: float | None


class Publisher(Protocol):
    """Publishes durably; safe to call from many threads at once."""

    def publish(self, outgoing: Outgoing) -> None:
        """Return when the broker has confirmed that it keeps the message.

        Raises `Unavailable("broker")` when it returned, refused or did not confirm it within 500 ms, and at
        once while it is known to be away.
        """

    def is_away(self) -> bool:
        """True while it is known that a publish would be refused at once."""

    def close(self) -> None:
        """Let go of the connection; what waits for its confirm raises."""


class Consumer(Protocol):
    """Takes messages; used by one thread."""

    def take(self, wait_s: float) -> Sequence[Message]:
        """What is there now, agent lane first; waits up to `wait_s` for a first message, never for more.

        Starts with one message in hand, of whichever lane, and doubles when as many were acknowledged; back
        to one after a lost connection or `let_go`. Raises `Unavailable("broker")`.
        """

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Settle them.

        A tag that was lost with its connection is passed over: its message comes again, which is harmless.
        """

    def let_go(self) -> None:
        """Give back whatever is in hand, for a batch that failed. It comes again, one delivery older."""

    def is_backlogged(self, lane: str) -> bool:
        """True while the last `take` left, as far as the broker told, more messages of this lane waiting."""

    def close(self) -> None:
        """Give back whatever is in hand and end."""


class Broker(Protocol):
    """Either broker, as `bridge.services` hands it out."""

    def publisher(self) -> Publisher:
        """A new publisher; one for each process is enough."""

    def consumer(self) -> Consumer:
        """A new consumer, for one thread."""

    def declare(self) -> None:
        """Make sure of the topology.

        Raises `BadSettings` with the command that mends it when it does not fit, `Unavailable("broker")` when
        nobody answers.
        """

    def depths(self) -> Sequence[QueueDepth]:
        """One entry for each queue, `bridge.agent`, `bridge.agent.dead` and so on.

        Raises `Unavailable("broker")`.
        """

    def given_up(self, limit: int) -> Sequence[Message]:
        """Up to `limit` messages of the `.dead` queues, held until settled or until the broker is closed."""

    def settle_given_up(self, messages: Sequence[Message]) -> None:
        """Remove them for good."""

    def close(self) -> None:
        """Close its publishers and consumers, and let go of what `given_up` holds."""
