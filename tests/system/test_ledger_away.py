"""The database goes and comes back: who can wait waits, and who cannot is told when to come again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.fixtures import _found
from tests.services.postgresql import PostgresServer, installed_postgresql
from tests.services.waiting import wait_until
from tests.system.conftest import Open
from tests.system.running import EMBEDDED

pytestmark = [pytest.mark.system, pytest.mark.postgresql]


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that these tests stop as they like."""
    server = PostgresServer(_found(installed_postgresql))
    try:
        server.start()
        yield server
    finally:
        server.remove()


def test_with_ledger_and_broker_away_deliveries_are_asked_to_come_again_in_30_seconds(
    open_bridge: Open, own_postgres: PostgresServer
) -> None:
    accounts = open_bridge(own_postgres.create_database("embedded"), EMBEDDED)
    bridge = accounts.bridge
    bridge.start()
    (anna,) = accounts.welcome(1)
    accounts.until_settled()

    own_postgres.stop()
    away = accounts.send(accounts.invent(anna))
    assert (away.status, away.headers["retry-after"]) == (503, "30")
    assert set(away.json()) == {"error"}
    ready = bridge.get("/health/ready")
    assert (ready.status, ready.json()) == (503, {"reasons": ["broker", "ledger"]})
    assert bridge.get("/health/live").status == 200
    failed = bridge.run("queues", "--json")
    assert (failed.status, failed.out) == (1, "")
    assert "bridge check" in failed.err

    own_postgres.start()
    wait_until(
        lambda: bridge.get("/health/ready").status == 200, within_s=30, what="the ledger is found again"
    )
    accounts.box.zendesk.add_tags(anna, ["back"])
    accounts.until_settled()


@pytest.mark.rabbitmq
def test_with_the_ledger_away_the_broker_takes_deliveries_and_the_consumer_goes_on_by_itself(
    open_bridge: Open, own_postgres: PostgresServer, empty_rabbit_url: str
) -> None:
    accounts = open_bridge(own_postgres.create_database("queued"), empty_rabbit_url)
    bridge, zendesk = accounts.bridge, accounts.box.zendesk
    bridge.start()
    users = accounts.welcome(4)
    accounts.until_settled()

    own_postgres.kill()
    for number in range(12):
        zendesk.add_tags(users[number % 4], [f"away{number}"])
    zendesk.wait_idle(30)
    assert accounts.answered() == {one.event_id for one in zendesk.deliveries}
    ready = bridge.get("/health/ready")
    assert (ready.status, ready.json()) == (200, {"degraded": ["ledger"]})

    own_postgres.start()
    accounts.until_settled()
    assert accounts.kept() == accounts.answered()
    assert all(process.is_running() for process in bridge.processes.values())
