"""Processes die in mid-stream, each in its way, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.services.waiting import wait_until
from tests.system.accounts import Accounts, Bustle
from tests.system.running import CLOCK, CONSUMER, WEB

pytestmark = pytest.mark.system

CUSTOMERS = 24
STEPS = 150
LATENCY_S = 0.3


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "every_pair",
    [
        "embedded-sqlite",
        pytest.param("rabbitmq-postgresql", marks=[pytest.mark.rabbitmq, pytest.mark.postgresql]),
    ],
    indirect=True,
)
def test_kill_9_of_every_process_in_mid_stream_loses_nothing_and_leaves_nothing_stale(
    every_pair: Accounts,
) -> None:
    bridge, box = every_pair.bridge, every_pair.box
    box.zendesk.webhooks.courier.threads = 4
    bridge.start()
    box.sailthru.latency_s = LATENCY_S
    every_pair.welcome(CUSTOMERS)
    bustle = Bustle(every_pair)

    bustle.go_on(STEPS)
    wait_until(lambda: len(every_pair.pushes()) > CUSTOMERS // 3, within_s=30, what="pushes are under way")
    bridge.kill(CONSUMER)
    bustle.go_on(STEPS)
    accepted = len(every_pair.answered())
    wait_until(lambda: len(every_pair.answered()) > accepted + 10, within_s=30, what="deliveries come in")
    bridge.kill(WEB)
    bridge.kill(CLOCK)
    wait_until(lambda: len(refused(every_pair)) > 0, within_s=10, what="the kill hit a delivery")
    bridge.start()

    box.zendesk.wait_idle(30)
    every_pair.send_unanswered_again()
    box.zendesk.wait_idle(30)
    every_pair.until_settled(within_s=70)
    assert every_pair.kept() == every_pair.answered() == {one.event_id for one in box.zendesk.deliveries}


def refused(accounts: Accounts) -> list[str]:
    return [one.event_id for one in accounts.box.zendesk.deliveries if one.state == "given up"]


def test_sigterm_of_the_consumer_finishes_the_calls_under_way(embedded: Accounts) -> None:
    bridge, box = embedded.bridge, embedded.box
    bridge.start(WEB, CONSUMER)
    users = embedded.welcome(2)
    embedded.until_settled()
    box.sailthru.latency_s = 1.5
    box.sailthru.forget_calls()

    for user in users:
        box.zendesk.add_tags(user, ["vip"])
    wait_until(lambda: len(embedded.pushes()) == len(users), within_s=10, what="all calls are under way")
    bridge.terminate(CONSUMER)

    assert "consumer_ended" in bridge.log_of(CONSUMER)
    assert len(embedded.pushes()) == len(users)
    assert embedded.agrees()
    for user in users:
        shown = bridge.said("customers", "show", str(user))
        assert not shown["owed"]
        assert {attempt["outcome"] for attempt in shown["attempts"]} == {"confirmed"}
        assert all(attempt["finished_at"] for attempt in shown["attempts"])

    bridge.terminate(WEB)
    assert "Traceback" not in "".join(bridge.lines())
