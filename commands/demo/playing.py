"""Plays the tour: does each step, waits until Sailthru agrees, and measures how long that took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import sleep
from typing import Any

from bridge.clock import SystemClock
from commands.demo.expected import Difference, Record, differences
from commands.demo.tour import STEPS, Cast, Step
from commands.demo.waiting import LOOK_EVERY_S

# Zendesk dates many things in whole seconds. Two changes of one field that are closer than this cannot be put
# in order by their times: they are settled by reading again, which is right but not what the tour shows.
APART_S = 2.2
STEP_WITHIN_S = 30.0


@dataclass(frozen=True)
class Change:
    """One field of one profile, before and after a step."""

    profile: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Played:
    """What a step did. `seconds` runs from the change in Zendesk until every profile agrees."""

    title: str
    seconds: float
    changes: Sequence[Change]
    differences: Sequence[Difference]


Watch = Callable[[], None]
Begun = Callable[[str], None]


def play(cast: Cast, *, watch: Watch, begun: Begun, within_s: float = STEP_WITHIN_S) -> Iterator[Played]:
    """Each step as it is done, up to the first after which Sailthru does not agree within `within_s`.

    `begun` hears its title first; `watch` raises when there is no going on.
    """
    last: dict[str, float] = {}
    for step in STEPS:
        begun(step.title)
        _keep_apart(step, last, watch)
        played = _play(step, cast, watch, within_s)
        yield played
        if played.differences:
            return
        cast.learn()
        last.update(dict.fromkeys(step.about, SystemClock().monotonic()))


def _keep_apart(step: Step, last: Mapping[str, float], watch: Watch) -> None:
    earliest = max((last.get(name, 0.0) for name in step.about), default=0.0) + APART_S
    while SystemClock().monotonic() < earliest:
        watch()
        sleep(LOOK_EVERY_S)


def _play(step: Step, cast: Cast, watch: Watch, within_s: float) -> Played:
    before = _profiles(cast)
    clock = SystemClock()
    begun = clock.monotonic()
    step.do(cast)
    expected = cast.expected()
    while True:
        after = _profiles(cast)
        seconds = clock.monotonic() - begun
        differ = differences(expected, list(after.values()))
        if not differ or seconds > within_s:
            return Played(step.title, seconds, list(_changes(before, after)), differ)
        watch()
        sleep(LOOK_EVERY_S)


def _profiles(cast: Cast) -> dict[str, Record]:
    return {profile["sid"]: profile for profile in cast.sailthru.state()["profiles"]}


def _changes(before: Mapping[str, Record], after: Mapping[str, Record]) -> Iterator[Change]:
    for sid in {**before, **after}:
        old, new = before.get(sid, {}), after.get(sid, {})
        address = str(new.get("email") or old.get("email"))
        if old.get("email") != new.get("email"):
            yield Change(address, "address", old.get("email"), new.get("email"))
        held, holds = old.get("vars", {}), new.get("vars", {})
        for name in sorted({*held, *holds}):
            if held.get(name) != holds.get(name):
                yield Change(address, name, held.get(name), holds.get(name))
