"""What no postback tells is found by the clock; and an agent who opens a ticket sees what is true now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge import facts
from bridge.clock import from_micros
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.directory import Directory
from consumers.refreshing import Refresh
from tests.scenarios.conftest import Open
from tests.scenarios.story import Story

ANN = "ann@example.com"


def clock_pass(story: Story) -> Refresh:
    world = story.world
    return Refresh(world.ledger, Directory(world.ledger, world.vault), world.clock)


def pass_time(story: Story, refresh: Refresh, hours: float) -> None:
    """The clock ticks every ten minutes."""
    for _ in range(round(hours * 6)):
        refresh.step()
        story.later(600)


def test_a_customer_who_opens_a_ticket_has_the_profile_read_at_once(story: Story) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    story.sailthru.open(ANN)
    story.sailthru.set_score(ANN, 4)
    ticket = story.zendesk.create_ticket(ann.id).id
    story.hear()
    assert [read["id"] for read in story.profile_reads()] == [ann.sid]
    assert story.fact(ann.id, facts.LAST_OPEN) is not None
    assert HIGH_VALUE_TAG in story.zendesk.ticket(ticket).tags  # the tag of the user comes too late for it
    assert story.row(ann.id).has_open


@pytest.mark.parametrize("what", ["reopened", "handed over", "told by a trigger"])
def test_a_ticket_that_comes_back_is_opened_too(story: Story, what: str) -> None:
    ann, bob = story.person(ANN), story.person("bob@example.com")
    ticket = story.zendesk.create_ticket(ann.id).id
    story.zendesk.solve(ticket)
    story.hear()
    story.later(60)
    story.forget()
    if what == "reopened":
        story.zendesk.update_ticket(ticket, status="open")
    elif what == "handed over":
        story.zendesk.update_ticket(ticket, status="open")
        story.zendesk.change_requester(ticket, bob.id)
    else:
        story.zendesk.update_ticket(ticket, status="open")
        story.world.told()
        story.publish_hint(ticket)
    story.hear()
    story.later(30)
    read = {asked["id"] for asked in story.profile_reads()}
    assert read == ({ann.sid, bob.sid} if what == "handed over" else {ann.sid})


def test_a_solved_ticket_asks_for_nothing(story: Story) -> None:
    ann = story.person(ANN)
    ticket = story.zendesk.create_ticket(ann.id).id
    story.hear()
    story.later(60)
    story.forget()
    story.zendesk.solve(ticket)
    story.hear()
    story.later(600)
    assert story.profile_reads() == []


def test_old_tickets_seen_for_the_first_time_were_not_just_opened(story: Story) -> None:
    number = story.stranger(ANN)
    story.sailthru.create_profile(ANN)
    long_ago = story.clock.now() - timedelta(days=3)
    for _ in range(3):
        story.zendesk.create_ticket(number, created_at=long_ago)
    story.world.told()
    story.clock.move(7200)
    story.world.publish([])
    rendered = story.zendesk.render("user.created", number)
    story.publish(rendered.body)
    story.world.work()
    story.later(30)
    assert len(story.profile_reads()) == 1  # because it is linked now
    assert story.row(number).opened == ()
    assert story.row(number).has_open


def test_the_first_ticket_of_somebody_unknown_is_among_those_just_opened(story: Story) -> None:
    story.sailthru.create_profile(ANN, vars={"customer_value_score": 4})
    number = story.zendesk.create_user(ANN).id
    ticket = story.zendesk.create_ticket(number).id
    story.hear()
    story.later(4)
    assert story.profile_reads() == []
    story.later(20)
    assert len(story.profile_reads()) == 1
    assert HIGH_VALUE_TAG in story.zendesk.ticket(ticket).tags
    assert HIGH_VALUE_TAG in story.zendesk.user(number).tags


def test_everybody_linked_is_read_once_a_day_and_evenly(story: Story) -> None:
    people = [story.person(f"user{n}@example.com") for n in range(24)]
    refresh = clock_pass(story)
    turns = sorted(from_micros(story.row(one.id).refresh_at or 0) for one in people)
    assert turns[-1] - turns[0] > timedelta(hours=12)
    story.forget()
    pass_time(story, refresh, 24)
    read = [asked["id"] for asked in story.profile_reads()]
    assert sorted(read) == sorted(one.sid for one in people)


def test_a_customer_with_an_open_ticket_is_read_every_hour_until_it_is_solved(story: Story) -> None:
    ann = story.person(ANN)
    refresh = clock_pass(story)
    ticket = story.zendesk.create_ticket(ann.id).id
    story.hear()
    story.later(10)
    story.forget()
    pass_time(story, refresh, 5)
    assert len(story.profile_reads()) == 5
    story.zendesk.solve(ticket)
    story.hear()
    pass_time(story, refresh, 1)
    story.forget()
    pass_time(story, refresh, 12)
    assert len(story.profile_reads()) <= 1


def test_what_only_the_clock_found_waits_for_others_to_go_along(story: Story) -> None:
    ann = story.person(ANN)
    refresh = clock_pass(story)
    row = story.row(ann.id)
    story.later((from_micros(row.refresh_at or 0) - story.clock.now()).total_seconds() - 30)
    story.sailthru.join_list(ANN, "Winter")
    refresh.step()
    story.later(31)
    before = story.row(ann.id)
    refresh.step()
    story.later(10)
    after = story.row(ann.id)
    assert "Winter" in story.fact(ann.id, facts.LISTS)
    assert after.wanted > before.wanted
    assert from_micros(after.due_at or 0) > story.clock.now() + timedelta(hours=23)


def test_two_clocks_never_read_a_profile_twice(story: Story) -> None:
    people = [story.person(f"user{n}@example.com") for n in range(5)]
    first, second = clock_pass(story), clock_pass(story)
    story.clock.move(90_000)  # all are overdue
    assert [first.step(), second.step()] == [5, 0]
    story.later(30)
    assert sorted(asked["id"] for asked in story.profile_reads()) == sorted(one.sid for one in people)


def test_a_clock_that_stood_still_does_not_ask_for_everybody_at_once(open_story: Open) -> None:
    story = open_story(create_profiles=True)
    people = [story.zendesk.create_user(f"user{n}@example.com").id for n in range(40)]
    story.hear()
    story.later(60)
    assert all(story.world.customer(number).sid for number in people)
    refresh = clock_pass(story)
    story.clock.move(90_000)
    assert [refresh.step() for _ in range(5)] == [10, 10, 10, 10, 0]
