"""Deliveries come in while many look at pages and Sailthru says nothing: what the benches of pages share."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bench.deliveries import raw_request, ticket_event
from bench.report import Target, say
from bench.sender import Sent, percentile, send

PER_SECOND = 100
CUSTOMERS = 500
FIRST = 1000
SLOWEST_S = 2.0


@dataclass
class Looks:
    """What those who look saw: seconds of each look, and the looks that were not answered 200."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0


@dataclass(frozen=True)
class Outcome:
    """The deliveries and the looks made meanwhile."""

    sent: list[Sent]
    looks: Looks

    @property
    def refused(self) -> int:
        """Deliveries that were not answered 2xx."""
        return sum(one.status not in (200, 202) for one in self.sent)

    @property
    def hooks_s(self) -> list[float]:
        """Seconds until each delivery was answered, from when it was due."""
        return [one.answered_at - one.due_at for one in self.sent]


Look = Callable[[int, Looks, threading.Event], None]  # who, what they saw, until when


@contextmanager
def black_hole() -> Iterator[str]:
    """Connections are made by the kernel, and nobody ever reads what they say."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as hole:
        yield f"http://127.0.0.1:{hole.getsockname()[1]}"


def deliver_beside(look: Look, watchers: int, *, port: int, seconds: int) -> Outcome:
    """Deliveries at a steady rate while so many threads look."""
    looks, stop = Looks(), threading.Event()
    threads = [threading.Thread(target=look, args=(number, looks, stop)) for number in range(watchers)]
    for thread in threads:
        thread.start()
    now = datetime.now(UTC)
    events = [
        ticket_event(3_000_000 + each, FIRST + each % CUSTOMERS, at=now + timedelta(milliseconds=each))
        for each in range(PER_SECOND * seconds)
    ]
    requests = [raw_request(event, sent_at=now + timedelta(seconds=seconds / 2)) for event in events]
    say(f"{len(events)} deliveries at {PER_SECOND}/s beside {watchers} who look")
    sent = send(port, requests, per_second=PER_SECOND, connections=64)
    stop.set()
    for thread in threads:
        thread.join()
    return Outcome(sent, looks)


def targets(found: Outcome) -> list[Target]:
    """Every hook is answered, and soon."""
    hooks, p99 = found.hooks_s, percentile(found.hooks_s, 99)
    answered = f"{len(hooks) - found.refused} of {len(hooks)}"
    return [
        Target("answered 2xx", answered, "all", found.refused == 0),
        Target("p99 of the hooks", f"{p99 * 1000:.0f} ms", "under 2 s", p99 < SLOWEST_S),
    ]


def rows(found: Outcome, looks: str) -> list[Sequence[str]]:
    """A line for the deliveries, and one for the `looks`."""
    return [
        row("deliveries", found.hooks_s, found.refused),
        row(looks, found.looks.seconds, found.looks.failed),
    ]


HEAD = ("what", "number", "failed", "p50 ms", "p99 ms", "longest ms")


def row(name: str, seconds: Sequence[float], failed: int) -> list[str]:
    """One line of the table."""
    times = [each * 1000 for each in seconds]
    return [
        name,
        str(len(times)),
        str(failed),
        f"{percentile(times, 50):.1f}",
        f"{percentile(times, 99):.1f}",
        f"{max(times):.0f}",
    ]
