"""Sailthru says nothing, and fifty sidebars ask: every hook must be answered all the same.

`python -m bench.sidebars [--seconds 30] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack
from html import unescape
from urllib.parse import urlencode

from bench.beside import (
    CUSTOMERS,
    FIRST,
    HEAD,
    PER_SECOND,
    Looks,
    Outcome,
    black_hole,
    deliver_beside,
    rows,
    targets,
)
from bench.customers import link
from bench.product import product, rabbitmq, scratch
from bench.report import Report, publish
from bench.sender import percentile
from tests.receiver.sidebar.desk import AUDIENCE, KEY, public_pem, rs256

SIDEBARS = 50


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
        silent = stack.enter_context(black_hole())
        one = stack.enter_context(product(folder / "bridge", server.url))
        installation = one.install(silent, app=(public_pem(KEY), AUDIENCE))
        ledger = one.ledger()
        link(ledger, installation.id, range(FIRST, FIRST + CUSTOMERS))
        ledger.engine.dispose()
        one.start_web()
        one.start_consumer()
        one.start_clock()
        token = _token(one.port)

        def look(agent: int, looks: Looks, stop: threading.Event) -> None:
            _look(one.port, token, FIRST + agent, looks, stop)

        outcome = deliver_beside(look, SIDEBARS, port=one.port, seconds=seconds)
        one.stop()
    return outcome


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
    return Report(
        name="sidebars",
        title=f"{SIDEBARS} sidebars open while Sailthru says nothing",
        head=HEAD,
        rows=rows(found, "looks of agents"),
        targets=targets(found),
        remarks=[
            f"{PER_SECOND} deliveries a second; each sidebar looks at the next customer once it was answered",
            "Sailthru takes connections and never answers; RabbitMQ, SQLite ledger",
        ],
        data={
            "p99_ms": percentile(found.hooks_s, 99) * 1000,
            "refused": found.refused,
            "looks": len(found.looks.seconds),
        },
    )


if __name__ == "__main__":
    sys.exit(main())
