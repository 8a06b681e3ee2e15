"""A consumer that dies at any step of what an agent asked for: it is done all the same, and said so.

Not sampled: each kind of action is told with a death at step 1, at step 2 and so on, until one lives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from schemas.agent_action import LIST_REMOVE, SET_HEALTH, SET_OPTOUT
from tests.properties.brittle import BrittleConsumer, BrittleLedger, BrittleRemotes, Killed, Steps
from tests.scenarios.conftest import open_story, story
from tests.scenarios.desk import Desk
from tests.scenarios.story import Person, Story

__all__ = ["open_story", "story"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

HELD_S = 6.0  # longer than a removal is held
UNDONE_S = 300.0  # longer than any lease, and than what is sent once more


@dataclass(frozen=True)
class Case:
    """What an agent asks for, of whom (an opt-out), and what the profile holds in the end."""

    kind: str
    value: Any
    before: str
    holds: Callable[[Story, Person], bool]


def _optout(story: Story, person: Person) -> str | None:
    profile = story.sailthru.by_sid(person.sid)
    return profile.optout_email if profile else None


def _lists(story: Story, person: Person) -> set[str]:
    profile = story.sailthru.by_sid(person.sid)
    return set(profile.lists) if profile else set()


CASES = {
    "a stricter opt-out": Case(SET_OPTOUT, "all", "none", lambda *who: _optout(*who) == "all"),
    "a looser opt-out": Case(SET_OPTOUT, "none", "all", lambda *who: _optout(*who) == "none"),
    "a list left": Case(LIST_REMOVE, "News", "none", lambda *who: _lists(*who) == set()),
    "a health": Case(
        SET_HEALTH,
        "neutral",
        "none",
        lambda story, person: story.vars_of(person.sid).get("zendesk_health") == "neutral",
    ),
}


def work_until_dead(story: Story, steps: Steps) -> bool:
    """A new process works on what there is; whether it lived through all of it."""
    process = story.world.add_process()
    process.break_at(
        lambda ledger: BrittleLedger(ledger, steps),
        lambda consumer: BrittleConsumer(consumer, steps),
        lambda remotes: BrittleRemotes(remotes, steps),
    )
    try:
        story.world.work()
        story.clock.move(HELD_S)
        story.world.work()
    except Killed:
        return False
    finally:
        process.worker.consumer.close()
    return True


@pytest.mark.parametrize("name", CASES)
def test_a_death_at_every_single_step_of_an_action_changes_nothing_in_the_end(
    name: str, story: Story
) -> None:
    case, desk, fatal, has_lived = CASES[name], Desk(story), 0, False
    while not has_lived:
        fatal += 1
        steps = Steps(fatal)
        # given a customer, and what an agent asks for
        story.world.add_process()
        person = story.person(f"ann{fatal}@example.com")
        story.sailthru.edit_optout(person.sid, case.before)
        action = desk.asks(person, case.kind, case.value)
        # when the consumer dies at this step, and another one takes over
        has_lived = work_until_dead(story, steps)
        story.world.add_process()
        story.later(UNDONE_S)
        # then it is done, and said so, and nothing is left over
        told = f"a death at step {fatal}, {steps.taken[-1]}"
        assert desk.state(action) == ("saved", ""), told
        assert case.holds(story, person), told
        assert story.outcomes(f"agent.{case.kind}")[-1] == ("applied", ""), told
        assert story.letters() == [], told
        assert story.world.waits_of(f"action:{action}") == [], told
    assert fatal > 8
