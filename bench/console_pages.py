"""Every page of the console over a backlog of 100,000 events and 10,000 dead letters, on both databases.

`python -m bench.console_pages [--events 100000] [--dead 10000] [--looks 10] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from bench.backlog import ACCOUNTS, Backlog, fill
from bench.product import scratch
from bench.report import Report, Target, publish, say
from bridge.ledger import sessions
from bridge.ledger.migrating import upgrade
from bridge.ledger.sessions import Session
from bridge.people.signed_ids import SESSION, SignedIds
from bridge.services import Services, build
from bridge.settings import Settings
from receiver.app import create_app
from receiver.wiring import parts_of
from tests.services.postgresql import PostgresServer, installed_postgresql

SLOWEST_S = 0.3
# What an operator asks for with the filters, the rare and the frequent.
ASKED = (
    "/console/?span=day",
    "/console/events?q=outcome:kept+installation:cumulus",
    "/console/events?q=type:ticket",
    "/console/events?q=customer:7",
    "/console/customers?q=c7@example.com",
    "/console/dead?q=type:ticket+installation:acme",
    "/console/dead/letters?q=reason:timeout",
    "/console/dead/replay?all=1",
)
KEY = "a-key-for-the-bench-only-4711-abcdef"
NO_PAGES = ("/console/static/", "/console/login", "/console/link/", "/console/api/stream", "/console/<path")


@dataclass(frozen=True)
class Looked:
    """What one page took, in seconds, and how it was answered."""

    path: str
    status: int
    seconds: list[float]


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--dead", type=int, default=10_000)
    parser.add_argument("--looks", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    backlog = Backlog(options.events, options.dead)
    found = {name: measured(url, backlog, options.looks) for name, url in _databases()}
    return publish(_report(found, backlog), is_json=options.json, is_kept=options.keep)


def _databases() -> Iterator[tuple[str, str]]:
    """Each database, empty; it is gone once the next one is asked for."""
    with scratch() as folder:
        yield "SQLite", f"sqlite:///{folder}/bridge.db"
    with _postgresql() as url:
        yield "PostgreSQL", url


@contextmanager
def _postgresql() -> Iterator[str]:
    server = PostgresServer(installed_postgresql())
    server.start()
    try:
        yield server.url
    finally:
        server.remove()


def measured(database_url: str, backlog: Backlog, looks: int) -> list[Looked]:
    """Every page of a receiver over that database, with the embedded broker."""
    services = build(Settings((KEY,), database_url, metrics_dir=Path("/nonexistent")))
    try:
        upgrade(services.ledger.engine)
        fill(services.ledger, services.vault, backlog)
        database = services.ledger.engine.dialect.name
        say(f"{backlog.events} events and {backlog.dead} dead letters in {database}")
        app = create_app(parts_of(services))
        client = _signed_in(app, services)
        return [_look(client, path, looks) for path in _pages(app)]
    finally:
        services.close()


def _signed_in(app: Flask, services: Services) -> FlaskClient:
    now = services.ledger.micros()
    session = Session("bench", "bench", "operator", "link", now, now + 10**10)
    with services.ledger.writing() as connection:
        sessions.begin(connection, session)
    client = app.test_client()
    client.set_cookie("bridge-session", SignedIds([KEY], SESSION).signed(session.id), path="/console/")
    return client


def _pages(app: Flask) -> list[str]:
    """Every address that is only looked at, with something that exists in each of its places."""
    rules = [rule for rule in app.url_map.iter_rules() if _is_page(rule)]
    found = {re.sub(r"<(?:\w+:)?(\w+)>", lambda found: _example(found[1]), rule.rule) for rule in rules}
    return sorted(found | set(ASKED))


def _is_page(rule: Rule) -> bool:
    is_ours = rule.rule.startswith("/console/") and not rule.rule.startswith(NO_PAGES)
    return is_ours and "GET" in (rule.methods or ())


def _example(name: str) -> str:
    known = {"installation": ACCOUNTS[0], "topic": "overview", "event_id": "event-7", "event": "event-7"}
    return known.get(name, "7")


def _look(client: FlaskClient, path: str, looks: int) -> Looked:
    seconds, status = [], 0
    for _ in range(looks):
        began = time.perf_counter()
        answer = client.get(path)
        answer.get_data()
        seconds.append(time.perf_counter() - began)
        status = answer.status_code
    say(f"{path}: {status} in {max(seconds) * 1000:.0f} ms at most")
    return Looked(path, status, seconds)


def _report(found: dict[str, list[Looked]], backlog: Backlog) -> Report:
    every = [(name, one) for name, looked in found.items() for one in looked]
    slowest = max(max(one.seconds) for _name, one in every)
    failed = [f"{one.path} {one.status}" for _name, one in every if one.status >= 500]
    return Report(
        name="console_pages",
        title="Pages of the console over a backlog",
        head=["database", "page", "p50 ms", "longest ms"],
        rows=[
            [name, f"`{one.path}`", _ms(_middle(one.seconds)), _ms(max(one.seconds))] for name, one in every
        ],
        targets=[
            Target("longest answer", f"{slowest * 1000:.0f} ms", "under 300 ms", slowest < SLOWEST_S),
            Target("answered", ", ".join(failed) or "all", "all", not failed),
        ],
        remarks=[
            f"{backlog.events:,} unapplied events, {backlog.dead:,} open dead letters, "
            f"{len(ACCOUNTS)} installations, one of them with a Sailthru that is down",
            "time at the server, the first look at each page included; nothing else ran",
        ],
        data={"slowest_ms": slowest * 1000, "failed": failed},
    )


def _middle(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


if __name__ == "__main__":
    sys.exit(main())
