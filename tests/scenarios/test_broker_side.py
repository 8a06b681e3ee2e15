"""What comes off the broker: one bad message hurts nobody else, and none is lost without a trace."""

from __future__ import annotations

import json
from dataclasses import replace

from bridge.broker.contract import DELIVERY_LIMIT, Outgoing
from bridge.broker.embedded import EmbeddedBroker
from bridge.directory import Directory
from consumers.last_tries import LastTries
from consumers.verdicts import MOST_BUGS
from schemas.event import Event
from tests.consumers.world import START
from tests.scenarios.story import Person, Story


def tag_event(story: Story, person: Person, name: str) -> Event:
    story.clock.move(2)
    story.zendesk.add_tags(person.id, [name])
    (event,) = story.world.told()
    return event


def guilty(event: Event) -> Event:
    """An event that passed the door in an older version, and that no ledger can store."""
    user = {**event.data["user"], "email": "lone\ud800@example.com"}
    return replace(event, id="guilty", data={**event.data, "user": user})


def publish_raw(story: Story, body: bytes, name: str = "raw") -> None:
    publisher = EmbeddedBroker(story.world.ledger).publisher()
    publisher.publish(Outgoing("zendesk", body, name, "user.tags_changed", "acme", START))
    publisher.close()


def test_the_guilty_event_of_a_batch_hurts_nobody_else(story: Story) -> None:
    # Given a hand that has grown, and one event among others that the ledger refuses
    people = [story.person(f"user{n}@example.com") for n in range(8)]
    story.world.publish([tag_event(story, person, "warm") for person in people])
    story.world.work()
    bad = guilty(tag_event(story, people[0], "bad"))
    good = [tag_event(story, person, "good") for person in people]
    story.world.publish([*good[:4], bad, *good[4:]])
    story.world.work()
    # Then all the others are in Sailthru at once
    for person in people:
        assert "good" in story.vars_of(person.sid)["zendesk_tags"]
    # And the guilty one is tried alone, now and then, until it is a dead letter
    assert story.letters() == []
    story.later(600)
    (letter,) = story.letters()
    assert (letter.reason, letter.event_id, letter.attempts) == ("bug", "guilty", MOST_BUGS)
    assert letter.data["event"] == bad.to_bytes().decode()
    assert [depth.depth for depth in story.world.depths()] == [0] * 6


def test_an_event_of_an_unknown_version_is_kept_as_a_dead_letter(story: Story) -> None:
    ann = story.person("ann@example.com")
    event = tag_event(story, ann, "vip")
    newer = json.loads(event.to_bytes()) | {"v": 99, "id": "from-the-future"}
    publish_raw(story, json.dumps(newer).encode())
    story.world.publish([event])
    story.world.work()
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    (letter,) = story.letters()
    assert letter.reason == "unreadable"
    assert "version 99" in letter.error
    assert letter.installation_id == story.world.installation.id
    # The same message again is the same letter
    publish_raw(story, json.dumps(newer).encode())
    story.world.work()
    assert len(story.letters()) == 1


def give_up(story: Story, body: bytes) -> EmbeddedBroker:
    """The broker gives a message up: each consumer that took it died."""
    publish_raw(story, body)
    broker = EmbeddedBroker(story.world.ledger)
    for _ in range(DELIVERY_LIMIT + 1):
        consumer = broker.consumer()
        consumer.take(0)
        consumer.let_go()
    assert broker.consumer().take(0) == ()
    assert {depth.queue: depth.depth for depth in broker.depths()}["bridge.zendesk.dead"] == 1
    return broker


def last_tries(story: Story, broker: EmbeddedBroker) -> None:
    world = story.world
    LastTries(world.ledger, Directory(world.ledger, world.vault), broker, world.clock).step()
    assert [depth.depth for depth in broker.depths()] == [0] * 6
    world.work()


def test_what_the_broker_gave_up_is_tried_once_more_alone(story: Story) -> None:
    ann = story.person("ann@example.com")
    event = tag_event(story, ann, "vip")
    last_tries(story, give_up(story, event.to_bytes()))
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.letters() == []
    assert [letter.reason for letter in story.letters("closed")] == ["given_up"]


def test_what_fails_on_its_last_try_is_a_dead_letter_with_the_event_in_it(story: Story) -> None:
    ann = story.person("ann@example.com")
    bad = guilty(tag_event(story, ann, "vip"))
    last_tries(story, give_up(story, bad.to_bytes()))
    (letter,) = story.letters()
    assert (letter.reason, letter.event_id) == ("given_up", "guilty")
    assert letter.data["event"] == bad.to_bytes().decode()
    assert story.vars_of(ann.sid)["zendesk_tags"] == []


def test_an_unreadable_message_that_was_given_up_leaves_a_dead_letter(story: Story) -> None:
    last_tries(story, give_up(story, b"no event at all"))
    (letter,) = story.letters()
    assert letter.reason == "unreadable"
    assert letter.data["body"] == "no event at all"
