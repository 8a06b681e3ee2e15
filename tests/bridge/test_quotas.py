"""How many calls may be sent now, by the arithmetic alone."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.clock import EPOCH
from bridge.ledger.quotas import Bucket, grant
from tests.bridge.remotes.still_clock import NOW

MINUTE = timedelta(seconds=60)
limits = st.integers(min_value=2, max_value=20_000)
shares = st.sampled_from([1.0, 0.98, 0.6, 0.5, 0.1])


def new(per_minute: int) -> Bucket:
    return Bucket(per_minute, EPOCH, EPOCH)


@given(
    limits,
    shares,
    st.lists(st.tuples(st.floats(min_value=0, max_value=20), st.integers(0, 400)), max_size=80),
)
@example(per_minute=200, share=1.0, asks=[(0.0, 400), (60.0, 400), (0.5, 400)])
def test_no_minute_ever_sees_more_than_the_share(
    per_minute: int, share: float, asks: list[tuple[float, int]]
) -> None:
    bucket, now = new(per_minute), NOW
    sent: deque[tuple[datetime, int]] = deque()
    for pause_s, asked in asks:
        now += timedelta(seconds=pause_s)
        granted, next_at = grant(bucket, asked, share, now)
        bucket = replace(bucket, next_at=next_at)
        assert 0 <= granted.calls <= asked
        sent.append((now, granted.calls))
        while sent[0][0] <= now - MINUTE:
            sent.popleft()
        assert sum(calls for _, calls in sent) <= max(1.0, per_minute * share)


@settings(deadline=None, max_examples=20)
@given(st.integers(min_value=60, max_value=20_000), st.sampled_from([1.0, 0.6]))
def test_who_always_asks_gets_nearly_all_of_the_share(per_minute: int, share: float) -> None:
    bucket, now, got = new(per_minute), NOW, 0
    while now < NOW + timedelta(minutes=3):
        granted, next_at = grant(bucket, 500, share, now)
        bucket = replace(bucket, next_at=next_at)
        got += granted.calls
        now += timedelta(seconds=max(granted.wait_s, 0.05))
    assert got / 3 >= 0.75 * per_minute * share


@given(limits, shares, st.integers(1, 50))
def test_who_waits_as_told_gets_a_call(per_minute: int, share: float, asked: int) -> None:
    bucket = new(per_minute)
    granted, next_at = grant(bucket, 100_000, share, NOW)
    assert granted.calls >= 1
    bucket = replace(bucket, next_at=next_at)
    refused, next_at = grant(bucket, asked, share, NOW)
    assert refused.calls == 0
    assert refused.wait_s > 0
    then = NOW + timedelta(seconds=refused.wait_s)
    assert grant(replace(bucket, next_at=next_at), asked, share, then)[0].calls >= 1


@given(limits, st.integers(1, 40))
def test_two_takers_who_wait_as_told_are_both_served(per_minute: int, asked: int) -> None:
    bucket = new(per_minute)
    due = {"one": NOW, "other": NOW}
    got = {"one": 0, "other": 0}
    chance = random.Random(7)
    for _ in range(400):
        taker = min(due, key=lambda name: due[name])
        granted, next_at = grant(bucket, asked, 0.6, due[taker])
        bucket = replace(bucket, next_at=next_at)
        got[taker] += granted.calls
        due[taker] += timedelta(seconds=(granted.wait_s or 0.001) * chance.uniform(1.0, 1.2))
    assert min(got.values()) * 4 >= max(got.values())


def test_calls_are_spread_over_the_minute_and_not_spent_at_its_start() -> None:
    granted, _ = grant(new(18_000), 18_000, 1.0, NOW)
    assert 1 <= granted.calls <= 18_000 / 60


def test_nothing_is_granted_while_the_vendor_says_wait() -> None:
    held = Bucket(18_000, EPOCH, NOW + timedelta(seconds=7))
    granted, next_at = grant(held, 5, 1.0, NOW)
    assert (granted.calls, granted.wait_s, next_at) == (0, 7.0, EPOCH)
    assert grant(held, 5, 1.0, NOW + timedelta(seconds=7))[0].calls == 5


def test_asking_for_nothing_takes_nothing() -> None:
    granted, next_at = grant(replace(new(600), next_at=NOW), 0, 1.0, NOW)
    assert (granted.calls, granted.wait_s, next_at) == (0, 0.0, NOW)
