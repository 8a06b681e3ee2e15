"""What an engineer with nothing but RabbitMQ's own pages sees of a message, and may do with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pika
import pytest

from bridge.broker.carrying import carried
from bridge.broker.contract import Outgoing
from bridge.broker.rabbitmq import RabbitBroker
from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.clock import to_micros
from bridge.ledger import dead, events, looking
from bridge.repair.replaying import replay
from sandbox import Sandbox
from schemas.agent_action import SET_OPTOUT
from schemas.event import Event
from tests.consumers.world import ManualClock, World
from tests.contracts.brokers import ARRIVED, delete_queues, outgoing
from tests.scenarios.desk import Desk
from tests.scenarios.story import Person, Story
from tests.services.rabbitmq import RabbitServer

pytestmark = pytest.mark.rabbitmq

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
Page = tuple[pika.BasicProperties, bytes]


@pytest.fixture
def broker(rabbit: RabbitServer) -> Iterator[RabbitBroker]:
    delete_queues(rabbit.url)
    with closing(RabbitBroker(RabbitAddress(rabbit.url))) as opened:
        opened.declare()
        yield opened


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    clock = ManualClock()
    with Sandbox.start(now=clock.now) as box:
        world = World.make(tmp_path, box, clock)
        world.listen()
        yield Story(world)
        world.ledger.engine.dispose()


def shown(rabbit: RabbitServer, queue: str) -> Page:
    """Take the first message of a queue, as the page's "Get messages" does, and show it."""
    with closing(pika.BlockingConnection(pika.URLParameters(rabbit.url))) as connection:
        channel = connection.channel()
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        assert method is not None, f"nothing in {queue}"
        return properties, body


def ours(properties: pika.BasicProperties) -> dict[str, Any]:
    """The headers that RabbitMQ did not add."""
    return {name: value for name, value in properties.headers.items() if not name.startswith("x-")}


def give_up(rabbit: RabbitServer, queue: str) -> None:
    """The queue's first message ends in its dead queue."""
    with closing(pika.BlockingConnection(pika.URLParameters(rabbit.url))) as connection:
        channel = connection.channel()
        method, _properties, _body = channel.basic_get(queue)
        assert method is not None, f"nothing in {queue}"
        channel.basic_nack(method.delivery_tag, requeue=False)


def move(rabbit: RabbitServer, source: str, target: str) -> None:
    """As the page's "Move messages" does: through the default exchange, with all that stands beside it."""
    with closing(pika.BlockingConnection(pika.URLParameters(rabbit.url))) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for method, properties, body in channel.consume(source, inactivity_timeout=10):
            assert method is not None, f"nothing in {source}"
            channel.basic_publish("", target, body, properties, mandatory=True)
            channel.basic_ack(method.delivery_tag)
            return


def put_back(rabbit: RabbitServer, broker: RabbitBroker, *carried_events: Outgoing) -> None:
    """RabbitMQ gives them up, and somebody puts them back."""
    publisher = broker.publisher()
    for one in carried_events:
        queue = f"bridge.{one.lane}"
        publisher.publish(one)
        give_up(rabbit, queue)
        move(rabbit, f"{queue}.dead", queue)


def work_off(story: Story, broker: RabbitBroker, count: int) -> None:
    """The consumer takes so many messages from RabbitMQ, and does what they ask for."""
    worker = replace(story.world.processes[-1].worker, consumer=broker.consumer())
    while count > 0:
        taken = worker.step(10)
        assert taken, f"{count} messages never came"
        count -= taken
    story.world.work()


def tagged(story: Story, person: Person) -> Event:
    story.clock.move(2)
    story.zendesk.add_tags(person.id, ["vip"])
    (event,) = story.world.told()
    return event


def outcome_of(story: Story, event_id: str) -> tuple[str, str]:
    with story.world.ledger.reading() as connection:
        row = looking.event(connection, story.world.installation.id, event_id)
    assert row is not None
    return row.outcome, row.reason


def test_a_message_says_what_it_is(rabbit: RabbitServer, broker: RabbitBroker) -> None:
    broker.publisher().publish(outgoing(7))
    properties, body = shown(rabbit, "bridge.zendesk")

    assert (properties.type, properties.message_id) == ("user.tags_changed", "event-7")
    assert ours(properties) == {"installation": "acme", "attempt": 1}
    assert properties.timestamp == int(ARRIVED.timestamp())
    assert (properties.content_type, properties.delivery_mode) == ("application/json", 2)
    assert properties.app_id == "sailthru-zendesk-bridge"
    assert body == b"zendesk-7"


