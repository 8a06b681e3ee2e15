"""Changes on both sides, told late, twice, shuffled, echoed: both sides agree in the end, and fall silent."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.properties.histories import Deed
from tests.properties.two_sides import Both, Change, both, two_sided

pytestmark = pytest.mark.slow

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
ANY = settings(max_examples=25, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
# Sailthru may show what was so some seconds ago, though not longer ago than we wait.
lags = st.sampled_from([0.0, 2.0, 4.0])
hearings = st.sampled_from(["at once", "late", "in groups"])


def play(sides: Both, history: list[Deed | Change], chance: random.Random, hearing: str) -> None:
    """Let it all happen, and let the bridge hear of it in its own way."""
    held_back = []
    for one in history:
        note(f"{sides.clock.now():%H:%M:%S} {one}")
        told = sides.do(one)
        held_back += told
        if hearing == "at once":
            sides.world.publish(told)
            sides.world.work()
    if hearing != "at once":
        sides.clock.move(chance.choice([0.0, 3.0, 45.0]))
    mixed = held_back + chance.sample(held_back, len(held_back) // 3)
    chance.shuffle(mixed)
    for event in mixed:
        sides.world.publish([event])
        if hearing == "in groups" and chance.random() < 0.4:
            chance.choice(sides.world.processes).step()
    sides.world.settle(200)


@ANY
@given(history=two_sided(), seed=st.integers(0, 2**16), hearing=hearings, lag_s=lags)
def test_whatever_way_it_is_told_both_sides_end_as_their_owners_have_it_and_then_are_silent(
    history: list[Deed | Change], seed: int, hearing: str, lag_s: float
) -> None:
    with both(lag_s=lag_s, fresh=0.5 if seed % 2 else 0.0) as sides:
        play(sides, history, random.Random(seed), hearing)
        sides.agree()
        sides.forget()
        sides.world.settle(900)
        assert sides.calls() == 0
        sides.agree()
