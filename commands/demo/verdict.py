"""The verdict on the whole tour: nothing waits, nothing died, and both systems hold what they must."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bridge.queues import LaneState, lane_states
from bridge.services import Services, build
from bridge.settings import Settings
from commands.demo.cast import Cast
from commands.demo.differing import Difference
from commands.demo.playing import Played
from commands.demo.scene import Scene
from commands.demo.waiting import StageFailed, wait_for

REST_WITHIN_S = 30.0


@dataclass(frozen=True)
class Verdict:
    """What is wrong at the end; both empty when all is well."""

    faults: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and not self.differences


def pass_verdict(settings: Mapping[str, str], cast: Cast, watch: Callable[[], None]) -> Verdict:
    """Wait until all is at rest, then compare both systems. `settings` are those of the demo's processes."""
    services = build(
        Settings((settings["SECRET_KEY"],), settings["DATABASE_URL"], broker_url=settings["BROKER_URL"])
    )
    try:
        faults = (*_unrest(services, watch), *_deaths(services))
    finally:
        services.close()
    scene = cast.scene()
    found = (*cast.user_differences(scene), *cast.differences(scene))
    return Verdict((*faults, *_refusals(scene)), found)


def broken_off(last: Played) -> Verdict:
    """The verdict on a tour that ended at a step after which somebody did not agree."""
    behind = " and ".join(dict.fromkeys(one.system for one in last.differences))
    fault = f"{last.seconds:.0f} s after this change {behind} did not agree: {last.title}; the tour ends here"
    return Verdict((fault,), tuple(last.differences))


def _unrest(services: Services, watch: Callable[[], None]) -> tuple[str, ...]:
    def at_rest() -> bool | None:
        return None if any(map(_waits, lane_states(services.ledger, services.broker))) else True

    try:
        wait_for(at_rest, within_s=REST_WITHIN_S, what="nothing waits any more", watch=watch)
    except StageFailed as failed:
        return (failed.message,)
    return ()


def _deaths(services: Services) -> tuple[str, ...]:
    dead = sum(state.dead for state in lane_states(services.ledger, services.broker))
    return (f"dead letters: {dead}, where there must be none",) if dead else ()


def _refusals(scene: Scene) -> Iterator[str]:
    """The bridge keeps inside what both systems allow, so neither may have had to say so."""
    for system, times in scene.refused.items():
        if times:
            yield f"{system} answered 429 to {times} requests, where it must not have had to"


def _waits(state: LaneState) -> bool:
    # Owed and not late are those whose push is done, and who are looked at once more half a minute later.
    return bool(state.depth or state.parked or state.oldest_s)
