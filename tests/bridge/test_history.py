"""What is counted every minute, and what that makes."""

from __future__ import annotations

import pytest

from bridge.history import Counts, numbers, percentile
from bridge.queues import LaneState
from bridge.standing import lane

MINUTE = 60 * 1_000_000


def counted(minute: int, **how: object) -> Counts:
    return Counts(minute * MINUTE, **how)  # type: ignore[arg-type]


def test_what_came_is_kept_or_still_queued_and_what_went_was_kept_and_waits_no_more() -> None:
    before = counted(0, depth={"zendesk": 10}, unapplied={"zendesk": 100})
    now = counted(1, depth={"zendesk": 40}, unapplied={"zendesk": 70}, kept={"zendesk": 50})
    found = numbers(before, now)
    assert found["zendesk.in"] == 50 + 30
    assert found["zendesk.out"] == 50 + 30
    assert (found["zendesk.depth"], found["zendesk.unapplied"]) == (40, 70)
    assert (found["sailthru.in"], found["sailthru.out"]) == (0, 0)


def test_rates_are_a_minutes_however_long_the_pause_was() -> None:
    now = counted(2, kept={"zendesk": 60}, attempts={("sailthru", "confirmed"): 30, ("sailthru", "later"): 6})
    found = numbers(counted(0), now)
    assert found["zendesk.in"] == 30
    assert (found["sailthru.pushes"], found["sailthru.errors"]) == (15, 3)


@pytest.mark.parametrize("before", [None, counted(0)])
def test_with_nothing_recent_to_compare_with_nothing_flows(before: Counts | None) -> None:
    found = numbers(before, counted(6, kept={"zendesk": 60}))
    assert "zendesk.in" not in found
    assert found["zendesk.depth"] == 0


def test_the_quota_nearest_its_end_stands_for_its_system() -> None:
    found = numbers(None, counted(1, quotas=[("sailthru", 0.9), ("sailthru", 0.05), ("zendesk", 0.5)]))
    assert (found["sailthru.quota_left"], found["zendesk.quota_left"]) == (0.05, 0.5)


def test_percentiles_are_values_that_occurred() -> None:
    hundred = [float(value) for value in range(1, 101)]
    assert [percentile(hundred, 50), percentile(hundred, 99), percentile([3.0], 99)] == [50, 99, 3]


@pytest.mark.parametrize(
    ("depth", "unapplied", "came", "went", "drained_s"),
    [
        (0, 0, 5, 5, 0),
        (60, 0, 20, 50, 120),
        (0, 60, 20, 50, 120),  # kept, but not with the other system yet
        (60, 0, 50, 50, None),
        (5, 0, 50, 50, 6),  # on its way
        (60, 0, 60, 50, None),
    ],
)
def test_a_backlog_is_drained_when_more_goes_than_comes(
    depth: int, unapplied: int, came: float, went: float, drained_s: float | None
) -> None:
    state = LaneState("zendesk", depth, parked=0, owed=0, dead=0, oldest_s=0)
    latest = {"zendesk.in": came, "zendesk.out": went, "zendesk.unapplied": unapplied}
    assert lane(state, latest).drained_s == drained_s
    assert lane(state, {"zendesk.unapplied": unapplied}).drained_s == (0 if not depth + unapplied else None)
