"""Sailthru says nothing, and fifty sidebars ask: every hook must be answered all the same.

`python -m bench.sidebars [--seconds 30] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode

from bench.customers import link
from bench.deliveries import raw_request, ticket_event
from bench.product import Product, product, rabbitmq, scratch
from bench.report import Report, Target, publish, say
from bench.sender import Sent, percentile, send
from tests.receiver.sidebar.desk import AUDIENCE, KEY, public_pem, rs256

SIDEBARS = 50
PER_SECOND = 100
CUSTOMERS = 500
FIRST = 1000
SLOWEST_S = 2.0


@dataclass
class Looks:
    """What the sidebars saw: seconds of each look, and the looks that were not answered 200."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0


@dataclass(frozen=True)
class Outcome:
    """The deliveries and the looks made meanwhile."""

    sent: list[Sent]
    looks: Looks


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    return publish(_report(measure(options.seconds)), is_json=options.json, is_kept=options.keep)


def measure(seconds: int) -> Outcome:
    """The whole product, with a Sailthru that takes connections and never answers."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        server = stack.enter_context(rabbitmq())
        silent = stack.enter_context(_black_hole())
        one = stack.enter_context(product(folder / "bridge", server.url))
        installation = one.install(silent, app=(public_pem(KEY), AUDIENCE))
        ledger = one.ledger()
        link(ledger, installation.id, range(FIRST, FIRST + CUSTOMERS))
        ledger.engine.dispose()
        one.start_web()
        one.start_consumer()
        one.start_clock()
        outcome = _deliver(one, seconds)
        one.stop()
    return outcome


@contextmanager
def _black_hole() -> Iterator[str]:
    """Connections are made by the kernel, and nobody ever reads what they say."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as hole:
        yield f"http://127.0.0.1:{hole.getsockname()[1]}"


def _deliver(one: Product, seconds: int) -> Outcome:
    looks, stop = Looks(), threading.Event()
    token = _token(one.port)
    agents = [
        threading.Thread(target=_look, args=(one.port, token, FIRST + number, looks, stop))
        for number in range(SIDEBARS)
    ]
    for agent in agents:
        agent.start()
    now = datetime.now(UTC)
    events = [
        ticket_event(3_000_000 + each, FIRST + each % CUSTOMERS, at=now + timedelta(milliseconds=each))
        for each in range(PER_SECOND * seconds)
    ]
    requests = [raw_request(event, sent_at=now + timedelta(seconds=seconds / 2)) for event in events]
    say(f"{len(events)} deliveries at {PER_SECOND}/s beside {SIDEBARS} sidebars")
    sent = send(one.port, requests, per_second=PER_SECOND, connections=64)
    stop.set()
    for agent in agents:
        agent.join()
    return Outcome(sent, looks)


def _token(port: int) -> str:
    """What the page holds once Zendesk has opened it."""
    now = int(time.time())
    claims = {"aud": AUDIENCE, "iss": "127.0.0.1:9", "iat": now, "exp": now + 60, "sub": "users/123.json"}
    body = urlencode({"token": rs256(claims)}).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/sidebar/acme", body) as page:
        (content,) = re.findall(r'name="bridge-page" content="([^"]*)"', page.read().decode())
    return str(json.loads(unescape(content))["token"])


def _look(port: int, token: str, customer: int, looks: Looks, stop: threading.Event) -> None:
    """An agent who looks at the next customer as soon as the page was drawn."""
    url = f"http://127.0.0.1:{port}/sidebar/acme/api/customer?user="
    number = customer
    while not stop.is_set():
        asked = urllib.request.Request(f"{url}{number}", headers={"Authorization": f"Bearer {token}"})
        began = time.monotonic()
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                answer.read()
        except OSError:
            looks.failed += 1
        looks.seconds.append(time.monotonic() - began)
        number = FIRST + (number - FIRST + SIDEBARS) % CUSTOMERS


def _report(found: Outcome) -> Report:
    refused = sum(one.status not in (200, 202) for one in found.sent)
    hooks = [one.answered_at - one.due_at for one in found.sent]
    p99 = percentile(hooks, 99)
    return Report(
        name="sidebars",
        title=f"{SIDEBARS} sidebars open while Sailthru says nothing",
        head=["what", "number", "failed", "p50 ms", "p99 ms", "longest ms"],
        rows=[
            _row("deliveries", hooks, refused),
            _row("looks of agents", found.looks.seconds, found.looks.failed),
        ],
        targets=[
            Target("answered 2xx", f"{len(hooks) - refused} of {len(hooks)}", "all", refused == 0),
            Target("p99 of the hooks", f"{p99 * 1000:.0f} ms", "under 2 s", p99 < SLOWEST_S),
        ],
        remarks=[
            f"{PER_SECOND} deliveries a second; each sidebar looks at the next customer once it was answered",
            "Sailthru takes connections and never answers; RabbitMQ, SQLite ledger",
        ],
        data={"p99_ms": p99 * 1000, "refused": refused, "looks": len(found.looks.seconds)},
    )


def _row(name: str, seconds: list[float], failed: int) -> list[str]:
    times = [each * 1000 for each in seconds]
    return [
        name,
        str(len(times)),
        str(failed),
        f"{percentile(times, 50):.1f}",
        f"{percentile(times, 99):.1f}",
        f"{max(times):.0f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
