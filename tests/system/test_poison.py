"""One message kills whoever works on it; its neighbours hardly notice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.services.waiting import wait_until
from tests.system.accounts import Accounts
from tests.system.running import CLOCK, CONSUMER, WEB

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.rabbitmq, pytest.mark.timeout(240)]

SCRIPT = str(Path(__file__).with_name("poisoned.py"))
CUSTOMERS = 6
NEIGHBOURS = 40
MOST_OFTEN = 7  # a hand of 64 at most, halved by each death


@pytest.mark.parametrize("every_pair", ["rabbitmq-sqlite"], indirect=True)
def test_a_poison_message_ends_as_a_dead_letter_and_takes_no_neighbour_along(every_pair: Accounts) -> None:
    bridge, zendesk = every_pair.bridge, every_pair.box.zendesk
    bridge.start(WEB)
    users = every_pair.welcome(CUSTOMERS)
    for number in range(NEIGHBOURS):
        zendesk.add_tags(users[number % CUSTOMERS], [f"tag{number}"])
        if number == NEIGHBOURS // 2:
            zendesk.wait_idle(30)
            assert every_pair.send(every_pair.invent(users[0], tag="arsenic")).status == 202
    zendesk.wait_idle(30)
    bridge.use_script(CONSUMER, SCRIPT, "consumer")
    bridge.use_script(CLOCK, SCRIPT, "clock")
    deaths = Counter({CONSUMER: -1, CLOCK: -1})  # the first start follows no death

    wait_until(lambda: is_over(every_pair, deaths), within_s=90, what="poison and clock have met")
    every_pair.until_settled()

    (letter,) = bridge.said("dead", "list")
    assert (letter["reason"], letter["type"], letter["lane"]) == ("given_up", "user.tags_changed", "zendesk")
    poison = bridge.said("dead", "show", str(letter["id"]))["event"]
    taken = times_taken(every_pair)
    assert taken.pop(poison) == deaths[CONSUMER]
    assert set(taken) == every_pair.answered() == every_pair.kept()
    assert max(taken.values()) <= MOST_OFTEN
    assert deaths[CLOCK] == 1


def is_over(accounts: Accounts, deaths: Counter[str]) -> bool:
    """Start whoever has died, as a supervisor does; over when the clock has died of it, too, and all work."""
    for name in (CONSUMER, CLOCK):
        if not accounts.bridge.processes[name].is_running():
            deaths[name] += 1
            accounts.bridge.processes[name].start()
    return deaths[CLOCK] >= 1 and has_started(accounts, CLOCK) and has_started(accounts, CONSUMER)


def has_started(accounts: Accounts, name: str) -> bool:
    return f'"{name}_started"' in accounts.bridge.log_of(name)


def times_taken(accounts: Accounts) -> Counter[str]:
    """How often the consumers took each event."""
    said: list[dict[str, Any]] = [json.loads(line) for line in accounts.bridge.lines()]
    return Counter(line["event_id"] for line in said if line.get("action") == "taken")
