"""Two consumers at once, and a road that doubles and shuffles."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest

from tests.system.accounts import Accounts, Bustle

pytestmark = [pytest.mark.system, pytest.mark.rabbitmq, pytest.mark.postgresql]

CUSTOMERS = 16
STEPS = 200
LATENCY_S = 0.2


@pytest.mark.parametrize("every_pair", ["rabbitmq-postgresql"], indirect=True)
def test_two_consumers_on_a_shuffled_stream_end_right_and_never_push_one_customer_at_once(
    every_pair: Accounts,
) -> None:
    box, oddities = every_pair.box, every_pair.box.zendesk.oddities
    every_pair.bridge.start("web", "consumer", "consumer 2", "clock")
    every_pair.welcome(CUSTOMERS)
    every_pair.until_settled()
    box.sailthru.latency_s = LATENCY_S
    oddities.duplicate_fraction, oddities.reorder_window = 0.3, 8

    Bustle(every_pair).go_on(STEPS)
    box.zendesk.wait_idle(60)

    every_pair.until_settled()
    pushed_by = [every_pair.bridge.log_of(name).count('"push_write"') for name in ("consumer", "consumer 2")]
    assert min(pushed_by) > 0, pushed_by
    assert overlaps(every_pair) == []
    assert every_pair.kept() == every_pair.answered()


def overlaps(accounts: Accounts) -> list[str]:
    """Writes to one profile that began before the one before was answered."""
    begun = defaultdict(list)
    for call in accounts.pushes():
        begun[call.params["id"]].append(call.at)
    return [
        profile
        for profile, times in begun.items()
        for first, second in pairwise(sorted(times))
        if (second - first).total_seconds() < LATENCY_S
    ]
