"""How fast owed customers are pushed: at the quota, without one, by two consumers, and out of a backlog.

`python -m bench.pushes [--seconds 135] [--only one two lifted backlog] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.customers import link
from bench.deliveries import ticket_event
from bench.product import Product, product, rabbitmq, scratch
from bench.queueing import fill, purge
from bench.report import Report, Target, publish, say
from bench.standin import NO_QUOTA, Call, StandIn, standin
from bridge.ledger.ledger import Ledger

LATENCY_S = 0.1
QUOTA = 300 * 60
LIFTED_S = 30
LATEST_S = 120.0


@dataclass(frozen=True)
class Scene:
    """Where one measurement takes place."""

    folder: Path
    broker_url: str
    sailthru: StandIn


@dataclass(frozen=True)
class Steady:
    """Pushes of distinct customers, for a time."""

    per_second: float
    refused: int
    seconds: float
    resets: int
    least_in_10s: float


@dataclass(frozen=True)
class Backlog:
    """A backlog, worked off."""

    calls: int
    seconds: float
    applied: int
    wrong: int


def main() -> int:
    """Measure, show, keep."""
    options = _options()
    steady: dict[str, Steady] = {}
    backlog: Backlog | None = None
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        say("starting RabbitMQ and the stand-in")
        server = stack.enter_context(rabbitmq())
        scene = Scene(folder, server.url, stack.enter_context(standin(folder)))
        for name in options.only:
            if name == "backlog":
                backlog = run_backlog(scene)
            else:
                steady[name] = run_steady(scene, name, **_steady(name, options.seconds))
    return publish(_report(steady, backlog), is_json=options.json, is_kept=options.keep)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    names = ["one", "two", "lifted", "backlog"]
    parser.add_argument("--seconds", type=int, default=135, help="of the measurements at the quota")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    return parser.parse_args()


def _steady(name: str, seconds: int) -> dict[str, Any]:
    return {
        "one": {"consumers": 1, "per_minute": QUOTA, "seconds": seconds},
        "two": {"consumers": 2, "per_minute": QUOTA, "seconds": seconds},
        "lifted": {"consumers": 1, "per_minute": NO_QUOTA, "seconds": LIFTED_S},
    }[name]


def run_steady(scene: Scene, name: str, *, consumers: int, per_minute: int, seconds: int) -> Steady:
    """Distinct linked customers, one event each; counted from when all events were kept."""
    customers = int(min(per_minute / 60, 900) * (seconds + 15))
    with product(scene.folder / name, scene.broker_url) as one:
        _prepare(one, scene, per_minute, range(1000, 1000 + customers))
        now = datetime.now(UTC)
        events = (ticket_event(5_000_000 + each, 1000 + each, at=now) for each in range(customers))
        say(f"{name}: {customers} customers linked, one event of each goes into the queue")
        fill(one.broker_url, events)
        for number in range(consumers):
            one.start_consumer(f"consumer{number}")
        ledger = one.ledger()
        _wait_kept(ledger, customers)
        ledger.engine.dispose()
        began, first_minute = time.monotonic(), int(time.time() // 60)
        _watch(name, scene.sailthru, seconds)
        resets = int(time.time() // 60) - first_minute
        _, refused = scene.sailthru.count()
        calls = [call for call in scene.sailthru.calls() if began <= call.at <= began + seconds]
        one.stop()
    purge(scene.broker_url)
    return Steady(len(calls) / seconds, refused, seconds, resets, _least(calls, began, seconds))


def _least(calls: Sequence[Call], began: float, seconds: int) -> float:
    """The slowest whole ten seconds."""
    counted = Counter(int((call.at - began) // 10) for call in calls)
    return min((counted[each] / 10 for each in range(seconds // 10)), default=0.0)


def run_backlog(scene: Scene) -> Backlog:
    """20,000 shuffled events over 2,000 customers that wait when the consumer starts."""
    with product(scene.folder / "backlog", scene.broker_url) as one:
        _prepare(one, scene, QUOTA, range(1000, 3000))
        events = _shuffled_events()
        say("backlog: 20,000 events go into the queue")
        fill(one.broker_url, events)
        ledger = one.ledger()
        began = time.monotonic()
        one.start_consumer()
        applied = _wait_applied(ledger, len(events))
        seconds = time.monotonic() - began
        ledger.engine.dispose()
        calls = scene.sailthru.calls()
        one.stop()
    return Backlog(len(calls), seconds, applied, _wrong(events, calls))


def _shuffled_events() -> list[dict[str, Any]]:
    """Ten events of each customer, over three tickets, in no order."""
    now = datetime.now(UTC) - timedelta(minutes=2)
    events = [
        ticket_event(
            10 * customer + number % 3, customer, at=now + timedelta(seconds=5 * number), number=number
        )
        for customer in range(1000, 3000)
        for number in range(10)
    ]
    random.Random(7).shuffle(events)
    return events


def _wrong(events: Sequence[dict[str, Any]], calls: Sequence[Call]) -> int:
    """How many profiles do not show what the newest event of each of their tickets says."""
    newest: dict[str, dict[str, Any]] = {}
    for event in events:
        known = newest.setdefault(event["detail"]["id"], event)
        newest[event["detail"]["id"]] = max(known, event, key=lambda one: str(one["time"]))
    wanted: dict[str, dict[str, str]] = {}
    for ticket, event in newest.items():
        detail = event["detail"]
        wanted.setdefault(f"s{detail['requester_id']}", {})[ticket] = detail["status"].lower()
    held: dict[str, dict[str, str]] = {}
    for call in sorted(calls, key=lambda call: call.at):
        if "zendesk_tickets" in call.vars:
            held[call.sid] = {key: one["status"] for key, one in call.vars["zendesk_tickets"].items()}
    return sum(held.get(sid) != tickets for sid, tickets in wanted.items())


def _prepare(one: Product, scene: Scene, per_minute: int, customers: range) -> None:
    installation = one.install(scene.sailthru.url, sailthru_share=1.0)
    ledger = one.ledger()
    link(ledger, installation.id, customers)
    ledger.engine.dispose()
    scene.sailthru.rule(latency_s=LATENCY_S, per_minute=per_minute)


def _watch(name: str, sailthru: StandIn, seconds: int) -> None:
    """Show how it goes until the time is over."""
    ends, before = time.monotonic() + seconds, sailthru.count()[0]
    while (left := ends - time.monotonic()) > 0:
        time.sleep(min(10.0, left))
        calls, refused = sailthru.count()
        say(
            f"{name}: {(calls - before) / min(10.0, left):.0f} pushes/s, {refused} refused, {left:.0f} s left"
        )
        before = calls


def _wait_kept(ledger: Ledger, wanted: int) -> None:
    """Until all events came off the queue: while it has a backlog, facts run ahead and pushes wait."""
    ends = time.monotonic() + LATEST_S
    while True:
        with ledger.reading() as connection:
            kept = connection.scalar(text("SELECT count(*) FROM events")) or 0
        if kept >= wanted:
            return
        if time.monotonic() > ends:
            raise SystemExit(f"only {kept} of {wanted} events were kept")
        time.sleep(0.25)


def _wait_applied(ledger: Ledger, wanted: int) -> int:
    ends = time.monotonic() + LATEST_S
    applied, said_at = 0, time.monotonic()
    while applied < wanted and time.monotonic() < ends:
        time.sleep(0.25)
        with ledger.reading() as connection:
            applied = connection.scalar(text("SELECT count(*) FROM events WHERE outcome = 'applied'")) or 0
        if time.monotonic() - said_at > 5:
            said_at = time.monotonic()
            say(f"backlog: {applied} events applied")
    return applied


def _report(steady: dict[str, Steady], backlog: Backlog | None) -> Report:
    words = {"one": "one consumer", "two": "two consumers", "lifted": "one consumer, no quota"}
    rows, targets = [], []
    for name, one in steady.items():
        rows.append([words[name], f"{one.per_second:.0f}/s", f"{one.least_in_10s:.0f}/s", str(one.refused),
                     f"{one.seconds:.0f} s, {one.resets} resets"])  # fmt: skip
        promised = 500 if name == "lifted" else 280
        is_met = one.per_second >= promised and (name == "lifted" or one.refused == 0)
        if name != "lifted":
            is_met = is_met and one.resets >= 2 and one.seconds >= 130
        measured = f"{one.per_second:.0f}/s, {one.refused} x 429"
        targets.append(Target(f"pushes: {words[name]}", measured, f"at least {promised}/s, no 429", is_met))
    if backlog is not None:
        rows.append(
            ["backlog of 20,000 events", f"{backlog.calls} calls", "", "", f"{backlog.seconds:.1f} s"]
        )
        whole = backlog.applied == 20_000 and backlog.wrong == 0
        targets += [
            Target("calls for the backlog", str(backlog.calls), "at most 2,400", backlog.calls <= 2400),
            Target("backlog applied", f"{backlog.applied} in {backlog.seconds:.1f} s, {backlog.wrong} wrong",
                   "20,000 in 30 s, none wrong", whole and backlog.seconds <= 30),
        ]  # fmt: skip
    return Report(
        name="pushes",
        title="Way out: pushes per second, Sailthru 100 ms away",
        head=["what", "pushes", "slowest 10 s", "429", "time"],
        rows=rows,
        targets=targets,
        remarks=[
            "sailthru_share = 1.0, a quota of 300/s counted per wall-clock minute; distinct linked "
            "customers, one event each, from a RabbitMQ queue; counted where calls arrive, once all are kept",
            "backlog: ten shuffled events on each of 2,000 customers, the same quota; the time runs from the "
            "start of the consumer's process until the last event is applied in the ledger (SQLite)",
        ],
        data={
            "steady": {name: vars(one) for name, one in steady.items()},
            "backlog": vars(backlog) if backlog else None,
        },
    )


if __name__ == "__main__":
    sys.exit(main())
