"""After any change on either side both systems are silent again within one exchange, echoes and all."""

from __future__ import annotations

import pytest

from tests.scenarios.story import Person, Story
from tests.scenarios.way_back import TAG, fields_of, make_fields, written

ANN = "ann@example.com"


@pytest.fixture
def ann(story: Story) -> Person:
    make_fields(story)
    story.sailthru.oddities.echo = True
    person = story.person(ANN, tags=["vip"])
    story.later(300)
    story.forget()
    return person


def exchange(story: Story) -> None:
    """What was told arrives, and everything that follows comes to rest."""
    story.hear()
    story.later(120)


def calls(story: Story) -> tuple[int, list[tuple[str, str]], int]:
    """Reads of the profile, writes to Zendesk, writes to Sailthru, since the last time."""
    found = (len(story.profile_reads()), written(story), len(story.writes()))
    story.forget()
    return found


def is_silent(story: Story) -> bool:
    """Whether an hour passes in which nobody says anything more, whatever was told meanwhile."""
    for _ in range(3):
        exchange(story)
    story.later(3_000)
    return calls(story) == (0, [], 0) and story.readings() == []


def test_an_opt_out_in_sailthru_is_one_reading_and_one_write(story: Story, ann: Person) -> None:
    story.sailthru.set_optout(ANN, "all")
    exchange(story)
    assert calls(story) == (1, [("PUT", f"users/{ann.id}")], 0)
    assert fields_of(story, ann.id)["sailthru_optout"] == "all"
    assert story.outcomes("postback.optout") == [("applied", "")]
    assert is_silent(story)


def test_a_customer_who_becomes_valuable_is_two_writes_and_one_push_of_the_tags(
    story: Story, ann: Person
) -> None:
    story.sailthru.set_score(ANN, 4)
    story.hears_back("update", email=ANN, sid=ann.sid)
    exchange(story)
    assert calls(story) == (1, [("PUT", f"users/{ann.id}"), ("PUT", f"users/{ann.id}/tags")], 0)
    exchange(story)  # the tag comes back as an event, and is pushed; our own push comes back as a hint
    reads, back, pushes = calls(story)
    assert (back, pushes) == ([], 1)
    assert reads <= 1
    assert story.vars_of(ann.sid)["zendesk_tags"] == [TAG, "vip"]
    exchange(story)
    reads, back, pushes = calls(story)
    assert (back, pushes) == ([], 0)
    assert is_silent(story)


def test_a_tag_in_zendesk_is_one_push_and_at_most_one_reading(story: Story, ann: Person) -> None:
    story.zendesk.add_tags(ann.id, ["new"])
    exchange(story)
    _, back, pushes = calls(story)
    assert (back, pushes) == ([], 1)
    exchange(story)
    reads, back, pushes = calls(story)
    assert (back, pushes) == ([], 0)
    assert reads <= 1
    assert is_silent(story)


def test_a_ticket_of_a_valuable_customer_is_tagged_once_and_pushed_with_it(story: Story, ann: Person) -> None:
    story.sailthru.set_score(ANN, 4)
    story.hears_back("update", email=ANN, sid=ann.sid)
    for _ in range(4):
        exchange(story)
    story.forget()
    story.zendesk.create_ticket(ann.id)
    exchange(story)
    for _ in range(3):
        exchange(story)
    _, back, pushes = calls(story)
    assert [entry for entry in back if entry[1].startswith("tickets/")] == [back[0]]
    assert pushes <= 2  # the ticket, and the ticket as our tag left it
    # an unsolved ticket has its customer read by the clock, which does not run here
    assert is_silent(story)
