"""Fifty consoles are open, somebody clicks through their pages, and Sailthru says nothing.

Every hook must be answered all the same. `python -m bench.consoles [--seconds 30] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import http.client
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass

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
from bench.product import Product, product, rabbitmq, scratch
from bench.report import Report, publish
from bench.sender import percentile
from bridge.ledger import sessions
from bridge.ledger.sessions import Session
from bridge.people.signed_ids import SESSION, SignedIds

CONSOLES = 50
POLL_EVERY_S = 10.0
CLICK_EVERY_S = 1.0
PAGES = ("/console/", "/console/?span=day", "/console/events", "/console/api/live/overview")


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    return publish(_report(*measure(options.seconds)), is_json=options.json, is_kept=options.keep)


@dataclass
class Streaming:
    """How many consoles had a stream, and what was told over all of them."""

    streams: int = 0
    told: int = 0


def measure(seconds: int) -> tuple[Outcome, Streaming]:
    """The whole product, with a Sailthru that takes connections and never answers."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        server = stack.enter_context(rabbitmq())
        silent = stack.enter_context(black_hole())
        one = stack.enter_context(product(folder / "bridge", server.url))
        installation = one.install(silent)
        ledger = one.ledger()
        link(ledger, installation.id, range(FIRST, FIRST + CUSTOMERS))
        ledger.engine.dispose()
        one.start_web()
        one.start_consumer()
        one.start_clock()
        console, streaming = Console(one.port, _cookie(one)), Streaming()

        def look(number: int, looks: Looks, stop: threading.Event) -> None:
            watch = threading.Thread(target=console.watch, args=(streaming, stop))
            watch.start()
            console.click(number, looks, stop)
            watch.join()

        outcome = deliver_beside(look, CONSOLES, port=one.port, seconds=seconds)
        one.stop()
    return outcome, streaming


def _cookie(one: Product) -> str:
    """Of somebody who is signed in."""
    ledger = one.ledger()
    now = ledger.micros()
    with ledger.writing() as connection:
        sessions.begin(connection, Session("bench", "bench", "operator", "link", now, now + 10**10))
    ledger.engine.dispose()
    return f"bridge-session={SignedIds([one.secret_key], SESSION).signed('bench')}"


@dataclass(frozen=True)
class Console:
    """A browser before the console."""

    port: int
    cookie: str

    def click(self, number: int, looks: Looks, stop: threading.Event) -> None:
        """Open one page after the other."""
        while not stop.wait(CLICK_EVERY_S):
            began = time.monotonic()
            if self._status(PAGES[number % len(PAGES)]) != 200:
                looks.failed += 1
            looks.seconds.append(time.monotonic() - began)
            number += 1

    def watch(self, streaming: Streaming, stop: threading.Event) -> None:
        """Hold a stream open, or ask now and then where there is no place for one."""
        connection, answer = self._ask("/console/api/stream?topic=overview")
        if answer.status == 200:
            streaming.streams += 1
            with suppress(OSError):
                while not stop.is_set() and (line := answer.readline()):
                    streaming.told += line.startswith(b"data:")
        else:
            while not stop.wait(POLL_EVERY_S):
                self._status("/console/api/live/overview")
        connection.close()

    def _status(self, path: str) -> int:
        connection, answer = self._ask(path)
        answer.read()
        connection.close()
        return answer.status

    def _ask(self, path: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers={"Cookie": self.cookie})
        return connection, connection.getresponse()


def _report(found: Outcome, streaming: Streaming) -> Report:
    return Report(
        name="consoles",
        title=f"{CONSOLES} consoles open while Sailthru says nothing",
        head=HEAD,
        rows=rows(found, "pages opened"),
        targets=targets(found),
        remarks=[
            f"{PER_SECOND} deliveries a second; each console opens a page a second",
            f"{streaming.streams} consoles had a stream, over which {streaming.told} changes were told; "
            f"the others asked every {POLL_EVERY_S:.0f} s",
            "Sailthru takes connections and never answers; RabbitMQ, SQLite ledger",
        ],
        data={
            "p99_ms": percentile(found.hooks_s, 99) * 1000,
            "refused": found.refused,
            "pages": len(found.looks.seconds),
            "pages_failed": found.looks.failed,
            "streams": streaming.streams,
        },
    )


if __name__ == "__main__":
    sys.exit(main())
