"""Both sides tell us of our own writes: after one exchange nobody says anything any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.scenarios.story import Person, Story
from tests.scenarios.way_back import TAG, make_fields, written

ANN = "ann@example.com"


@dataclass(frozen=True)
class Cost:
    """Calls: writes to Zendesk, writes to Sailthru, readings of the profile. Zendesk is never read."""

    to_zendesk: int
    to_sailthru: int
    reads: int


CHANGES: dict[str, tuple[Callable[[Story, Person], Any], Cost]] = {
    # The person opts out: read, and written to Zendesk
    "an opt-out": (lambda story, _: story.sailthru.set_optout(ANN, "all"), Cost(1, 0, 1)),
    "a saved page": (
        lambda story, _: story.sailthru.save_user_page(ANN, lists={"Winter": 1}),
        Cost(1, 0, 1),
    ),
    "a hard bounce": (lambda story, _: story.sailthru.hard_bounce(ANN), Cost(1, 0, 1)),
    # Our own tag comes back from Zendesk, goes to Sailthru, and comes back from there
    "a high score": (lambda story, _: story.sailthru.set_score(ANN, 4), Cost(2, 1, 2)),
    "a low score": (lambda story, _: story.sailthru.set_score(ANN, 1), Cost(1, 0, 1)),
    "a var of somebody else": (lambda story, _: story.sailthru.set_vars(ANN, colour="red"), Cost(0, 0, 1)),
    "a tag": (lambda story, ann: story.zendesk.add_tags(ann.id, ["vip"]), Cost(0, 1, 1)),
    "an address": (lambda story, ann: story.zendesk.change_email(ann.id, "a@new.example"), Cost(0, 1, 1)),
    # Read at once for the agent, who is shown its last activity from now on; and once more because our own
    # push is told as a change
    "a ticket": (lambda story, ann: story.zendesk.create_ticket(ann.id), Cost(1, 1, 2)),
    "a deletion": (lambda story, ann: story.zendesk.delete_user(ann.id), Cost(0, 1, 1)),
}


def echo(story: Story) -> None:
    """Every write of ours is told back, as far as either system can."""
    story.sailthru.oddities.echo = story.sailthru.oddities.ui_echo = True
    story.zendesk.subscribe("http://127.0.0.1:9/custom-fields", ("user.custom_field_changed",))


def exchange(story: Story, seconds: float, step_s: float = 5) -> None:
    """Time passes, and all that either side tells arrives at once."""
    for _ in range(round(seconds / step_s)):
        while story.world.is_told():
            story.hear()
        story.later(step_s)


def cost(story: Story) -> Cost:
    assert [call.path for call in story.readings()] == []
    return Cost(len(written(story)), len(story.writes()), len(story.profile_reads()))


@pytest.fixture
def ann(story: Story) -> Person:
    make_fields(story)
    ann = story.person(ANN)
    echo(story)
    exchange(story, 60)
    story.forget()
    return ann


@pytest.mark.parametrize("what", CHANGES)
def test_after_any_change_there_is_one_exchange_and_then_silence(
    story: Story, ann: Person, what: str
) -> None:
    change, expected = CHANGES[what]
    change(story, ann)
    exchange(story, 120)
    assert cost(story) == expected
    story.forget()
    exchange(story, 3000, step_s=100)
    assert cost(story) == Cost(0, 0, 0)
    assert story.looks() == []
    assert story.letters() == []


def test_changes_on_both_sides_at_once_end_in_silence_too(story: Story, ann: Person) -> None:
    story.zendesk.add_tags(ann.id, ["vip"])
    story.sailthru.set_score(ANN, 4)
    story.sailthru.set_optout(ANN, "basic")
    story.zendesk.create_ticket(ann.id)
    exchange(story, 120)
    spent = cost(story)
    assert spent.to_zendesk <= 4  # fields, the user's tag, the ticket's tag, and what came a moment later
    assert spent.to_sailthru <= 4
    assert spent.reads <= 5
    assert story.vars_of(ann.sid)["zendesk_tags"] == [TAG, "vip"]
    story.forget()
    exchange(story, 3000, step_s=100)
    assert cost(story) == Cost(0, 0, 0)


def test_many_changes_of_one_customer_stay_within_what_zendesk_allows(story: Story, ann: Person) -> None:
    for n in range(36):
        story.sailthru.set_optout(ANN, ("all", "none")[n % 2])
        exchange(story, 5)
    assert cost(story).to_zendesk <= 3 * 5  # five a minute, in three minutes
    story.sailthru.set_optout(ANN, "basic")
    exchange(story, 60)
    assert story.zendesk.user(ann.id).user_fields["sailthru_optout"] == "basic"
