"""RabbitMQ goes and comes back during intake: every answer stays 2xx, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.services.rabbitmq import RabbitServer
from tests.services.waiting import wait_until
from tests.system.accounts import Accounts, Bustle
from tests.system.conftest import Open

pytestmark = [pytest.mark.system, pytest.mark.rabbitmq, pytest.mark.slow]

CUSTOMERS = 12
STEPS = 60


def test_rabbitmq_stopped_then_killed_during_intake_loses_nothing_that_was_accepted(
    open_bridge: Open, sqlite_url: str, own_rabbit: RabbitServer
) -> None:
    accounts = open_bridge(sqlite_url, own_rabbit.url)
    bridge, courier = accounts.bridge, accounts.box.zendesk.webhooks.courier
    courier.threads = 4
    bridge.start()
    accounts.welcome(CUSTOMERS)
    bustle = Bustle(accounts)

    for go_away in (own_rabbit.stop, own_rabbit.kill):
        bustle.go_on(STEPS)
        go_away()
        bustle.go_on(STEPS)
        accounts.box.zendesk.wait_idle(60)
        ready = bridge.get("/health/ready")
        assert (ready.status, ready.json()) == (200, {"degraded": ["broker"]})
        own_rabbit.start()
        bustle.go_on(STEPS)
        wait_until(
            lambda: bridge.get("/health/ready").json() == {"degraded": []},
            within_s=30,
            what="it is found again",
        )

    accounts.box.zendesk.wait_idle(60)
    statuses = {attempt.status for one in accounts.box.zendesk.deliveries for attempt in one.attempts}
    assert statuses == {202}
    assert any('"spooled"' in line for line in bridge.lines())
    accounts.until_settled()
    assert accounts.kept() == accounts.answered()


def is_whole(accounts: Accounts) -> bool:
    return bool(accounts.bridge.get("/health/ready").json() == {"degraded": []})
