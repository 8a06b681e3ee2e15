"""What every broker promises, held against all of them: embedded on both databases, and RabbitMQ."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bridge.broker.contract import DEAD_QUEUES, DELIVERY_LIMIT, LANES, QUEUES, Broker, Consumer
from tests.contracts.brokers import BrokerHouse, bodies, drained, every_house, houses, outgoing
from tests.services.waiting import wait_until


@pytest.fixture(params=houses())
def broker_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerHouse]:
    yield from every_house(request, tmp_path)


@pytest.fixture
def broker(broker_house: BrokerHouse) -> Broker:
    opened = broker_house.open()
    opened.declare()
    return opened


def depth_of(broker: Broker, queue: str) -> int:
    return {each.queue: each.depth for each in broker.depths()}[queue]


def test_what_is_published_is_taken_with_its_lane_and_body(broker: Broker) -> None:
    broker.publisher().publish(outgoing(1, body=b'{"text":"\xc3\xa9\x00"}'))

    [message] = broker.consumer().take(5)

    assert (message.lane, message.body, message.deliveries) == ("zendesk", b'{"text":"\xc3\xa9\x00"}', 1)


def test_a_body_of_a_mebibyte_arrives_whole(broker: Broker) -> None:
    body = bytes(range(256)) * 4096
    broker.publisher().publish(outgoing(1, body=body))

    [message] = broker.consumer().take(10)

    assert message.body == body


def test_a_take_from_empty_queues_waits_only_as_long_as_it_was_told(broker: Broker) -> None:
    consumer = broker.consumer()
    began = time.monotonic()

    assert not consumer.take(0.2)

    assert 0.2 <= time.monotonic() - began < 3


def test_a_waiting_consumer_gets_the_first_message_at_once(broker: Broker) -> None:
    consumer, publisher = broker.consumer(), broker.publisher()
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(consumer.take, 20)
        wait_until(taking.running, within_s=5, what="the consumer waits")
        began = time.monotonic()
        publisher.publish(outgoing(1))

        assert bodies(taking.result()) == [b"zendesk-1"]
        assert time.monotonic() - began < 5


def test_an_acknowledged_message_is_gone(broker_house: BrokerHouse, broker: Broker) -> None:
    broker.publisher().publish(outgoing(1))
    consumer = broker.consumer()
    consumer.acknowledge(consumer.take(5))
    consumer.close()

    assert not broker_house.open().consumer().take(0.3)
    assert depth_of(broker, "bridge.zendesk") == 0


def test_an_unacknowledged_message_comes_back_one_delivery_older(broker: Broker) -> None:
    broker.publisher().publish(outgoing(1))
    first = broker.consumer()
    [message] = first.take(5)
    first.close()

    [again] = broker.consumer().take(5)

    assert (again.body, again.deliveries) == (message.body, 2)


def test_what_a_consumer_lets_go_of_comes_to_itself_again(broker: Broker) -> None:
    broker.publisher().publish(outgoing(1))
    consumer = broker.consumer()
    consumer.take(5)

    consumer.let_go()

    [again] = consumer.take(5)
    assert again.deliveries == 2
    consumer.acknowledge([again])
    assert not consumer.take(0.2)


def test_a_message_in_hand_is_given_to_nobody_else(broker_house: BrokerHouse, broker: Broker) -> None:
    broker.publisher().publish(outgoing(1))
    holder = broker.consumer()
    assert len(holder.take(5)) == 1

    assert not broker_house.open().consumer().take(0.3)


def test_a_stale_acknowledgement_harms_nothing(broker: Broker) -> None:
    for number in range(2):
        broker.publisher().publish(outgoing(number))
    consumer = broker.consumer()
    stale = consumer.take(5)
    consumer.let_go()

    consumer.acknowledge(stale)

    assert {message.body for message in drained(consumer, 1)} <= {b"zendesk-0", b"zendesk-1"}


def test_one_message_is_in_hand_at_first_and_twice_as_many_after_each_full_batch(broker: Broker) -> None:
    publisher, consumer = broker.publisher(), broker.consumer()
    for number in range(31):
        publisher.publish(outgoing(number))
    batches: list[int] = []

    taken = drained(consumer, 31, batches=batches)

    assert bodies(taken) == [b"zendesk-%d" % number for number in range(31)]
    assert batches[0] == 1
    assert all(size <= 2**step for step, size in enumerate(batches))
    assert max(batches) >= 4


def test_a_failed_batch_makes_the_consumer_cautious_again(broker: Broker) -> None:
    publisher, consumer = broker.publisher(), broker.consumer()
    for number in range(20):
        publisher.publish(outgoing(number))
    drained(consumer, 7)

    consumer.let_go()

    assert len(consumer.take(5)) == 1


def test_the_agent_lane_is_served_before_a_backlog(broker: Broker) -> None:
    publisher, consumer = broker.publisher(), broker.consumer()
    for number in range(10):
        publisher.publish(outgoing(number))
    publisher.publish(outgoing(1, lane="agent"))

    assert bodies(consumer.take(5)) == [b"agent-1"]


def test_every_lane_is_served(broker: Broker) -> None:
    publisher = broker.publisher()
    for lane in LANES:
        publisher.publish(outgoing(1, lane=lane))

    assert {message.lane for message in drained(broker.consumer(), 3)} == set(LANES)


def test_a_lane_is_backlogged_while_a_take_leaves_some_and_no_longer(broker: Broker) -> None:
    publisher, consumer = broker.publisher(), broker.consumer()
    for number in range(3):
        publisher.publish(outgoing(number))
    assert not consumer.is_backlogged("zendesk")

    consumer.acknowledge(consumer.take(5))
    assert consumer.is_backlogged("zendesk")
    assert not consumer.is_backlogged("sailthru")

    drained(consumer, 2)
    consumer.take(0.1)
    assert not consumer.is_backlogged("zendesk")


def test_every_publish_of_many_threads_is_kept(broker: Broker) -> None:
    publisher = broker.publisher()

    def publish_a_hundred(thread: int) -> None:
        for number in range(100):
            publisher.publish(outgoing(thread * 100 + number))

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(publish_a_hundred, range(32)))

    taken = drained(broker.consumer(), 3200)
    assert {message.body for message in taken} == {b"zendesk-%d" % number for number in range(3200)}


def test_two_consumers_share_the_work(broker_house: BrokerHouse, broker: Broker) -> None:
    publisher = broker.publisher()
    for number in range(200):
        publisher.publish(outgoing(number))
    consumers = [broker.consumer(), broker_house.open().consumer()]

    with ThreadPoolExecutor(2) as pool:
        shares = list(pool.map(take_until_empty, consumers))

    assert sorted(shares[0] + shares[1]) == sorted(b"zendesk-%d" % number for number in range(200))


def take_until_empty(consumer: Consumer) -> list[bytes]:
    found: list[bytes] = []
    while taken := consumer.take(1):
        found += bodies(taken)
        consumer.acknowledge(taken)
    return found


def test_what_comes_back_too_often_ends_in_the_dead_queue_alone(broker: Broker) -> None:
    publisher = broker.publisher()
    for number in range(3):
        publisher.publish(outgoing(number))
    deliveries = []
    consumer = broker.consumer()
    while (taken := consumer.take(5)) and taken[0].body == b"zendesk-0":
        deliveries.append(taken[0].deliveries)
        consumer.let_go()
    consumer.acknowledge(taken)

    assert deliveries == list(range(1, DELIVERY_LIMIT + 2))
    assert taken[0].body == b"zendesk-1"
    assert bodies(drained(consumer, 1)) == [b"zendesk-2"]
    wait_until(
        lambda: depth_of(broker, "bridge.zendesk.dead") == 1, within_s=10, what="the message is given up"
    )
    assert depth_of(broker, "bridge.zendesk") == 0


@pytest.fixture
def given_up(broker: Broker) -> Broker:
    broker.publisher().publish(outgoing(1))
    consumer = broker.consumer()
    while consumer.take(1):
        consumer.let_go()
    consumer.close()
    wait_until(
        lambda: depth_of(broker, "bridge.zendesk.dead") == 1, within_s=10, what="the message is given up"
    )
    return broker


def test_a_given_up_message_can_be_read_and_settled(given_up: Broker) -> None:
    [message] = given_up.given_up(10)
    assert (message.lane, message.body) == ("zendesk", b"zendesk-1")
    # RabbitMQ 4 goes on counting where the first queue ended; 3.10 and the embedded broker begin anew.
    assert message.deliveries in (1, DELIVERY_LIMIT + 2)

    given_up.settle_given_up([message])

    assert not given_up.given_up(10)
    assert depth_of(given_up, "bridge.zendesk.dead") == 0


def test_a_given_up_message_that_is_not_settled_stays(broker_house: BrokerHouse, given_up: Broker) -> None:
    reader = broker_house.open()
    assert len(reader.given_up(10)) == 1
    reader.close()

    wait_until(
        lambda: depth_of(given_up, "bridge.zendesk.dead") == 1, within_s=5, what="it is in the queue again"
    )
    assert bodies(given_up.given_up(10)) == [b"zendesk-1"]


def test_depths_name_every_queue_with_no_consumer_running(broker: Broker) -> None:
    for number in range(4):
        broker.publisher().publish(outgoing(number, lane="sailthru"))

    wait_until(lambda: depth_of(broker, "bridge.sailthru") == 4, within_s=5, what="four wait")

    assert [each.queue for each in broker.depths()] == [*QUEUES, *DEAD_QUEUES]
    assert depth_of(broker, "bridge.zendesk") == 0


def test_declaring_twice_changes_nothing(broker_house: BrokerHouse, broker: Broker) -> None:
    broker.publisher().publish(outgoing(1))

    broker_house.open().declare()

    assert bodies(broker.consumer().take(5)) == [b"zendesk-1"]
