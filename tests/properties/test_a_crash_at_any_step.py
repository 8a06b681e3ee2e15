"""A consumer that dies at any step, whichever it is, leaves nothing behind that the next one does not mend.

Not sampled: the way is walked once to count its steps, then once for each step with a death there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.ledger import events
from sandbox import Sandbox
from sandbox.zendesk import Zendesk
from tests.consumers.world import START, ManualClock, World
from tests.properties.brittle import BrittleConsumer, BrittleLedger, BrittleRemotes, Killed, Steps

# Minutes of steps, each with a bridge of its own; on a busy machine many of them.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]


@dataclass(frozen=True)
class Story:
    """What happens in Zendesk before and after the death.

    `after` brings values back, so that whoever forgets a write that was under way leaves a stale one behind.
    """

    name: str
    before: Callable[[Zendesk, int], None]
    after: Callable[[Zendesk, int], None]


def move_and_tag(zendesk: Zendesk, user: int) -> None:
    zendesk.change_email(user, "ann@second.example")
    zendesk.add_tags(user, ["press"])
    zendesk.create_ticket(user, subject="Where is it?")


def move_and_tag_back(zendesk: Zendesk, user: int) -> None:
    zendesk.change_email(user, "ann@first.example")
    zendesk.remove_tags(user, ["press"])


def hand_ticket_over(zendesk: Zendesk, user: int) -> None:
    """A ticket moves to somebody never seen before."""
    other = zendesk.create_user(email="bob@first.example")
    ticket = zendesk.create_ticket(user, subject="Not mine")
    zendesk.change_requester(ticket.id, other.id)


def take_ticket_back(zendesk: Zendesk, user: int) -> None:
    [ticket] = zendesk.tickets_of(zendesk.user(user).id + 1)
    zendesk.change_requester(ticket.id, user)


def delete_customer(zendesk: Zendesk, user: int) -> None:
    ticket = zendesk.create_ticket(user)
    zendesk.delete_ticket(ticket.id)
    zendesk.delete_user(user)


def reactivate_customer(zendesk: Zendesk, user: int) -> None:
    zendesk.reactivate(user, "ann@first.example")


def tag(zendesk: Zendesk, user: int) -> None:
    zendesk.add_tags(user, ["press"])


def untag(zendesk: Zendesk, user: int) -> None:
    zendesk.remove_tags(user, ["press"])


STORIES = (
    Story("a tag comes and goes", tag, untag),
    Story("a linked customer moves, and back", move_and_tag, move_and_tag_back),
    Story("a ticket changes hands, and back", hand_ticket_over, take_ticket_back),
    Story("a customer is deleted, and back", delete_customer, reactivate_customer),
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
            world = World.make(self.folder, box, self.clock, create_profiles=True)
            world.listen()
            user = box.zendesk.create_user(email="ann@first.example", tags=["vip"]).id
            world.settle(10)
            self.story.before(box.zendesk, user)
            world.publish(world.told())
            self._work_until_dead(world)
            # The next process begins when the broker and the leases have noticed: well within a minute.
            self.clock.at = START + timedelta(seconds=120)
            self.story.after(box.zendesk, user)
            world.add_process()
            world.settle(200)
            return self._left(world)

    def _work_until_dead(self, world: World) -> None:
        world.processes[-1].worker.consumer.close()
        process = world.add_process()
        process.break_at(
            lambda ledger: BrittleLedger(ledger, self.steps),
            lambda consumer: BrittleConsumer(consumer, self.steps),
            lambda remotes: BrittleRemotes(remotes, self.steps),
        )
        try:
            world.settle(30)
        except Killed:
            process.worker.consumer.close()

    def _left(self, world: World) -> dict[str, Any]:
        with world.ledger.reading() as connection:
            unapplied = events.unapplied(connection, world.installation.id)
        held = {profile.email: _essence(profile.vars) for profile in world.box.sailthru.profiles()}
        return {"unapplied": unapplied, "profiles": held}


def _essence(held: Mapping[str, Any]) -> dict[str, Any]:
    """The vars without what differs from one telling to the next: the sandbox's address."""
    tickets = held.get("zendesk_tickets") or {}
    plain = {key: {**one, "url": ""} for key, one in tickets.items() if one is not None}
    return {**held, "zendesk_tickets": plain, "zendesk_profile_url": ""}


@pytest.fixture
def stages(tmp_path: Path) -> Callable[[Story, int], Stage]:
    return lambda story, fatal: Stage(tmp_path / str(fatal), story, fatal)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_death_at_every_single_step_changes_nothing_in_the_end(
    story: Story, stages: Callable[[Story, int], Stage]
) -> None:
    alive = stages(story, 0)
    expected = alive.tell()
    assert expected["unapplied"] == 0
    assert len(alive.steps.taken) > 10

    for fatal, name in enumerate(alive.steps.taken, 1):
        left = stages(story, fatal).tell()
        assert left == expected, f"a death at step {fatal}, {name}"
