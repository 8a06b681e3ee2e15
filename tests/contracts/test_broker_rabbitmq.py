"""RabbitMQ's own troubles: killed, restarted, silent, wired wrongly."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from threading import Event

import pika
import pytest
import structlog.testing

from bridge.broker.contract import Publisher
from bridge.broker.rabbitmq import RabbitBroker
from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.errors import BadSettings, Unavailable
from tests.contracts.brokers import bodies, delete_queues, drained, outgoing
from tests.services.places import free_port
from tests.services.rabbitmq import RabbitServer
from tests.services.waiting import wait_until

pytestmark = pytest.mark.rabbitmq
HEARTBEAT_S = 2


@pytest.fixture
def broker(rabbit: RabbitServer) -> Iterator[RabbitBroker]:
    delete_queues(rabbit.url)
    with closing(RabbitBroker(RabbitAddress(rabbit.url, heartbeat_s=HEARTBEAT_S))) as opened:
        opened.declare()
        yield opened


@pytest.fixture
def own_broker(own_rabbit: RabbitServer) -> Iterator[RabbitBroker]:
    with closing(RabbitBroker(RabbitAddress(own_rabbit.url))) as opened:
        opened.declare()
        yield opened


def wait_for_more_than_two_heartbeats() -> None:
    began = time.monotonic()
    wait_until(
        lambda: time.monotonic() - began > 2 * HEARTBEAT_S + 1, within_s=20, what="two heartbeats go by"
    )


def is_published(publisher: Publisher, number: int) -> bool:
    try:
        publisher.publish(outgoing(number))
    except Unavailable:
        return False
    return True


def test_whatever_was_confirmed_is_there_after_the_broker_was_killed(
    own_rabbit: RabbitServer, own_broker: RabbitBroker
) -> None:
    publisher, numbers, is_over = own_broker.publisher(), itertools.count(), Event()
    confirmed: set[bytes] = set()

    def publish_until_over() -> None:
        while not is_over.is_set():
            number = next(numbers)
            if is_published(publisher, number):
                confirmed.add(b"zendesk-%d" % number)

    with ThreadPoolExecutor(16) as pool:
        publishing = [pool.submit(publish_until_over) for _thread in range(16)]
        wait_until(lambda: len(confirmed) > 500, within_s=20, what="intake is running")
        own_rabbit.kill()
        wait_until(publisher.is_away, within_s=10, what="the publisher knows")
        is_over.set()
    for each in publishing:
        each.result()

    own_rabbit.start()

    consumer = own_broker.consumer()
    found: set[bytes] = set()
    while not confirmed <= found:
        with suppress(Unavailable):
            taken = consumer.take(20)
            assert taken, f"{len(confirmed - found)} confirmed messages are lost"
            found |= set(bodies(taken))
            consumer.acknowledge(taken)


def test_while_the_broker_is_away_a_publish_fails_at_once_and_later_works_without_help(
    own_rabbit: RabbitServer, own_broker: RabbitBroker
) -> None:
    publisher = own_broker.publisher()
    publisher.publish(outgoing(1))
    own_rabbit.kill()
    wait_until(lambda: not is_published(publisher, 2), within_s=5, what="the loss is noticed")
    wait_until(publisher.is_away, within_s=5, what="it is known to be away")

    began = time.monotonic()
    for number in range(100):
        assert not is_published(publisher, number)
    assert time.monotonic() - began < 1

    own_rabbit.start()
    wait_until(lambda: is_published(publisher, 3), within_s=10, what="publishing works again")
    assert not publisher.is_away()


def test_a_memory_alarm_is_an_outage_that_ends_with_the_alarm(
    own_rabbit: RabbitServer, own_broker: RabbitBroker
) -> None:
    publisher = own_broker.publisher()
    publisher.publish(outgoing(1))

    own_rabbit_control(own_rabbit, "set_vm_memory_high_watermark", "0.00001")
    wait_until(lambda: not is_published(publisher, 2), within_s=10, what="RabbitMQ blocks publishers")
    began = time.monotonic()
    assert not any(is_published(publisher, number) for number in range(50))
    assert time.monotonic() - began < 1

    own_rabbit_control(own_rabbit, "set_vm_memory_high_watermark", "0.4")
    wait_until(lambda: is_published(publisher, 3), within_s=10, what="publishing works again")


def own_rabbit_control(server: RabbitServer, *words: str) -> None:
    """Do what an operator would with rabbitmqctl."""
    node = server._environment["RABBITMQ_NODENAME"]
    command = ["/usr/lib/rabbitmq/bin/rabbitmqctl", "--node", node, *words]
    subprocess.run(
        server.installation.command(command, server._folder),
        env=server._environment,
        check=True,
        capture_output=True,
    )


def test_a_consumer_goes_on_after_a_restart_and_a_tag_of_before_kills_nobody(
    own_rabbit: RabbitServer, own_broker: RabbitBroker
) -> None:
    own_broker.publisher().publish(outgoing(1))
    consumer = own_broker.consumer()
    stale = consumer.take(10)
    own_rabbit.restart()

    consumer.acknowledge(stale)

    again: list[bytes] = []
    while not again:
        with suppress(Unavailable):
            again = bodies(taken := consumer.take(20))
            consumer.acknowledge(taken)
    assert again == [b"zendesk-1"]


def test_a_take_says_that_the_broker_is_away_only_after_its_time(own_rabbit: RabbitServer) -> None:
    address = RabbitAddress(f"amqp://guest:guest@127.0.0.1:{free_port()}/%2F")
    with closing(RabbitBroker(address)) as nowhere:
        consumer = nowhere.consumer()
        began = time.monotonic()
        with pytest.raises(Unavailable, match="broker"):
            consumer.take(0.5)
        assert time.monotonic() - began >= 0.5


def test_a_publisher_that_was_idle_past_twice_the_heartbeat_publishes_at_once(broker: RabbitBroker) -> None:
    publisher = broker.publisher()
    publisher.publish(outgoing(1))

    wait_for_more_than_two_heartbeats()

    publisher.publish(outgoing(2))
    assert bodies(drained(broker.consumer(), 2)) == [b"zendesk-1", b"zendesk-2"]


def test_a_consumer_busy_past_twice_the_heartbeat_can_still_acknowledge(broker: RabbitBroker) -> None:
    broker.publisher().publish(outgoing(1))
    consumer = broker.consumer()
    taken = consumer.take(5)

    wait_for_more_than_two_heartbeats()
    consumer.acknowledge(taken)

    assert not consumer.take(0.3)
    consumer.close()
    assert broker.depths()[1].depth == 0


def test_a_message_that_no_queue_takes_is_refused_and_the_others_are_not(
    rabbit: RabbitServer, broker: RabbitBroker
) -> None:
    publisher = broker.publisher()
    publisher.publish(outgoing(1))
    with closing(pika.BlockingConnection(pika.URLParameters(rabbit.url))) as connection:
        connection.channel().queue_delete("bridge.sailthru")

    with ThreadPoolExecutor(8) as pool:
        lost = [pool.submit(publisher.publish, outgoing(number, lane="sailthru")) for number in range(20)]
        kept = [pool.submit(publisher.publish, outgoing(number)) for number in range(20)]

    for each in lost:
        with pytest.raises(Unavailable, match=r"bridge\.sailthru"):
            each.result()
    assert [each.result() for each in kept] == [None] * 20


def test_a_queue_made_otherwise_is_named_with_the_command_that_mends_it(rabbit: RabbitServer) -> None:
    delete_queues(rabbit.url)
    with closing(pika.BlockingConnection(pika.URLParameters(rabbit.url))) as connection:
        connection.channel().queue_declare("bridge.zendesk", durable=True)
        connection.channel().queue_declare(
            "bridge.agent", durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": 3}
        )

    with closing(RabbitBroker(RabbitAddress(rabbit.url))) as broker, pytest.raises(BadSettings) as bad:
        broker.declare()

    assert [fault.split()[2] for fault in bad.value.faults] == ["bridge.agent", "bridge.zendesk"]
    assert "rabbitmqctl delete_queue --vhost / bridge.zendesk" in bad.value.faults[1]
    delete_queues(rabbit.url)


def test_a_wrong_password_is_a_bad_setting_and_is_never_shown(rabbit: RabbitServer) -> None:
    url = rabbit.url.replace("guest:guest", "guest:hunter2")
    with closing(RabbitBroker(RabbitAddress(url))) as broker, structlog.testing.capture_logs() as logs:
        with pytest.raises(BadSettings, match="password") as bad:
            broker.declare()
        with pytest.raises(Unavailable) as away:
            broker.publisher().publish(outgoing(1))

    assert "hunter2" not in f"{bad.value} {away.value} {logs} {RabbitAddress(url)!r}"


def test_an_address_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(BadSettings) as bad:
        RabbitAddress("amqp://user:pa/ss:word@host:x/").parameters("test")

    assert "word" not in str(bad.value).replace("password", "")
    assert bad.value.__cause__ is None


def test_nobody_listening_is_an_outage_and_not_a_bad_setting() -> None:
    address = RabbitAddress(f"amqp://guest:guest@127.0.0.1:{free_port()}/%2F")
    with closing(RabbitBroker(address)) as broker:
        with pytest.raises(Unavailable):
            broker.declare()
        with pytest.raises(Unavailable):
            broker.depths()
