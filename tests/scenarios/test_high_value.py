"""The tag of valuable customers: put and taken by the score alone, one call each, no other tag touched."""

from __future__ import annotations

import pytest

from tests.scenarios.conftest import Open
from tests.scenarios.story import Person, Story
from tests.scenarios.way_back import TAG, know, row, written


@pytest.fixture
def ann(story: Story) -> Person:
    return story.person("ann@example.com", tags=["vip"])


def tags(story: Story, number: int) -> list[str]:
    return sorted(story.zendesk.user(number).tags)


def test_a_customer_who_becomes_valuable_is_tagged_and_so_is_the_ticket_just_opened(
    story: Story, ann: Person
) -> None:
    # given a ticket that came in before the score was known
    ticket = story.zendesk.create_ticket(ann.id, tags=["shipping"])
    story.hear()
    story.forget()
    # when
    know(story, ann.id, score=4, opened=[ticket.id])
    story.world.work()
    # then
    assert tags(story, ann.id) == [TAG, "vip"]
    assert sorted(story.zendesk.ticket(ticket.id).tags) == [TAG, "shipping", "vip"]
    assert written(story) == [("PUT", f"tickets/{ticket.id}/tags"), ("PUT", f"users/{ann.id}/tags")]
    # and once: the ticket is not tagged again when the score is read again
    story.later(60)
    know(story, ann.id, score=4)
    story.world.work()
    assert len(written(story)) == 2


def test_below_the_boundary_the_tag_is_taken_away_and_no_other(story: Story, ann: Person) -> None:
    know(story, ann.id, score=4)
    story.world.work()
    story.later(60)
    story.forget()
    know(story, ann.id, score=3)
    story.world.work()
    assert tags(story, ann.id) == ["vip"]
    assert written(story) == [("DELETE", f"users/{ann.id}/tags")]


def test_a_customer_without_much_value_costs_no_call(story: Story, ann: Person) -> None:
    for score in (1, 2, 3, 1):
        know(story, ann.id, score=score)
        story.later(60)
    assert written(story) == []
    assert not row(story, ann.id).owed


def test_who_has_the_tag_already_is_not_tagged_again(story: Story) -> None:
    ben = story.person("ben@example.com", tags=[TAG])
    know(story, ben.id, score=4)
    story.world.work()
    assert written(story) == []


def test_a_tag_that_is_not_deserved_is_taken_away(story: Story) -> None:
    ben = story.person("ben@example.com", tags=[TAG, "vip"])
    know(story, ben.id, score=2)
    story.world.work()
    assert tags(story, ben.id) == ["vip"]


def test_one_that_an_agent_removed_comes_back_only_when_the_score_changes(open_story: Open) -> None:
    story = open_story(high_value_at=3)
    ann = story.person("ann@example.com")
    know(story, ann.id, score=4)
    story.hear()
    story.later(60)
    story.zendesk.remove_tags(ann.id, [TAG])
    story.hear()
    story.forget()
    know(story, ann.id, score=4, engagement="active")
    story.later(60)
    assert tags(story, ann.id) == []
    know(story, ann.id, score=3)
    story.later(60)
    assert tags(story, ann.id) == [TAG]
    assert written(story) == [("PUT", f"users/{ann.id}/tags")]


def test_while_no_score_is_available_the_tag_stays_as_it_is(story: Story, ann: Person) -> None:
    know(story, ann.id, score=4)
    story.hear()
    story.later(60)
    story.forget()
    know(story, ann.id, score=None)
    story.later(60)
    know(story, ann.id, score=4)
    story.later(60)
    assert tags(story, ann.id) == [TAG, "vip"]
    assert written(story) == []


def test_a_score_that_falls_before_our_own_tag_came_back_takes_it_away(story: Story, ann: Person) -> None:
    know(story, ann.id, score=4)
    story.world.work()  # and what Zendesk told of it is still on the way
    know(story, ann.id, score=1)
    story.later(60)
    assert tags(story, ann.id) == ["vip"]


def test_our_own_tag_shows_in_sailthru_by_one_push_and_then_all_is_silent(story: Story, ann: Person) -> None:
    know(story, ann.id, score=4)
    story.world.work()
    story.hear()
    assert story.vars_of(ann.sid)["zendesk_tags"] == [TAG, "vip"]
    assert len(story.writes()) == 1
    story.forget()
    story.hear()
    story.later(3_600)
    assert (story.writes(), written(story)) == ([], [])


@pytest.mark.parametrize("answer", ["ignored", "missing", "refused"])
def test_without_user_tagging_the_open_tickets_are_tagged(open_story: Open, answer: str) -> None:
    story = open_story()
    story.zendesk.oddities.user_tagging = False
    story.zendesk.oddities.tags_when_off = answer  # type: ignore[assignment]
    ann = story.person("ann@example.com")
    solved = story.zendesk.create_ticket(ann.id, status="solved")
    waiting = [story.zendesk.create_ticket(ann.id, status=status) for status in ("open", "pending")]
    story.hear()
    story.forget()
    know(story, ann.id, score=4, opened=[waiting[0].id])
    story.later(60)
    assert written(story) == [("PUT", f"tickets/{ticket.id}/tags") for ticket in waiting]
    assert [TAG in story.zendesk.ticket(one.id).tags for one in (solved, *waiting)] == [False, True, True]
    story.forget()
    know(story, ann.id, score=2)
    story.later(60)
    assert written(story) == [("DELETE", f"tickets/{ticket.id}/tags") for ticket in waiting]
    assert [TAG in story.zendesk.ticket(one.id).tags for one in waiting] == [False, False]


def test_a_ticket_that_was_solved_meanwhile_is_left_alone(story: Story, ann: Person) -> None:
    ticket = story.zendesk.create_ticket(ann.id)
    story.zendesk.solve(ticket.id)
    story.hear()
    story.forget()
    know(story, ann.id, score=4, opened=[ticket.id])
    story.later(60)
    assert written(story) == [("PUT", f"users/{ann.id}/tags")]


@pytest.mark.parametrize("status", [404, 422])
def test_a_ticket_that_takes_no_tag_stops_nobody(story: Story, ann: Person, status: int) -> None:
    ticket = story.zendesk.create_ticket(ann.id)
    story.hear()
    story.forget()
    path = f"/api/v2/tickets/{ticket.id}/tags"
    story.zendesk.faults.answer(status, {"error": "RecordInvalid"}, path=path)
    know(story, ann.id, score=4, opened=[ticket.id])
    story.later(60)
    assert tags(story, ann.id) == [TAG, "vip"]
    assert written(story).count(("PUT", f"tickets/{ticket.id}/tags")) == 1
    assert story.letters() == []
