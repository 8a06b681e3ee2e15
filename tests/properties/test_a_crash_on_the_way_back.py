"""A consumer that dies at any step of the way from Sailthru to Zendesk leaves nothing that the next one does
not mend.

Not sampled: the way is walked once to count its steps, then once for each step with a death there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.ledger import events, zendesk_users
from sandbox import Sandbox
from tests.consumers.world import START, ManualClock, World
from tests.properties.brittle import BrittleConsumer, BrittleLedger, BrittleRemotes, Killed, Steps

pytestmark = pytest.mark.slow

ANN = "ann@first.example"


@dataclass(frozen=True)
class Story:
    """What happens before the death and after it.

    `after` brings values back, so that whoever forgets a write that was under way leaves a stale one behind.
    """

    name: str
    before: Callable[[Sandbox, int], None]
    after: Callable[[Sandbox, int], None]


def opt_out(box: Sandbox, _user: int) -> None:
    box.sailthru.save_user_page(ANN, lists={"Winter": 1}, optout_email="all")


def opt_in(box: Sandbox, _user: int) -> None:
    box.sailthru.set_optout(ANN, "none")
    box.sailthru.save_user_page(ANN, lists={"Winter": 0})


def become_valuable(box: Sandbox, user: int) -> None:
    box.sailthru.set_score(ANN, 4)
    box.zendesk.create_ticket(user, subject="Where is it?")


def become_ordinary(box: Sandbox, _user: int) -> None:
    box.sailthru.set_score(ANN, 2)


def vanish(box: Sandbox, _user: int) -> None:
    box.sailthru.delete_profile(ANN)
    box.sailthru.postbacks.emit("verify", email=ANN, send_id="W1")


def come_back(box: Sandbox, _user: int) -> None:
    box.sailthru.create_profile(ANN, optout_email="basic", vars={"first_name": "Ann"})
    box.sailthru.postbacks.emit("verify", email=ANN, send_id="W1")


STORIES = (
    Story("an opt-out comes and goes", opt_out, opt_in),
    Story("a customer becomes valuable, and no longer is", become_valuable, become_ordinary),
    Story("a profile vanishes, and is made anew", vanish, come_back),
)


class Stage:
    """One telling of a story, with a death at step `fatal`, and what was left in the end."""

    def __init__(self, folder: Path, story: Story, fatal: int) -> None:
        self.clock = ManualClock()
        self.story = story
        self.steps = Steps(fatal)
        self.folder = folder
        folder.mkdir()

    def tell(self) -> dict[str, Any]:
        with Sandbox.start(now=self.clock.now) as box:
            world, user = self._linked(box)
            self.clock.move(60)
            self.story.before(box, user)
            self._work_until_dead(world)
            # The next process begins when the broker and the leases have noticed: well within a minute.
            self.clock.at = START + timedelta(seconds=600)
            self.story.after(box, user)
            world.add_process()
            world.settle(90_000)  # whoever has no profile is looked for again within a day
            return self._left(world, user)

    def _linked(self, box: Sandbox) -> tuple[World, int]:
        box.sailthru.oddities.echo = box.sailthru.oddities.ui_echo = True
        for field in USER_FIELDS:
            box.zendesk.add_user_field(field.key, field.type)
        box.sailthru.create_profile(ANN, vars={"first_name": "Ann"})
        world = World.make(self.folder, box, self.clock, create_profiles=True)
        world.listen()
        user = box.zendesk.create_user(email=ANN, tags=["vip"]).id
        world.settle(60)
        return world, user

    def _work_until_dead(self, world: World) -> None:
        world.processes[-1].worker.consumer.close()
        process = world.add_process()
        process.break_at(
            lambda ledger: BrittleLedger(ledger, self.steps),
            lambda consumer: BrittleConsumer(consumer, self.steps),
            lambda remotes: BrittleRemotes(remotes, self.steps),
        )
        try:
            world.settle(200)
        except Killed:
            process.worker.consumer.close()

    def _left(self, world: World, number: int) -> dict[str, Any]:
        user, profiles = world.box.zendesk.user(number), world.box.sailthru.profiles()
        with world.ledger.reading() as connection:
            unapplied = events.unapplied(connection, world.installation.id)
            row = zendesk_users.one(connection, world.installation.id, number)
        assert row is not None
        return {
            "unapplied": unapplied,
            "owed": row.owed,
            "fields": {key: value for key, value in user.user_fields.items() if value is not None},
            "tags": sorted(user.tags),
            "profiles": [(one.email, one.vars.get("zendesk_tags")) for one in profiles],
        }


@pytest.fixture
def stages(tmp_path: Path) -> Callable[[Story, int], Stage]:
    return lambda story, fatal: Stage(tmp_path / str(fatal), story, fatal)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_death_at_every_single_step_of_the_way_back_changes_nothing_in_the_end(
    story: Story, stages: Callable[[Story, int], Stage]
) -> None:
    alive = stages(story, 0)
    expected = alive.tell()
    assert (expected["unapplied"], expected["owed"]) == (0, False)
    assert len(alive.steps.taken) > 10

    for fatal, name in enumerate(alive.steps.taken, 1):
        left = stages(story, fatal).tell()
        assert left == expected, f"a death at step {fatal}, {name}"
