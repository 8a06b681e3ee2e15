"""One installation floods the bridge; the single events of another must be applied all the same.

`python -m bench.fair_shares [--events 100000] [--per-second 1200] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.customers import link
from bench.deliveries import distinct_requests, raw_request, ticket_event
from bench.product import Product, product, rabbitmq, scratch
from bench.report import Report, Target, publish, say
from bench.sender import Sent, percentile, send
from bench.standin import NO_QUOTA, StandIn, standin
from bridge.broker.opening import open_broker
from bridge.ledger import installations
from bridge.ledger.installations import Installation
from bridge.queues import LaneState, lane_states
from bridge.vault import Vault
from tests.services.waiting import wait_until

FLOODED, FIRST = 10_000, 1_000  # customers of the one, and the first of them
OTHERS = 500_000  # the first customer of the other
WITHIN_S = 2.0
QUOTA = 18_000  # writes a minute, of the one that floods


@dataclass(frozen=True)
class Found:
    """`took` are seconds from each single delivery to its call; `flood` how the others were answered."""

    took: list[float]
    flood: list[Sent]
    pushed: int
    lane: LaneState


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="of the installation that floods")
    parser.add_argument("--per-second", type=int, default=1_200)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    found = measure(options.events, options.per_second)
    return publish(_report(found, options.per_second), is_json=options.json, is_kept=options.keep)


def measure(events: int, per_second: int) -> Found:
    """The whole product with two installations, each with a Sailthru of its own."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        server = stack.enter_context(rabbitmq())
        slow, quick = (stack.enter_context(standin(_made(folder / name))) for name in ("slow", "quick"))
        one = stack.enter_context(product(folder / "bridge", server.url))
        singles = events // per_second
        _install(one, slow, quick, singles)
        slow.rule(latency_s=0.05, per_minute=QUOTA)
        quick.rule(latency_s=0.0, per_minute=NO_QUOTA)
        one.start_web()
        one.start_consumer()
        one.start_clock()
        say(f"{events} deliveries of one installation at {per_second}/s, one a second of another")
        return _flood(one, slow, quick, events=events, per_second=per_second)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _install(one: Product, slow: StandIn, quick: StandIn, singles: int) -> None:
    first = one.install(slow.url, sailthru_share=1.0)
    ledger = one.ledger()
    sailthru = replace(first.settings.sailthru, url=quick.url)
    with ledger.writing() as connection:
        second: Installation = installations.add(
            connection,
            Vault((one.secret_key,)),
            name="globex",
            settings=replace(first.settings, sailthru=sailthru),
            at=datetime.now(UTC),
        )
    link(ledger, first.id, range(FIRST, FIRST + FLOODED))
    link(ledger, second.id, range(OTHERS, OTHERS + singles))
    ledger.engine.dispose()


def _flood(one: Product, slow: StandIn, quick: StandIn, *, events: int, per_second: int) -> Found:
    requests, places = _mixed(events, per_second)
    sent = send(one.port, requests, per_second=per_second, connections=64)
    wait_until(lambda: quick.count()[0] >= len(places), within_s=30, what="every single event was pushed")
    arrived: dict[str, float] = {}
    for call in quick.calls():
        arrived.setdefault(call.sid, call.at)
    took = [arrived[f"s{OTHERS + number}"] - sent[place].sent_at for number, place in enumerate(places)]
    single = set(places)
    flood = [each for place, each in enumerate(sent) if place not in single]
    ledger = one.ledger()
    broker = open_broker(one.broker_url, ledger)
    lane = next(state for state in lane_states(ledger, broker) if state.lane == "zendesk")
    broker.close()
    ledger.engine.dispose()
    return Found(took, flood, slow.count()[0], lane)


def _mixed(events: int, per_second: int) -> tuple[list[bytes], list[int]]:
    """The requests in order, and the places of the single ones: one a second."""
    requests: list[bytes] = []
    places: list[int] = []
    for number, request in enumerate(distinct_requests(events, customers=FLOODED)):
        requests.append(request)
        if number % per_second == per_second - 1:
            places.append(len(requests))
            now = datetime.now(UTC)
            event = ticket_event(9_000_000 + len(places), OTHERS + len(places) - 1, at=now)
            requests.append(raw_request(event, sent_at=now).replace(b"/hooks/acme/", b"/hooks/globex/", 1))
    return requests, places


def _report(found: Found, per_second: int) -> Report:
    accepted = sum(each.status == 202 for each in found.flood)
    times = [each * 1000 for each in found.took]
    return Report(
        name="fair_shares",
        title=f"One installation floods {len(found.flood):,} events, another sends one a second",
        head=["what", "number", "p50 ms", "p99 ms", "longest ms"],
        rows=[
            ["single events, POST to Sailthru", str(len(times)), *_ms(times)],
            [
                "answers to the flood",
                str(len(found.flood)),
                *_ms([(each.answered_at - each.sent_at) * 1000 for each in found.flood]),
            ],
        ],
        targets=[
            Target("every single event applied", f"{max(found.took):.2f} s", "within 2 s",
                   max(found.took) < WITHIN_S),
            Target("the flood accepted", f"{accepted} of {len(found.flood)}", "all",
                   accepted == len(found.flood)),
        ],
        remarks=[
            f"at {per_second} a second; at its end {found.lane.parked} events were parked, "
            f"{found.lane.depth} in the queue and {found.lane.owed} customers owed; "
            f"{found.pushed} pushes of the flood were made",
            f"the flooding installation's Sailthru takes 50 ms a call and {QUOTA // 60} calls a second",
        ],
        data={"longest_s": max(found.took), "parked": found.lane.parked},
    )  # fmt: skip


def _ms(times: Sequence[float]) -> list[str]:
    return [f"{percentile(times, share):.0f}" for share in (50, 99)] + [f"{max(times):.0f}"]


if __name__ == "__main__":
    sys.exit(main())
