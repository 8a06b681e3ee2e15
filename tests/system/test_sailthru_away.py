"""Sailthru is slow or silent: nobody else notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from sandbox import Sandbox
from sandbox.zendesk.webhooks import Rendered
from tests.services.waiting import wait_until
from tests.system.accounts import Accounts, Bustle
from tests.system.conftest import Open

pytestmark = pytest.mark.system

CUSTOMERS = 80
PARK_ABOVE = 30
SLOWEST_ANSWER_S = 1.5


@pytest.fixture
def quiet_box() -> Iterator[Sandbox]:
    with Sandbox.start(seed=12) as box:
        yield box


def test_a_silent_sailthru_holds_up_neither_the_door_nor_the_ledger_nor_another_installation(
    open_bridge: Open, sqlite_url: str, quiet_box: Sandbox
) -> None:
    silent = open_bridge(sqlite_url)
    bridge, box = silent.bridge, silent.box
    quiet = Accounts(quiet_box, bridge, name="calm")
    quiet.pair()
    bridge.start()
    users, (anna,) = silent.welcome(CUSTOMERS), quiet.welcome(1)
    quiet.until_agreed(anna)
    silent.until_settled()
    box.sailthru.faults.black_hole(path="/user", times=None)
    box.sailthru.forget_calls()
    for user in users:
        box.zendesk.add_tags(user, ["unheard"])
    wait_until(lambda: len(box.sailthru.calls) >= 20, within_s=10, what="many calls wait for an answer")

    quiet_box.zendesk.add_tags(anna, ["alone"])
    took = seconds(lambda: quiet.until_agreed(anna, within_s=15))
    kept_before = len(silent.kept())
    meanwhile = [silent.invent(users[0], tag=f"meanwhile{number}") for number in range(40)]
    answers = [seconds(partial(accepted, silent, event)) for event in meanwhile]
    wait_until(lambda: len(silent.kept()) >= kept_before + 40, within_s=8, what="their facts are kept")
    change = "[options]\ntickets_kept = 49\n"
    changed = bridge.run("installations", "set", "acme", "--from", "-", given=change)

    assert changed.status == 0, changed
    assert max(answers) < SLOWEST_ANSWER_S, max(answers)
    assert took < 2.0, took


def accepted(accounts: Accounts, event: Rendered) -> None:
    assert accounts.send(event).status == 202


def seconds(act: Callable[[], None]) -> float:
    """How long it took."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def test_a_flood_of_one_installation_is_parked_and_another_ones_event_passes_within_two_seconds(
    open_bridge: Open, sqlite_url: str, quiet_box: Sandbox
) -> None:
    flooded = open_bridge(sqlite_url, PARK_ABOVE=str(PARK_ABOVE))
    bridge = flooded.bridge
    quiet = Accounts(quiet_box, bridge, name="calm")
    quiet.pair()
    bridge.start()
    flooded.welcome(CUSTOMERS)
    (anna,) = quiet.welcome(1)
    quiet.until_agreed(anna)
    flooded.until_settled()
    flooded.box.sailthru.latency_s = 4.0

    Bustle(flooded).go_on(4 * CUSTOMERS)
    wait_until(lambda: parked(flooded) > 0, within_s=20, what="further events are parked")
    quiet_box.zendesk.add_tags(anna, ["alone"])
    took = seconds(lambda: quiet.until_agreed(anna, within_s=10))
    assert parked(flooded) > 0

    flooded.box.sailthru.latency_s = 0
    flooded.until_settled()
    assert parked(flooded) == 0
    assert took < 2.0, took


def parked(accounts: Accounts) -> int:
    lanes = {row["lane"]: row for row in accounts.bridge.said("queues")}
    return int(lanes["zendesk"]["parked"])
