"""Plays the tour: does each step, waits until the systems agree, and measures how long that took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import sleep

from bridge.clock import SystemClock
from commands.demo.cast import Cast
from commands.demo.changing import changes
from commands.demo.differing import Change, Difference
from commands.demo.scene import Scene
from commands.demo.tour import STEPS, Step, Way
from commands.demo.waiting import LOOK_EVERY_S

# Zendesk dates many things in whole seconds. Two changes of one field that are closer than this cannot be put
# in order by their times: they are settled by reading again, which is right but not what the tour shows.
APART_S = 2.2
STEP_WITHIN_S = 30.0


@dataclass(frozen=True)
class Played:
    """What a step did. `seconds` runs from the change until the systems on its way agree."""

    title: str
    seconds: float
    changes: Sequence[Change]
    differences: Sequence[Difference]
    way: Way = "Zendesk -> Sailthru"


Watch = Callable[[], None]
Begun = Callable[[str], None]


def play(cast: Cast, *, watch: Watch, begun: Begun, within_s: float = STEP_WITHIN_S) -> Iterator[Played]:
    """Each step as it is done, up to the first after which they do not agree within `within_s`.

    `begun` hears its title first; `watch` raises when there is no going on.
    """
    last: dict[str, float] = {}
    for step in STEPS:
        begun(step.title)
        _keep_apart(step, last, watch)
        if step.reaches_zendesk:
            _let_rest(step, cast, watch, begun)
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


def _let_rest(step: Step, cast: Cast, watch: Watch, begun: Begun) -> None:
    """Until Zendesk's users of this step were left alone for long enough: its time is that of the way."""
    while (left_s := _unrest_s(step, cast.scene(), cast)) > 0:
        begun(f"{step.title}: in {left_s:.0f} s (Zendesk takes 5 updates a minute of a user)")
        watch()
        sleep(min(left_s, 0.25))


def _unrest_s(step: Step, scene: Scene, cast: Cast) -> float:
    users = [scene.users[cast.people[name].id] for name in step.about if cast.people[name].id]
    touched = [datetime.fromisoformat(user["updated_at"]) for user in users]
    now = SystemClock().now()
    return max((step.rest_s - (now - at).total_seconds() for at in touched), default=0.0)


def _play(step: Step, cast: Cast, watch: Watch, within_s: float) -> Played:
    before = cast.scene()
    clock = SystemClock()
    begun = clock.monotonic()
    step.do(cast)
    while True:
        after = cast.scene()
        seconds = clock.monotonic() - begun
        differ = _differences(step, cast, after)
        if not differ or seconds > within_s:
            shown = list(changes(step, cast, before, after))
            return Played(step.title, seconds, shown, differ, step.way)
        watch()
        sleep(LOOK_EVERY_S)


def _differences(step: Step, cast: Cast, scene: Scene) -> list[Difference]:
    # Looked at in this order: what the bridge writes to Zendesk reaches Sailthru too.
    back = cast.user_differences(scene) if step.reaches_zendesk else []
    return [*back, *cast.differences(scene)]
