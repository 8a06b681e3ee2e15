"""A backfill of 100,000 users and 300,000 tickets, stopped three times: how long, beside what quotas allow.

`python -m bench.backfill [--users 100000] [--factor 1.5] [--json] [--keep]`

`bridge backfill` runs as an operator starts it, with a ledger of its own (SQLite), against the sandbox over
real HTTP. The sandbox's quotas are all multiplied by one factor, so that it takes half an hour.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.product import BIN, Product, product, scratch
from bench.report import Report, Target, publish, say
from bridge.allowance import AGENT_RESERVE, BACKFILL_SHARE
from bridge.ledger import backfills, exports
from bridge.ledger.backfills import CUSTOMERS, TICKETS, USERS
from bridge.ledger.exports import BACKFILL
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from sandbox import Sandbox
from tests.services.process import ServerProcess, tied_to_us

TICKETS_EACH = 3
PAGE = 1000
EXPORTS = 30  # pages a minute, with Zendesk's High Volume add-on
ACCOUNT = 700  # calls a minute to Zendesk in all
SAILTHRU = 18_000  # calls a minute of each kind to Sailthru's /user
ZENDESK_SHARE, SAILTHRU_SHARE = 0.5, 0.6
MOST_MB = 200.0
MOST_PUSHES = 400.0  # a second
# Where it is stopped: the stage, the part of it that is done, and how.
STOPS = ((USERS, 0.5, signal.SIGKILL), (TICKETS, 0.5, signal.SIGKILL), (CUSTOMERS, 0.5, signal.SIGTERM))
LOOK_S = 0.25


@dataclass
class Found:
    """What a backfill came to. Times in seconds; `pushes` counts the writes to each profile."""

    users: int
    factor: float
    stages: dict[str, float] = field(default_factory=dict)
    took_s: float = 0.0
    idle_s: float = 0.0
    stops: int = 0
    peak_mb: float = 0.0
    refused: int = 0
    pushes: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    busiest: int = 0
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def exports_s(self) -> float:
        """How long the exports take at the stated share."""
        pages = self.users * (1 + TICKETS_EACH) / PAGE
        return 60 * pages / (EXPORTS * self.factor * ZENDESK_SHARE)

    @property
    def per_second(self) -> float:
        """Pushes at the stated share: a backfill's part of the installation's."""
        share = SAILTHRU_SHARE * BACKFILL_SHARE * (1 - AGENT_RESERVE)
        return SAILTHRU * self.factor * share / 60

    @property
    def pushes_s(self) -> float:
        return self.users / self.per_second

    @property
    def ideal_s(self) -> float:
        return self.exports_s + self.pushes_s


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--factor", type=float, default=1.5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    return publish(
        _report(measure(options.users, options.factor)), is_json=options.json, is_kept=options.keep
    )


def measure(users: int, factor: float) -> Found:
    """One backfill, stopped and resumed."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        box = stack.enter_context(Sandbox.start())
        say(f"making {users} users with {TICKETS_EACH} tickets each")
        _populate(box, users)
        _scale(box, factor)
        one = stack.enter_context(product(folder / "bridge", "embedded://"))
        installation = one.install_for(box, **_options(factor))
        ledger = one.ledger()
        stack.callback(ledger.engine.dispose)
        found = Found(users, factor)
        _Watched(one, installation, ledger, folder / "bridge", found).run()
        _count(box, found)
        return found


def _options(factor: float) -> dict[str, float]:
    return {
        "zendesk_share": ZENDESK_SHARE,
        "sailthru_share": SAILTHRU_SHARE,
        "exports_per_minute": round(EXPORTS * factor),
    }


def _populate(box: Sandbox, users: int) -> None:
    """Everybody has a profile and tickets; nothing changed in the last days."""
    begun_at = datetime.now(UTC) - timedelta(days=900)
    for number in range(users):
        at = begun_at + timedelta(seconds=60 * number)
        user = box.zendesk.create_user(f"p{number}@example.com", tags=["customer"], created_at=at)
        for each in range(TICKETS_EACH):
            box.zendesk.create_ticket(user.id, created_at=at + timedelta(hours=1 + each))
        box.sailthru.create_profile(f"p{number}@example.com")


def _scale(box: Sandbox, factor: float) -> None:
    box.zendesk.quota.limits.update(account=round(ACCOUNT * factor), incremental=round(EXPORTS * factor))
    limits = box.sailthru.quota.limits
    limits.update({name: round(limit * factor) for name, limit in limits.items() if limit is not None})


