"""RabbitMQ is killed and started again while deliveries come in: none may be refused, none may be lost.

`python -m bench.outage [--seconds 40] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bench.customers import link
from bench.deliveries import raw_request, ticket_event
from bench.product import product, rabbitmq, scratch
from bench.report import Report, Target, publish, say
from bench.sender import Sent, percentile, send
from bench.standin import NO_QUOTA, standin
from bridge.ledger.ledger import Ledger
from tests.services.rabbitmq import RabbitServer

PER_SECOND = 200
CUSTOMERS = 500
AFTERWARDS_S = 120.0


@dataclass
class Outage:
    """When RabbitMQ was killed, started, and open again: monotonic seconds."""

    killed_at: float = 0.0
    back_at: float = 0.0

    @property
    def away_s(self) -> float:
        return self.back_at - self.killed_at

    def happen(self, server: RabbitServer, seconds: float) -> None:
        """Kill it after a quarter of the time and start it at the half of it."""
        began = time.monotonic()
        time.sleep(seconds / 4)
        say("RabbitMQ is killed")
        self.killed_at = time.monotonic()
        server.kill()
        time.sleep(max(0.0, began + seconds / 2 - time.monotonic()))
        server.start()
        self.back_at = time.monotonic()
        say(f"RabbitMQ is open again, {self.away_s:.1f} s later")


@dataclass(frozen=True)
class Outcome:
    """What became of the deliveries. `lost` were answered 2xx and are not applied."""

    sent: list[Sent]
    applied: int
    lost: int
    spooled_left: int
    drained_s: float
    outage: Outage


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    return publish(_report(measure(options.seconds)), is_json=options.json, is_kept=options.keep)


def measure(seconds: int) -> Outcome:
    """The whole product, one outage."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        say("starting RabbitMQ and the stand-in")
        server = stack.enter_context(rabbitmq())
        sailthru = stack.enter_context(standin(folder))
        one = stack.enter_context(product(folder / "bridge", server.url))
        installation = one.install(sailthru.url, sailthru_share=1.0)
        ledger = one.ledger()
        stack.callback(ledger.engine.dispose)
        link(ledger, installation.id, range(1000, 1000 + CUSTOMERS))
        sailthru.rule(latency_s=0.02, per_minute=NO_QUOTA)
        one.start_web()
        one.start_consumer()
        one.start_clock()
        outcome = _deliver(one.port, ledger, server, seconds)
        one.stop()
    return outcome


def _deliver(port: int, ledger: Ledger, server: RabbitServer, seconds: int) -> Outcome:
    now = datetime.now(UTC)
    events = [
        ticket_event(3_000_000 + each, 1000 + each % CUSTOMERS, at=now + timedelta(milliseconds=each))
        for each in range(PER_SECOND * seconds)
    ]
    requests = [raw_request(event, sent_at=now + timedelta(seconds=seconds / 2)) for event in events]
    outage = Outage()
    killer = threading.Thread(target=outage.happen, args=(server, seconds))
    killer.start()
    say(f"{len(events)} deliveries at {PER_SECOND}/s")
    sent = send(port, requests, per_second=PER_SECOND, connections=128)
    killer.join()
    ended = time.monotonic()
    applied = _wait_applied(ledger, {event["id"] for event in events})
    drained_s = time.monotonic() - ended
    accepted = {event["id"] for event, each in zip(events, sent, strict=True) if each.status == 202}
    left = _count(ledger, "SELECT count(*) FROM spool")
    return Outcome(sent, len(applied), len(accepted - applied), left, drained_s, outage)


def _wait_applied(ledger: Ledger, wanted: set[str]) -> set[str]:
    ends = time.monotonic() + AFTERWARDS_S
    applied: set[str] = set()
    while applied < wanted and time.monotonic() < ends:
        time.sleep(0.5)
        with ledger.reading() as connection:
            rows = connection.scalars(text("SELECT id FROM events WHERE outcome = 'applied'"))
            applied = set(rows) & wanted
    return applied


def _count(ledger: Ledger, query: str) -> int:
    with ledger.reading() as connection:
        return int(connection.scalar(text(query)) or 0)


def _report(found: Outcome) -> Report:
    away = [one for one in found.sent if found.outage.killed_at <= one.sent_at <= found.outage.back_at]
    refused = sum(one.status not in (200, 202) for one in found.sent)
    rows = [_row("all deliveries", found.sent), _row("while RabbitMQ was away", away)]
    p99 = percentile([one.answered_at - one.due_at for one in found.sent], 99)
    return Report(
        name="outage",
        title=f"RabbitMQ killed (-9) at {PER_SECOND} deliveries a second",
        head=["deliveries", "number", "not 2xx", "p50 ms", "p99 ms", "longest ms"],
        rows=rows,
        targets=[
            Target("answered 2xx", f"{len(found.sent) - refused} of {len(found.sent)}", "all", refused == 0),
            Target(
                "applied", f"{found.applied} of {len(found.sent)}", "all", found.applied == len(found.sent)
            ),
            Target("p99 of the answers", f"{p99 * 1000:.0f} ms", "under 1 s", p99 < 1.0),
        ],
        remarks=[
            f"RabbitMQ was away for {found.outage.away_s:.1f} s, its own start included; all was applied "
            f"{found.drained_s:.1f} s after the last delivery; {found.spooled_left} were left in the spool",
            "an answer's time counts from when the delivery was due: a slow one hides none behind it",
        ],
        data={
            "applied": found.applied,
            "lost": found.lost,
            "refused": refused,
            "p99_ms": p99 * 1000,
            "drained_s": found.drained_s,
        },
    )


def _row(name: str, sent: list[Sent]) -> list[str]:
    times = [(one.answered_at - one.due_at) * 1000 for one in sent]
    refused = sum(one.status not in (200, 202) for one in sent)
    return [
        name,
        str(len(sent)),
        str(refused),
        f"{percentile(times, 50):.1f}",
        f"{percentile(times, 99):.1f}",
        f"{max(times):.0f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
