"""What things cost: calls to Zendesk are the scarcest thing there is."""

from __future__ import annotations

import random

import pytest

from consumers.keeping import Stirred
from tests.scenarios.conftest import Open
from tests.scenarios.story import Story

ORDINARY = {
    "a tag": lambda zendesk, number: zendesk.add_tags(number, ["vip"]),
    "an address": lambda zendesk, number: zendesk.change_email(number, "new@example.com"),
    "a ticket": lambda zendesk, number: zendesk.create_ticket(number),
    "a deletion": lambda zendesk, number: zendesk.delete_user(number),
    "a name": lambda zendesk, number: zendesk.rename(number, "Ann"),
}


@pytest.mark.parametrize("what", ORDINARY)
def test_an_ordinary_event_costs_no_call_to_zendesk_and_one_to_sailthru(story: Story, what: str) -> None:
    ann = story.person("ann@example.com")
    story.clock.move(60)
    ORDINARY[what](story.zendesk, ann.id)
    told = story.world.told()
    story.world.publish(told)
    story.world.work()
    story.later(300)
    assert story.calls() == (0, 0, 0 if what == "a name" else 1)
    # For a ticket just opened the profile is read, too: the agent is to see what is true now
    assert len(story.profile_reads()) == int(what == "a ticket")
    # And nothing when it is delivered again, at once or much later
    story.forget()
    story.world.publish(told)
    story.world.work()
    story.later(3600)
    story.world.publish(told)
    story.world.work()
    story.later(300)
    assert story.calls() == (0, 0, 0)


def test_an_event_about_nothing_we_hold_costs_nothing(story: Story) -> None:
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id).id
    story.hear()
    story.forget()
    story.clock.move(60)
    for kind in ("user.password_changed", "user.last_login_changed"):
        story.publish(story.zendesk.render(kind, ann.id).body)
    story.publish(story.zendesk.render("ticket.csat_requested", ticket).body)
    story.world.work()
    story.later(60)
    assert story.calls() == (0, 0, 0)


def test_a_backlog_of_two_hundred_events_on_one_customer_is_at_most_ten_writes(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.clock.move(60)
    for n in range(100):
        story.zendesk.add_tags(ann.id, [f"tag{n}"])
        story.zendesk.create_ticket(ann.id)
        story.clock.move(3)
    told = story.world.told()
    assert len(told) == 200
    random.Random(7).shuffle(told)
    story.world.publish(told)
    story.world.work()
    assert story.vars_of(ann.sid)["zendesk_ticket_count"] == 100
    assert len(story.vars_of(ann.sid)["zendesk_tags"]) == 100
    assert len(story.vars_of(ann.sid)["zendesk_tickets"]) == 50
    story.later(100)
    zendesk, looks, writes = story.calls()
    assert (zendesk, looks) == (0, 0)
    assert writes <= 10


def test_a_backlog_of_strangers_costs_two_readings_and_two_calls_each_at_most(open_story: Open) -> None:
    story = open_story(create_profiles=True)
    numbers = [story.stranger(f"user{n}@example.com") for n in range(20)]
    for number in numbers:
        for n in range(5):
            story.zendesk.add_tags(number, [f"tag{n}"])
        story.clock.move(1)
    story.clock.move(10)
    story.forget()
    story.hear()
    story.later(60)
    zendesk, looks, writes = story.calls()
    assert zendesk <= 20 + 1 + 20
    assert (looks, len(story.sailthru.profiles())) == (20, 20)
    assert writes <= 40


def test_our_own_write_told_back_is_no_news(story: Story) -> None:
    # An agent's tool sets what is already so; Zendesk tells it, and it ends there
    ann = story.person("ann@example.com", tags=["vip"])
    story.clock.move(60)
    event = {"added": {"tags": ["vip"]}, "removed": {"tags": []}}
    story.publish(story.zendesk.render("user.tags_changed", ann.id, event=event).body)
    story.world.work()
    story.later(60)
    assert story.calls() == (0, 0, 0)
    assert story.outcomes("user.tags_changed") == [("applied", "")]


def test_an_ordinary_event_wakes_only_those_for_whom_there_is_work(story: Story) -> None:
    stirred: list[Stirred] = []
    story.world.processes[0].worker.stirred = stirred.append
    ann = story.person("ann@example.com")
    assert {"user", "tickets"} <= stirred[0].kinds  # first sights are for the reader
    story.clock.move(60)
    stirred.clear()
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    assert stirred == [Stirred()]  # the pusher alone
    story.zendesk.create_ticket(ann.id)
    story.hear()
    assert stirred[-1] == Stirred({"profile"}, owes_zendesk=True)
