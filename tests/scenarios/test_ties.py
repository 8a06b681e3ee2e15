"""Two things within a second, and nobody can say which came last: read again, and that settles it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.event import Event
from tests.scenarios.story import Person, Story


def tag_events(story: Story, ann: Person) -> tuple[Event, Event]:
    """A tag is added and taken away in one second; in truth it is gone."""
    story.zendesk.add_tags(ann.id, ["vip"])
    story.zendesk.remove_tags(ann.id, ["vip"])
    added, removed = story.world.told()
    return added, removed


@pytest.mark.parametrize("last", ["added", "removed"])
@pytest.mark.parametrize("greater", ["added", "removed"])
def test_the_greater_id_stands_until_a_reading_settles_it(story: Story, last: str, greater: str) -> None:
    ann = story.person("ann@example.com")
    story.clock.move(60)
    ids = {"added": "b" if greater == "added" else "a", "removed": "b" if greater == "removed" else "a"}
    added, removed = tag_events(story, ann)
    events = [replace(added, id=ids["added"]), replace(removed, id=ids["removed"])]
    if last == "added":
        events.reverse()
    for event in events:
        story.world.publish([event])
        story.world.processes[0].worker.step(0)
        story.world.processes[0].pusher.step()
    # Before anything else is done, the reading is planned already, two seconds after the event
    (wait,) = story.world.waits_of(f"user:{ann.id}")
    assert (wait.kind, (wait.due_at - added.occurred_at).total_seconds()) == ("user", 2)
    assert story.readings() == []
    story.world.work()
    assert story.vars_of(ann.sid)["zendesk_tags"] == (["vip"] if greater == "added" else [])
    # Then it is read, once, and the truth is written
    story.later(60)
    assert len(story.readings()) == 1
    assert story.vars_of(ann.sid)["zendesk_tags"] == []
    assert story.world.waits_of(f"user:{ann.id}") == []


def test_the_same_value_twice_in_a_second_is_no_tie(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.clock.move(60)
    story.zendesk.add_tags(ann.id, ["vip"])
    (event,) = story.world.told()
    story.world.publish([event, replace(event, id="another")])
    story.world.work()
    story.later(60)
    assert story.calls() == (0, 0, 1)


def test_a_reading_close_to_an_event_is_repeated(story: Story) -> None:
    # Given a change one second before the reading that a hint asked for, on a lagging replica
    ann = story.person("ann@example.com")
    story.clock.move(60)
    story.zendesk.oddities.replica_lag_s = 1.5
    story.zendesk.reactivate(ann.id, "ann@example.org")
    story.world.told()
    story.clock.move(30)
    story.zendesk.add_tags(ann.id, ["vip"])
    told = story.world.told()
    body = story.zendesk.render(
        "user.active_changed", ann.id, event={"current": True, "previous": False}
    ).body
    story.forget()
    story.clock.move(1)
    story.publish(body)
    story.world.work()
    # When it shows the tags of a moment ago, and the event of the change comes late
    story.world.publish(told)
    story.world.work()
    story.later(30)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert 2 <= len(story.readings()) <= 4


def test_a_ticket_list_and_an_event_of_one_moment_are_settled_by_reading_the_ticket(story: Story) -> None:
    # Given a ticket made just when the first reading lists the tickets, not shown by the replica yet
    story.zendesk.oddities.replica_lag_s = 1
    sid = story.sailthru.create_profile("ann@example.com")
    ann = story.stranger("ann@example.com")
    story.clock.move(30)
    ticket = story.zendesk.create_ticket(ann).id
    told = story.world.told()
    story.publish(story.zendesk.render("user.role_changed", ann, event={"current": "end-user"}).body)
    story.world.work()
    assert story.vars_of(sid)["zendesk_ticket_count"] == 0
    story.world.publish(told)
    story.world.work()
    story.later(30)
    assert story.vars_of(sid)["zendesk_ticket_count"] == 1
    assert f"/api/v2/tickets/{ticket}" in [call.path for call in story.readings()]


def test_a_late_event_about_what_a_list_left_out_long_ago_does_not_count(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.clock.move(60)
    story.zendesk.add_tags(ann.id, ["vip"])
    late = story.world.told()
    story.clock.move(60)
    story.zendesk.remove_tags(ann.id, ["vip"])
    story.world.told()
    story.clock.move(60)
    body = story.zendesk.render(
        "user.active_changed", ann.id, event={"current": True, "previous": False}
    ).body
    story.publish(body)
    story.world.work()
    story.later(10)
    story.forget()
    # When the event of the adding arrives, older than a reading that does not show the tag
    story.world.publish(late)
    story.world.work()
    story.later(60)
    assert story.vars_of(ann.sid)["zendesk_tags"] == []
    assert story.calls() == (0, 0, 0)
