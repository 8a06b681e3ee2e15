"""A change in Zendesk reaches Sailthru, on every broker and database."""

from __future__ import annotations

import time

import pytest

from tests.system.accounts import Accounts

pytestmark = pytest.mark.system


def test_a_change_in_zendesk_reaches_the_profile_within_a_second_and_every_step_is_told(
    every_pair: Accounts,
) -> None:
    bridge, zendesk = every_pair.bridge, every_pair.box.zendesk
    bridge.start()
    anna, ben = every_pair.welcome(2)
    every_pair.until_settled()

    took = []
    for change in (
        lambda: zendesk.add_tags(anna, ["vip"]),
        lambda: zendesk.create_ticket(ben, subject="Question about a parcel"),
        lambda: zendesk.change_email(anna, f"anna@{every_pair.name}.example.com"),
    ):
        change()
        began = time.monotonic()
        every_pair.until_agreed(within_s=5)
        took.append(time.monotonic() - began)
    every_pair.until_settled()

    assert max(took) < 1.0, took
    attempts = [line for line in bridge.lines() if '"push_' in line]
    assert len(attempts) == len(every_pair.box.sailthru.calls)
    events = bridge.said("events", "list")
    assert {row["id"] for row in events} == every_pair.answered()
    assert {row["outcome"] for row in events} == {"applied"}