def test_a_replay_says_how_often_it_was_tried_why_and_what_it_belongs_to(
    rabbit: RabbitServer, broker: RabbitBroker
) -> None:
    replayed = replace(outgoing(8), attempt=3, first_error="bug", trace=TRACE)
    broker.publisher().publish(replayed)
    properties, _body = shown(rabbit, "bridge.zendesk")

    assert ours(properties) == {
        "installation": "acme",
        "attempt": 3,
        "first-error": "bug",
        "traceparent": TRACE,
    }
    assert (properties.message_id, properties.type) == ("event-8", "user.tags_changed")


def test_what_an_operator_replays_says_which_try_it_is_and_why(
    rabbit: RabbitServer, broker: RabbitBroker, story: Story
) -> None:
    event = tagged(story, story.person("ann@example.com"))
    story.world.publish([event])
    story.world.work()
    letter = dead.DeadLetter(
        story.world.installation.id,
        lane="zendesk",
        type=event.type,
        reason="bug",
        error="The bridge failed to keep the event 8 times: KeyError.",
        event_id=event.id,
        attempts=8,
    )
    with story.world.ledger.writing() as connection:
        dead.bury(connection, letter, to_micros(story.clock.now()))
    (standing,) = story.letters()
    replay(story.world.ledger, broker.publisher(), standing, operator="ann")
    properties, _body = shown(rabbit, "bridge.zendesk")

    assert ours(properties) == {"installation": "acme", "attempt": 9, "first-error": "bug"}
    assert (properties.message_id, properties.type) == (event.id, event.type)


def test_a_dead_message_says_where_it_came_from_and_why(rabbit: RabbitServer, broker: RabbitBroker) -> None:
    broker.publisher().publish(outgoing(9))
    give_up(rabbit, "bridge.zendesk")
    properties, _body = shown(rabbit, "bridge.zendesk.dead")

    assert properties.headers["x-first-death-queue"] == "bridge.zendesk"
    assert properties.headers["x-first-death-reason"] == "rejected"
    assert (properties.headers["installation"], properties.message_id) == ("acme", "event-9")


def test_a_message_that_was_moved_back_by_hand_is_worked_off_and_its_letter_closed(
    rabbit: RabbitServer, broker: RabbitBroker, story: Story
) -> None:
    person = story.person("ann@example.com")
    event = tagged(story, person)
    letter = dead.DeadLetter(
        story.world.installation.id,
        lane="zendesk",
        type=event.type,
        reason="given_up",
        error="A process that took this event ended each time; the broker gave it up.",
        event_id=event.id,
    )
    with story.world.ledger.writing() as connection:
        dead.bury(connection, letter, to_micros(story.clock.now()))
    put_back(rabbit, broker, carried(event))

    work_off(story, broker, 1)

    profile = story.sailthru.by_sid(person.sid)
    assert profile is not None
    assert profile.vars["zendesk_tags"] == ["vip"]
    assert outcome_of(story, event.id) == (events.APPLIED, "")
    assert story.letters() == []


def test_of_agents_changes_that_were_moved_back_only_what_loosens_no_consent_is_sent(
    rabbit: RabbitServer, broker: RabbitBroker, story: Story
) -> None:
    desk, ann, ben = Desk(story), story.person("ann@example.com"), story.person("ben@example.com")
    story.sailthru.edit_optout(ann.sid, "all")
    looser, stricter = desk.accepts(ann, SET_OPTOUT, "none"), desk.accepts(ben, SET_OPTOUT, "all")
    put_back(rabbit, broker, carried(desk.event(looser)), carried(desk.event(stricter)))
    story.forget()

    work_off(story, broker, 2)

    assert desk.state(looser) == ("failed", "consent_changed")
    assert outcome_of(story, looser) == (events.DEAD, "consent_changed")
    assert desk.state(stricter) == ("saved", "")
    assert {one: optout_of(story, one) for one in (ann, ben)} == {ann: "all", ben: "all"}
    assert [write["id"] for write in story.writes()] == [ben.sid]
    assert story.reasons() == ["consent_changed"]


def test_a_change_that_comes_back_after_its_end_stays_ended(
    rabbit: RabbitServer, broker: RabbitBroker, story: Story
) -> None:
    desk, ann = Desk(story), story.person("ann@example.com")
    saved = desk.asks(ann, SET_OPTOUT, "all")
    story.world.work()
    story.forget()
    put_back(rabbit, broker, carried(desk.event(saved)))

    work_off(story, broker, 1)

    assert (desk.state(saved), outcome_of(story, saved)) == (("saved", ""), (events.APPLIED, ""))
    assert story.writes() == []


def optout_of(story: Story, person: Person) -> Any:
    profile = story.sailthru.by_sid(person.sid)
    return profile.optout_email if profile else None
