"""How much memory each process holds while 20,000 events go through, and whether it grows.

`python -m bench.memory [--events 20000] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from bench.customers import link
from bench.deliveries import raw_request, ticket_event
from bench.product import Product, product, rabbitmq, scratch
from bench.report import Report, Target, publish, say
from bench.sender import send
from bench.standin import NO_QUOTA, standin
from bridge.ledger.ledger import Ledger
from tests.services.waiting import wait_until

CUSTOMERS = 2000
POINTS = 10
PER_SECOND = 400
MOST_MB = 120.0
FLAT_MB = 5.0  # between the middle and the end
SETTLED_S = 120.0


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    return publish(_report(measure(options.events)), is_json=options.json, is_kept=options.keep)


def measure(events: int) -> list[tuple[int, dict[str, float]]]:
    """RSS in MB of each process after so many events."""
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
        sailthru.rule(latency_s=0.0, per_minute=NO_QUOTA)
        one.start_web()
        one.start_consumer()
        one.start_clock()
        points = [(0, _memory(one))]
        for begin in range(0, events, events // POINTS):
            points.append((begin + events // POINTS, _send_some(one, ledger, begin, events // POINTS)))
            say(f"after {points[-1][0]} events: {points[-1][1]}")
        one.stop()
    return points


def _send_some(one: Product, ledger: Ledger, begin: int, count: int) -> dict[str, float]:
    """Send so many and wait until all are applied; what each process holds then."""
    now = datetime.now(UTC)
    events = [
        ticket_event(4_000_000 + each % 6000, 1000 + each % CUSTOMERS, at=now + timedelta(milliseconds=each),
                     number=each)
        for each in range(begin, begin + count)
    ]  # fmt: skip
    sent = send(one.port, [raw_request(event, sent_at=now) for event in events], per_second=PER_SECOND)
    if any(each.status != 202 for each in sent):
        raise SystemExit(f"not all were accepted: {sorted({each.status for each in sent})}")
    wait_until(lambda: _applied(ledger) >= begin + count, within_s=SETTLED_S, what="all events are applied")
    time.sleep(0.5)  # what the last answers hold is let go
    return _memory(one)


def _applied(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM events WHERE outcome = 'applied'")) or 0)


def _memory(one: Product) -> dict[str, float]:
    found = {name: _rss_mb(one.processes[name].pid) for name in ("consumer", "clock")}
    for number, pid in enumerate(_children(one.processes["web"].pid)):
        found[f"web worker {number + 1}"] = _rss_mb(pid)
    return found


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    return round(int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024, 1)


def _children(pid: int) -> list[int]:
    return sorted(int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())


def _report(points: Sequence[tuple[int, dict[str, float]]]) -> Report:
    names = sorted(points[0][1])
    rows = [[str(count), *(f"{memory[name]:.0f}" for name in names)] for count, memory in points]
    middle, last = points[len(points) // 2][1], points[-1][1]
    targets = []
    for name in names:
        highest = max(memory[name] for _, memory in points)
        growth = last[name] - middle[name]
        targets.append(Target(f"{name}: most", f"{highest:.0f} MB", "under 120 MB", highest < MOST_MB))
        targets.append(
            Target(f"{name}: second half", f"{growth:+.1f} MB", f"within {FLAT_MB:.0f} MB", growth <= FLAT_MB)
        )
    return Report(
        name="memory",
        title="Memory: RSS in MB after so many events",
        head=["events", *names],
        rows=rows,
        targets=targets,
        remarks=[f"{CUSTOMERS} customers, 6,000 tickets, {PER_SECOND} deliveries a second, RabbitMQ, SQLite"],
        data={"points": [{"events": count, **memory} for count, memory in points]},
    )


if __name__ == "__main__":
    sys.exit(main())
