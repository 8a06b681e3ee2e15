"""Consumers that are killed, for every broker: nothing is lost, and the guilty message alone is given up."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.broker.contract import DELIVERY_LIMIT
from tests.contracts.brokers import BrokerHouse, bodies, drained, every_house, houses, outgoing
from tests.services.waiting import wait_until

POISON = b"poison"


@pytest.fixture(params=houses())
def broker_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerHouse]:
    yield from every_house(request, tmp_path)


def consume_until_poisoned(broker_house: BrokerHouse, log: Path) -> None:
    """What the killed process does: writes down what it took, dies of poison, else acknowledges."""
    consumer = broker_house.open().consumer()
    with log.open("ab", buffering=0) as written:
        while taken := consumer.take(3):
            for message in taken:
                written.write(message.body + b"\n")
            if POISON in bodies(taken):
                os.kill(os.getpid(), signal.SIGKILL)
            consumer.acknowledge(taken)
    consumer.close()
    os._exit(0)


def run(broker_house: BrokerHouse, log: Path) -> int | None:
    """The process's exit code."""
    process = multiprocessing.get_context("fork").Process(
        target=consume_until_poisoned, args=(broker_house, log), daemon=True
    )
    process.start()
    process.join(30)
    return process.exitcode


def depths(broker_house: BrokerHouse) -> dict[str, int]:
    return {each.queue: each.depth for each in broker_house.open().depths()}


def test_what_a_killed_process_held_comes_back_within_seconds(
    broker_house: BrokerHouse, tmp_path: Path
) -> None:
    broker_house.open().declare()
    broker_house.open().publisher().publish(outgoing(1, body=POISON))

    assert run(broker_house, tmp_path / "log") == -signal.SIGKILL

    [again] = broker_house.open().consumer().take(5)
    assert (again.body, again.deliveries) == (POISON, 2)


def test_poison_that_kills_each_process_is_given_up_and_none_of_its_neighbours(
    broker_house: BrokerHouse, tmp_path: Path
) -> None:
    broker_house.open().declare()
    publisher = broker_house.open().publisher()
    neighbours = {b"zendesk-%d" % number for number in range(60)} | {b"sailthru-1", b"agent-1"}
    for number in range(60):
        publisher.publish(outgoing(number))
        if number == 30:
            publisher.publish(outgoing(99, body=POISON))
    publisher.publish(outgoing(1, lane="sailthru"))
    publisher.publish(outgoing(1, lane="agent"))
    log = tmp_path / "log"

    deaths = 0
    while run(broker_house, log) == -signal.SIGKILL:
        deaths += 1
        assert deaths <= DELIVERY_LIMIT + 1

    seen = Counter(log.read_bytes().split())
    assert deaths == DELIVERY_LIMIT + 1
    assert seen.pop(POISON) == deaths
    assert set(seen) == neighbours
    assert max(seen.values()) <= 7  # a hand of 64 at most, halved by each death
    wait_until(
        lambda: depths(broker_house)["bridge.zendesk.dead"] == 1, within_s=10, what="the poison is given up"
    )
    assert bodies(broker_house.open().given_up(5)) == [POISON]
    assert sum(depths(broker_house).values()) <= 1


def test_a_publisher_works_on_both_sides_of_a_fork(broker_house: BrokerHouse) -> None:
    broker = broker_house.open()
    broker.declare()
    publisher = broker.publisher()

    def publish_in_child() -> None:
        # a worker that forks opens the ledger anew; RabbitMQ's publisher it may have inherited
        inherited = publisher if broker_house.is_rabbit else broker_house.open().publisher()
        inherited.publish(outgoing(2))
        os._exit(0)

    publisher.publish(outgoing(1))
    child = multiprocessing.get_context("fork").Process(target=publish_in_child, daemon=True)
    child.start()
    child.join(20)
    publisher.publish(outgoing(3))

    assert child.exitcode == 0
    assert {message.body for message in drained(broker.consumer(), 3)} == {
        b"zendesk-1",
        b"zendesk-2",
        b"zendesk-3",
    }