class _Watched:
    """The command as it works, is stopped, and is started again."""

    def __init__(
        self, one: Product, installation: Installation, ledger: Ledger, folder: Path, found: Found
    ) -> None:
        self.one, self.installation, self.ledger, self.folder = one, installation, ledger, folder
        self.found = found
        self.began = self.stage_began = time.monotonic()
        self.stage = USERS

    def run(self) -> None:
        for stage, part, how in STOPS:
            process = self._start()
            while not self._is_at(stage, part):
                self._look(process)
            self._stop(process, how)
        process = self._start()
        while process.is_running():
            self._look(process)
        self._note(CUSTOMERS)
        self.found.took_s = time.monotonic() - self.began
        self.found.said = json.loads(process.log())

    def _start(self) -> ServerProcess:
        command = [str(BIN / "python"), "-m", "commands", "backfill", "acme", "--yes", "--json"]
        process = ServerProcess(
            tied_to_us(command), environment=self.one.environment(), log=self.folder / "backfill.log"
        )
        process.start()
        self.one.processes["backfill"] = process
        return process

    def _stop(self, process: ServerProcess, how: signal.Signals) -> None:
        say(f"stopping it with {how.name} in the stage of {self.stage}")
        began = time.monotonic()
        if how is signal.SIGKILL:
            process.kill()
        else:
            process.stop(how, within_s=40)
        self.found.stops += 1
        self.found.idle_s += time.monotonic() - began

    def _look(self, process: ServerProcess) -> None:
        if process.is_running():
            self.found.peak_mb = max(self.found.peak_mb, _peak_mb(process.pid))
        time.sleep(LOOK_S)

    def _is_at(self, stage: str, part: float) -> bool:
        with self.ledger.reading() as connection:
            now = backfills.one(connection, self.installation.id)
            walks = {one.kind: one for one in exports.walks(connection, self.installation.id, BACKFILL)}
        if now is None:
            return False
        if now.stage != self.stage:
            self._note(now.stage)
        done = {
            USERS: walks[USERS].records / self.found.users,
            TICKETS: walks[TICKETS].records / (self.found.users * TICKETS_EACH),
            CUSTOMERS: now.released / self.found.users,
        }
        return now.stage == stage and done[stage] >= part

    def _note(self, stage: str) -> None:
        at = time.monotonic()
        self.found.stages[self.stage] = at - self.stage_began
        say(f"{self.stage} took {at - self.stage_began:.0f} s")
        self.stage, self.stage_began = stage, at


def _peak_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _count(box: Sandbox, found: Found) -> None:
    """Who was pushed how often, whom nobody pushed, and how much in the busiest second."""
    writes = box.sailthru.calls.matching("POST", "/user")
    found.pushes = Counter(call.params["id"] for call in writes if call.status == 200)
    found.busiest = max(Counter(int(call.at.timestamp()) for call in writes).values(), default=0)
    found.refused = box.zendesk.quota.refused + box.sailthru.quota.refused
    held = (profile.vars for profile in box.sailthru.profiles())
    found.missed = sum(
        one.get("zendesk_ticket_count") != TICKETS_EACH or one.get("zendesk_tags") != ["customer"]
        for one in held
    )


def _report(found: Found) -> Report:
    twice = sum(count > 1 for count in found.pushes.values())
    pages = found.users * (1 + TICKETS_EACH) // PAGE
    rate = found.users / found.stages.get(CUSTOMERS, 1.0)
    rows = [
        ["exports at the stated share", f"{pages} pages", f"{found.exports_s:.0f} s"],
        ["pushes at the stated share", f"{found.per_second:.0f} a second", f"{found.pushes_s:.0f} s"],
        *([f"measured: {name}", "", f"{took:.0f} s"] for name, took in found.stages.items()),
        ["measured: pushes", f"{rate:.0f} a second", ""],
    ]
    ratio = found.took_s / found.ideal_s
    return Report(
        name="backfill",
        title=f"Backfill of {found.users:,} users and {found.users * TICKETS_EACH:,} tickets",
        head=["part", "how much", "time"],
        rows=rows,
        targets=[
            Target("whole, beside both in series", f"{ratio:.2f}", "at most 1.20", is_met=ratio <= 1.2),
            Target("peak RSS", f"{found.peak_mb:.0f} MB", "under 200 MB", is_met=found.peak_mb < MOST_MB),
            Target(
                "stated pushes a second", f"{found.per_second:.0f}", "under 400",
                is_met=found.per_second < MOST_PUSHES,
            ),
            Target("stopped and resumed", str(found.stops), "3 times", is_met=found.stops == len(STOPS)),
            Target("customers missed", str(found.missed), "0", is_met=found.missed == 0),
            Target("customers pushed twice", str(twice), "0", is_met=twice == 0),
            Target("answers 429", str(found.refused), "0", is_met=found.refused == 0),
        ],
        remarks=[
            f"took {found.took_s:.0f} s in all; both in series would take {found.ideal_s:.0f} s",
            f"all quotas of the sandbox times {found.factor:g}: {EXPORTS} export pages a minute (with the"
            f" High Volume add-on), {ACCOUNT} calls to Zendesk, {SAILTHRU:,} of each kind to Sailthru; shares"
            f" {ZENDESK_SHARE} and {SAILTHRU_SHARE}, of the latter {BACKFILL_SHARE} for a backfill",
            "stopped with kill -9 among the users and among the tickets, with SIGTERM among the pushes;"
            " the command pushes by itself, no consumer runs",
        ],
        data={"took_s": found.took_s, "ideal_s": found.ideal_s, "stages": found.stages, "said": found.said},
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
