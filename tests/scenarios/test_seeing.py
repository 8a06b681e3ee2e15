"""What an operator is shown of what happened, over the real parts: one event end to end, a push now."""

from __future__ import annotations

from typing import Any

from bridge.ledger import looking
from bridge.timeline.as_is import NOT_LINKED, Held, Reads, beside
from bridge.timeline.customer_record import customer_record
from bridge.timeline.one_event import event_story
from bridge.timeline.pushing import progress, push_now, would_send
from schemas.event import Event
from tests.scenarios.story import Story
from tests.scenarios.way_back import make_fields


def told(story: Story, event_id: str) -> dict[str, Any]:
    world = story.world
    with world.ledger.reading() as connection:
        row = looking.event(connection, world.installation.id, event_id)
        assert row is not None
        return event_story(connection, row, looking.names(connection))


def record(story: Story, number: int) -> dict[str, Any]:
    with story.world.ledger.reading() as connection:
        return customer_record(connection, story.world.installation, number)


def tag(story: Story, number: int, name: str) -> Event:
    """An agent tags a user; the event arrives and is worked off."""
    story.clock.move(60)
    story.zendesk.add_tags(number, [name])
    (event,) = story.world.told()
    story.world.publish([event])
    story.world.work()
    return event


def test_one_event_is_told_from_its_delivery_to_the_write_that_ended_it(story: Story) -> None:
    ann = story.person("ann@example.com")
    event = tag(story, ann.id, "vip")

    shown = told(story, event.id)

    assert (shown["outcome"], shown["delivery"]["way"]) == ("applied", "confirmed by the broker")
    (fact,) = [one for one in shown["facts"] if one["field"] == "tag/vip"]
    assert (fact["verdict"], fact["value"], fact["now"]) == ("first", True, "stands")
    assert shown["final_write"]["request"]["vars"]["zendesk_tags"] == ["vip"]
    assert shown["final_write"]["reply"] == {"sid": ann.sid, "email": "a…@e….com"}
    assert shown["ended"].startswith("Sailthru confirmed it, ")
    assert [one["to"] for one in shown["stages"]][-3:] == ["first call", "confirmed", "applied"]
    assert all(one["seconds"] >= 0 for one in shown["stages"])


def test_a_fact_that_a_later_event_replaced_says_by_which(story: Story) -> None:
    ann = story.person("ann@example.com")
    first = tag(story, ann.id, "vip")
    story.clock.move(60)
    story.zendesk.remove_tags(ann.id, ["vip"])
    (second,) = story.world.told()
    story.world.publish([second])
    story.world.work()
    (replaced,) = [one for one in told(story, first.id)["facts"] if one["field"] == "tag/vip"]
    (standing,) = [one for one in told(story, second.id)["facts"] if one["field"] == "tag/vip"]
    assert replaced["now"].startswith(f"superseded by {second.id}")
    assert (standing["verdict"], standing["before"], standing["before_event"]) == ("newer", True, first.id)


def test_an_event_that_waits_says_for_what(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.sailthru.fail_with(9, "busy", times=None)
    event = tag(story, ann.id, "vip")
    shown = told(story, event.id)
    assert shown["ended"].startswith("It waits for a push to Sailthru. Owed since")
    assert "later" in shown["attempts"][0]["reply"]
    assert shown["final_write"] is None


def test_push_now_writes_what_sailthru_was_thought_to_hold(story: Story) -> None:
    ann = story.person("ann@example.com", tags=["vip"])
    world = story.world
    story.sailthru.set_vars("ann@example.com", zendesk_tags=["by hand"])
    sent = would_send(record(story, ann.id))
    assert "zendesk_tags" in [one["field"] for one in sent["sailthru"]]
    assert "email" not in [one["field"] for one in sent["sailthru"]]

    since = push_now(world.ledger, world.installation.id, ann.id, operator="ada", via="command")
    with world.ledger.reading() as connection:
        assert not progress(connection, world.installation.id, ann.id, since).is_over
    world.work()
    story.later(20)

    with world.ledger.reading() as connection:
        end = progress(connection, world.installation.id, ann.id, since)
    assert (end.is_over, end.is_paid) == (True, True)
    assert len(story.writes()) == 1
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]


def test_both_systems_are_read_and_shown_beside_what_they_should_hold(story: Story) -> None:
    make_fields(story)
    ann = story.person("ann@example.com", tags=["vip"])
    world = story.world
    reads = Reads(world.ledger, world.remotes, world.clock)
    held, shown = reads.both(world.installation, ann.id, ann.sid), record(story, ann.id)
    assert differing(shown["sailthru"], held["sailthru"]) == []
    story.zendesk.set_user_field(ann.id, "sailthru_optout", "by hand")
    held = reads.both(world.installation, ann.id, ann.sid)
    assert differing(shown["zendesk"]["fields"], held["zendesk"]) == ["sailthru_optout"]

    push_now(world.ledger, world.installation.id, ann.id, operator="ada", via="command")
    story.later(60)

    held, shown = reads.both(world.installation, ann.id, ann.sid), record(story, ann.id)
    assert differing(shown["zendesk"]["fields"], held["zendesk"]) == []


def test_a_system_that_cannot_be_read_says_why(story: Story) -> None:
    ann = story.person("ann@example.com")
    world = story.world
    story.sailthru.fail_with(9, "busy", times=None)
    held = Reads(world.ledger, world.remotes, world.clock).both(world.installation, ann.id, ann.sid)
    assert held["sailthru"].problem
    assert beside([{"field": "x", "should_hold": 1}], held["sailthru"])[0]["differs"] is None
    assert not held["zendesk"].problem
    story.forget()
    reads = Reads(world.ledger, world.remotes, world.clock)
    assert reads.both(world.installation, ann.id, None)["sailthru"].problem == NOT_LINKED
    assert story.looks() == []


def differing(should: list[dict[str, Any]], held: Held) -> list[str]:
    return [one["field"] for one in beside(should, held) if one["differs"]]
