"""What a day's refresh of 50,000 linked customers costs: reads in Sailthru, calls to Zendesk, quotas.

`python -m bench.refresh [--customers 50000] [--json] [--keep]`

A day on a clock that is moved by hand: the pass of the clock, the reader and both pushers do what they do in
their processes, against the stand-ins over real HTTP. Nobody has an open ticket; one customer in ten changed
in Sailthru, one in a hundred became valuable or ceased to be.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from time import monotonic
from typing import Any

from sqlalchemy import Engine, bindparam, event, update

from bench.customers import address, link
from bench.product import scratch
from bench.report import Report, Target, publish, say
from bridge.clock import to_micros
from bridge.deciding.projection import digest
from bridge.deciding.to_zendesk.projection import USER_FIELDS, zendesk_user
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.facts import of_customer
from bridge.ledger import facts, learning, tables
from bridge.profiles import fields_for
from bridge.zendesk_user import TAG
from consumers.profiles import profile_facts
from consumers.refreshing import Refresh
from consumers.turns import next_turn
from sandbox import Sandbox
from sandbox.web.calls import Call
from tests.consumers.world import ManualClock, World

CUSTOMERS = 50_000
CHANGED_EVERY = 10  # one customer in so many
TAGGED_EVERY = 100
STEP_S = 15.0  # of the day, between two passes of the clock
DAY = timedelta(days=1)
QUOTA = {"zendesk": 700, "sailthru": 18_000}  # calls a minute that the stand-ins allow


KINDS = {
    "GET /user": "reads of profiles",
    "PUT /api/v2/users/update_many": "bulk updates",
    "GET /api/v2/job_statuses/*": "looks at jobs",
    "* /api/v2/users/*/tags": "tag calls",
    "GET /api/v2/user_fields": "looks at user fields",
    "POST /oauth/tokens": "signing in",
}


@dataclass(frozen=True)
class Found:
    """What a day came to. `calls` by kind, `busiest` the calls to each system in its busiest minute."""

    customers: int
    changed: int
    retagged: int
    calls: Counter[str]
    busiest: dict[str, int]
    refused: int
    wrong: int
    last_s: float
    took_s: float


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    return publish(_report(measure(options.customers)), is_json=options.json, is_kept=options.keep)


def measure(customers: int) -> Found:
    """One day, and what was held at its end."""
    began = monotonic()
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        clock = ManualClock()
        box = stack.enter_context(Sandbox.start(now=clock.now))
        world = World.make(folder, box, clock, zendesk_share=0.5, sailthru_share=0.6)
        stack.callback(world.ledger.engine.dispose)
        _spare_the_disk(world.ledger.engine)
        say(f"making {customers} customers")
        day = _Day(world)
        day.settle_down(customers)
        changed, retagged = day.change(customers)
        box.zendesk.forget_calls()
        box.sailthru.forget_calls()
        last_s = day.live()
        return Found(
            customers=customers,
            changed=len(changed),
            retagged=len(retagged),
            calls=Counter(_kind(call) for call in (*box.zendesk.calls, *box.sailthru.calls)),
            busiest={"zendesk": _busiest(box.zendesk.calls), "sailthru": _busiest(box.sailthru.calls)},
            refused=box.zendesk.quota.refused + box.sailthru.quota.refused,
            wrong=day.wrong(changed, retagged),
            last_s=last_s,
            took_s=monotonic() - began,
        )


class _Day:
    """Customers who are linked and at rest, then a day in which some of them change."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.box, self.clock = world.box, world.clock
        self.numbers: list[int] = []
        self.sids: list[str] = []

    def settle_down(self, count: int) -> None:
        """Both systems hold the same of each, and the ledger knows it."""
        for field in USER_FIELDS:
            self.box.zendesk.add_user_field(field.key, field.type)
        long_ago = self.clock.now() - timedelta(days=30)
        for _ in range(count):
            number = self.box.zendesk.create_user(created_at=long_ago).id
            sid = self.box.sailthru.create_profile(address(number), lists=["News"], vars=_score(2))
            self.numbers.append(number)
            self.sids.append(sid)
        link(self.world.ledger, self.world.installation.id, self.numbers)
        self._write_rows()

    def _write_rows(self) -> None:
        read = self._facts_of_one()
        known = self._known(read)
        installation, ledger = self.world.installation, self.world.ledger
        now = self.clock.now()
        rows = [
            {
                "installation_id": installation.id,
                "zendesk_id": number,
                "read_at": to_micros(now),
                "refresh_at": to_micros(next_turn(installation.id, number, DAY, now)),
                "known": known,
            }
            for number in self.numbers
        ]
        pairs = zip(self.numbers, self.sids, strict=True)
        sids = [{"of": installation.id, "whom": number, "new": sid} for number, sid in pairs]
        with ledger.writing() as connection:
            connection.execute(_GIVE_SID, sids)
            connection.execute(tables.zendesk_users.insert(), rows)
            there = {field.key: 0 for field in USER_FIELDS}
            learning.learn(connection, installation.id, user_fields=there, user_fields_at=to_micros(now))
        for some in _chunks(self.numbers, 2_000):
            with ledger.writing() as connection:
                facts.store(connection, installation.id, [one for number in some for one in read(number)])

    def _facts_of_one(self) -> Any:
        """What everybody's profile says: they are all alike."""
        installation = self.world.installation
        options = installation.settings.options
        sailthru = self.world.remotes.sailthru(installation)
        profile = sailthru.profile(self.sids[0], "sid", fields=fields_for(options))
        assert profile is not None
        return lambda number: profile_facts(number, profile, options, profile.read_at, "reading:bench")

    def _known(self, read: Any) -> str:
        known = of_customer(read(self.numbers[0]))
        wanted = zendesk_user(known, self.world.installation.settings.options)
        held = {key: [digest(value), 0] for key, value in wanted.fields.items()}
        return json.dumps({**held, TAG: ["low/2", 0]})

    def change(self, count: int) -> tuple[list[int], list[int]]:
        """Some profiles change; whose tag changes changes in its fields too."""
        changed = list(range(0, count, CHANGED_EVERY))
        retagged = list(range(0, count, TAGGED_EVERY))
        for number in changed:
            self.box.sailthru.set_engagement(self.sids[number], "dormant")
        for number in retagged:
            self.box.sailthru.set_score(self.sids[number], 4)
        return changed, retagged

    def live(self) -> float:
        """A day passes, with its refresh; then what is held goes. Seconds until nothing is left."""
        refresh = Refresh(self.world.ledger, self.world.processes[0].worker.directory, self.clock)
        began_at = self.clock.now()
        steps = int(DAY.total_seconds() / STEP_S)
        for step in range(steps):
            self.clock.move(STEP_S)
            refresh.step()
            self._work()
            if step % (steps // 10) == 0:
                say(f"{100 * step // steps} % of the day, {len(self.box.sailthru.calls)} profiles read")
        while (due_at := self.world.next_due()) is not None:
            self.clock.at = max(due_at, self.clock.now() + timedelta(seconds=1))
            self._work()
        return (self.clock.now() - began_at).total_seconds()

    def _work(self) -> None:
        process = self.world.processes[0]
        is_busy = True
        while is_busy:
            is_busy = process.profile_reader.step() > 0
            is_busy = process.zendesk_pusher.step() or is_busy
            is_busy = process.pusher.step() or is_busy

    def wrong(self, changed: Sequence[int], retagged: Sequence[int]) -> int:
        """How many users do not hold what their profiles say."""
        return sum(
            not self._is_right(number, is_changed=number in set_of_changed, is_tagged=number in set_of_tagged)
            for set_of_changed, set_of_tagged in [(set(changed), set(retagged))]
            for number in range(len(self.numbers))
        )

    def _is_right(self, number: int, *, is_changed: bool, is_tagged: bool) -> bool:
        user = self.box.zendesk.user(self.numbers[number])
        holds = user.user_fields.get("sailthru_engagement")
        return (holds == "dormant") == is_changed and (HIGH_VALUE_TAG in user.tags) == is_tagged


_GIVE_SID = (
    update(tables.customers)
    .where(
        tables.customers.c.installation_id == bindparam("of"),
        tables.customers.c.zendesk_id == bindparam("whom"),
    )
    .values(sid=bindparam("new"))
)


def _spare_the_disk(engine: Engine) -> None:
    """Calls are counted here, not milliseconds: the ledger does not wait for the disk."""

    def spare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(engine, "connect", spare)
    engine.dispose()


def _score(score: int) -> dict[str, Any]:
    return {"customer_value_score": score}


def _chunks(numbers: Sequence[int], length: int) -> Iterable[Sequence[int]]:
    return (numbers[start : start + length] for start in range(0, len(numbers), length))


def _kind(call: Call) -> str:
    line = f"{call.method} {call.path}"
    return next((kind for pattern, kind in KINDS.items() if fnmatchcase(line, pattern)), line)


def _busiest(calls: Iterable[Call]) -> int:
    minutes = Counter(int(call.at.timestamp()) // 60 for call in calls)
    return max(minutes.values(), default=0)


def _report(found: Found) -> Report:
    bulks = math.ceil(found.changed / 100)
    kinds = tuple(KINDS.values())
    others = sum(count for kind, count in found.calls.items() if kind not in kinds)
    return Report(
        name="refresh",
        title=f"Way back: a day's refresh of {found.customers:,} customers without open tickets",
        head=["calls", "number"],
        rows=[*([kind, f"{found.calls[kind]:,}"] for kind in kinds), ["any other", f"{others:,}"]],
        targets=[
            _at_most("reads of profiles", found.calls["reads of profiles"], found.customers),
            _at_most(f"bulk updates for {found.changed:,} changed", found.calls["bulk updates"], bulks),
            _at_most("tag calls", found.calls["tag calls"], found.retagged),
            _at_most("looks at user fields", found.calls["looks at user fields"], 1),
            _at_most("signing in", found.calls["signing in"], 24),
            _at_most("any other call", others, 0),
            _at_most("answers 429", found.refused, 0),
            _at_most("busiest minute, Sailthru", found.busiest["sailthru"], QUOTA["sailthru"] * 6 // 10),
            _at_most("busiest minute, Zendesk", found.busiest["zendesk"], QUOTA["zendesk"] // 2),
            _at_most("users that hold something wrong in the end", found.wrong, 0),
        ],
        remarks=[
            f"the day is simulated, on a clock moved by {STEP_S:.0f} s at a time, and took"
            f" {found.took_s:.0f} s; the parts, the ledger (SQLite, without waiting for the disk) and HTTP to"
            " the stand-ins are real",
            f"one customer in {CHANGED_EVERY} changed before its turn, one in {TAGGED_EVERY} crossed the"
            f" boundary; the last one was done {found.last_s / 3600:.1f} h after the day began",
            "the quotas are 18,000 and 700 calls a minute, of which the installation may use 0.6 and 0.5",
        ],
        data={"calls": dict(found.calls), "busiest": found.busiest, "took_s": found.took_s},
    )


def _at_most(what: str, measured: int, most: int) -> Target:
    return Target(what, f"{measured:,}", f"at most {most:,}", is_met=measured <= most)


if __name__ == "__main__":
    sys.exit(main())
