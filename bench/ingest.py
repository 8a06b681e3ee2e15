"""How many deliveries a second the receiver takes, beside peers, round by round in one run.

`python -m bench.ingest [--rounds 5] [--seconds 8] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pika

from bench.contenders import BARE_GREEN, BARE_THREADED, Contender, ProductContender, peers
from bench.deliveries import PATH, distinct_requests, write_requests
from bench.product import rabbitmq, scratch
from bench.report import Report, Target, publish, say
from tests.services.process import ServiceMissing

CONNECTIONS = 32
WARM_UP_S = 2
TRY_S = 3
MOST_PER_SECOND = 5500  # no contender here is faster; each request of a round is sent once
LUA = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Round:
    """What one contender did in one round."""

    per_second: float
    p50_ms: float
    p99_ms: float
    answered: int
    kept: int | None


def main() -> int:
    """Measure, show, keep."""
    options = _options()
    if shutil.which("wrk") is None:
        print("wrk is missing: apt-get install wrk", file=sys.stderr)
        return 1
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        try:
            others = peers()
        except ServiceMissing as error:
            print(error, file=sys.stderr)
            return 1
        say("starting RabbitMQ and everybody")
        server = stack.enter_context(rabbitmq())
        contenders = [ProductContender(server.url, folder / "bridge"), *others]
        for one in contenders:
            stack.callback(one.stop)
        bench = Bench(folder, server.url, options.seconds)
        if not options.quick:
            bench.choose_settings(others)
        rounds = bench.run(contenders, options.rounds)
    return publish(_report(contenders, rounds, options), is_json=options.json, is_kept=options.keep)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=8, help="of each contender in each round")
    parser.add_argument("--quick", action="store_true", help="do not look for the peers' best settings")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    return parser.parse_args()


class Bench:
    """One run."""

    def __init__(self, folder: Path, broker_url: str, seconds: int) -> None:
        self._folder = folder
        self._broker_url = broker_url
        self._seconds = seconds
        self._requests = folder / "requests"

    def choose_settings(self, others: Sequence[Contender]) -> None:
        """Each peer goes on with whichever of its settings answers most."""
        self._prepare(TRY_S)
        for one in others:
            found = {}
            for settings in one.candidates:
                one.settings = settings
                one.start(self._folder, self._broker_url)
                self._load(one, 1)
                found[settings] = self._measured(one, TRY_S).per_second
                say(f"{one.name}, {one.shown_settings()}: {found[settings]:.0f}/s")
            one.settings = max(found, key=lambda settings: found[settings])
            one.stop()

    def run(self, contenders: Sequence[Contender], rounds: int) -> dict[str, list[Round]]:
        """All contenders take turns, so that whatever else the machine does hits them alike."""
        for one in contenders:
            one.start(self._folder, self._broker_url)
        found: dict[str, list[Round]] = {one.name: [] for one in contenders}
        self._prepare(WARM_UP_S)
        for one in contenders:
            self._load(one, WARM_UP_S)
        for number in range(rounds):
            self._prepare(self._seconds)
            for one in [*contenders[number % len(contenders) :], *contenders[: number % len(contenders)]]:
                result = self._measured(one, self._seconds)
                found[one.name].append(result)
                say(
                    f"round {number + 1}/{rounds} {one.name}: {result.per_second:.0f}/s, "
                    f"p50 {result.p50_ms:.1f} ms, p99 {result.p99_ms:.1f} ms"
                )
        return found

    def _prepare(self, seconds: int) -> None:
        write_requests(self._requests, distinct_requests(seconds * MOST_PER_SECOND))

    def _measured(self, one: Contender, seconds: int) -> Round:
        self._purge(one.queue)
        told = self._load(one, seconds)
        if told["refused"] or told["broken"]:
            raise SystemExit(f"{one.name} refused {told['refused']} and broke {told['broken']} requests")
        kept = self._purge(one.queue) if one.queue else None
        if kept is not None and kept < told["requests"]:
            raise SystemExit(f"{one.name} answered {told['requests']} and kept {kept}")
        return Round(
            told["requests"] / told["seconds"], told["p50_ms"], told["p99_ms"], int(told["requests"]), kept
        )

    def _load(self, one: Contender, seconds: int) -> dict[str, float]:
        options = f"-t1 -c{CONNECTIONS} -d{seconds}s --latency --timeout 10s -s {LUA}".split()
        command = ["wrk", *options, f"http://127.0.0.1:{one.port}{PATH}", "--", str(self._requests)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        return told

    def _purge(self, queue: str) -> int:
        """Empty a queue; how many messages it held."""
        if not queue:
            return 0
        connection = pika.BlockingConnection(pika.URLParameters(self._broker_url))
        channel = connection.channel()
        try:
            return int(channel.queue_purge(queue).method.message_count)
        except pika.exceptions.ChannelClosedByBroker:
            return 0  # not made yet: its contender makes it with its first message
        finally:
            connection.close()


def _report(
    contenders: Sequence[Contender], rounds: dict[str, list[Round]], options: argparse.Namespace
) -> Report:
    base = rounds[BARE_GREEN]
    rows, data = [], {}
    for one in contenders:
        mine = rounds[one.name]
        ratio = _ratio(mine, base)
        data[one.name] = {
            "settings": one.settings,
            "ratio": ratio,
            "rounds": [vars(each) for each in mine],
        }
        rows.append(
            [
                one.name,
                one.shown_settings(),
                f"{_median(mine, 'per_second'):.0f}",
                f"{min(each.per_second for each in mine):.0f}-{max(each.per_second for each in mine):.0f}",
                f"{ratio:.2f}",
                f"{_median(mine, 'p50_ms'):.1f}",
                f"{_median(mine, 'p99_ms'):.1f}",
            ]
        )
    return Report(
        name="ingest",
        title="Way in: deliveries per second on RabbitMQ",
        head=["contender", "workers", "req/s", "range", "x bare, gevent", "p50 ms", "p99 ms"],
        rows=rows,
        targets=_targets(rounds),
        remarks=[
            f"medians of {options.rounds} rounds of {options.seconds} s over {CONNECTIONS} kept connections; "
            "wrk on the same cores; a ratio is the median of the ratios within each round",
            "every request is distinct, 1.5 kB and signed; only the bridge verifies and reads it",
            "whatever was answered 2xx was found in its queue afterwards",
        ],
        data={"contenders": data},
    )


def _targets(rounds: dict[str, list[Round]]) -> list[Target]:
    ours, targets = rounds["the bridge"], []
    for name in (BARE_GREEN, BARE_THREADED):
        ratio = _ratio(ours, rounds[name])
        targets.append(Target(f"req/s against {name}", f"{ratio:.2f}x", "at least 0.5x", ratio >= 0.5))
    for name in ("Flask + Dramatiq", "Flask + Celery"):
        ratio = _ratio(ours, rounds[name])
        targets.append(Target(f"req/s against {name}", f"{ratio:.2f}x", "at least 1.5x", ratio >= 1.5))
    # The steadier of the two: with gevent the empty view lets some connections wait very long.
    steady = min(
        (rounds[name] for name in (BARE_GREEN, BARE_THREADED)), key=lambda each: _median(each, "p99_ms")
    )
    tail = statistics.median(mine.p99_ms / other.p99_ms for mine, other in zip(ours, steady, strict=True))
    targets.append(Target("p99 against bare Flask", f"{tail:.2f}x", "at most 2.5x", tail <= 2.5))
    return targets


def _ratio(mine: Sequence[Round], others: Sequence[Round]) -> float:
    return statistics.median(
        one.per_second / other.per_second for one, other in zip(mine, others, strict=True)
    )


def _median(rounds: Sequence[Round], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in rounds))


if __name__ == "__main__":
    sys.exit(main())
