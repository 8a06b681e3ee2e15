"""The road: retries as Zendesk does them, and disorder on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.zendesk.signing import sign
from tests.sandbox.conftest import HandClock, Receiver


@pytest.fixture
def listening(box: Sandbox, receiver: Receiver) -> Any:
    box.zendesk.oddities.retry_wait_s = 0.0
    return box.zendesk.subscribe(receiver.url, ["user.created"])


def test_what_arrives_is_signed_at_the_moment_of_sending(
    box: Sandbox, receiver: Receiver, listening: Any, clock: HandClock
) -> None:
    box.zendesk.create_user()
    box.zendesk.wait_idle()
    ((headers, body),) = receiver.received
    stamp = headers["x-zendesk-webhook-signature-timestamp"]
    assert stamp == "2026-11-22T09:55:16Z"
    assert headers["x-zendesk-webhook-signature"] == sign(listening.secret, stamp, body)
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert [attempt.status for attempt in box.zendesk.deliveries[0].attempts] == [202]
    assert box.zendesk.deliveries[0].state == "delivered"


@pytest.mark.parametrize(
    ("status", "headers", "tries", "state"),
    [
        (409, {}, 4, "terminated"),
        (503, {"Retry-After": "30"}, 6, "given up"),
        (503, {"Retry-After": "60"}, 1, "given up"),
        (503, {}, 1, "given up"),
        (429, {"Retry-After": "5"}, 6, "terminated"),
        (500, {}, 1, "given up"),
        (502, {}, 1, "given up"),
        (401, {}, 1, "terminated"),
    ],
)
def test_only_some_answers_are_tried_again(
    box: Sandbox, receiver: Receiver, listening: Any,
    status: int, headers: dict[str, str], tries: int, state: str,
) -> None:  # fmt: skip
    receiver.answer = lambda _nth: (status, headers)
    box.zendesk.create_user()
    box.zendesk.wait_idle()
    (delivery,) = box.zendesk.deliveries
    assert len(receiver.received) == len(delivery.attempts) == tries
    assert delivery.state == state


def test_a_retry_that_succeeds_ends_the_story(box: Sandbox, receiver: Receiver, listening: Any) -> None:
    receiver.answer = lambda nth: (503, {"Retry-After": "30"}) if nth == 1 else (202, {})
    box.zendesk.create_user()
    box.zendesk.wait_idle()
    assert [attempt.status for attempt in box.zendesk.deliveries[0].attempts] == [503, 202]


def test_a_retry_waits_as_long_as_it_was_asked_to(box: Sandbox, receiver: Receiver, listening: Any) -> None:
    box.zendesk.oddities.retry_wait_s = None
    receiver.answer = lambda nth: (503, {"Retry-After": "30"}) if nth == 1 else (202, {})
    box.zendesk.create_user()
    with pytest.raises(TimeoutError):
        box.zendesk.wait_idle(0.2)
    box.zendesk.flush()
    box.zendesk.wait_idle()
    assert len(receiver.received) == 2


def test_duplicates_carry_the_same_event(box: Sandbox, receiver: Receiver, listening: Any) -> None:
    box.zendesk.oddities.duplicate_every = 1
    box.zendesk.create_user()
    box.zendesk.wait_idle()
    (_, first), (_, second) = receiver.received
    assert first == second


def test_a_window_is_delivered_in_another_order(box: Sandbox, receiver: Receiver, listening: Any) -> None:
    box.zendesk.oddities.reorder_window = 20
    for _ in range(20):
        box.zendesk.create_user()
    box.zendesk.wait_idle()
    arrived = [body for _, body in receiver.received]
    told = [delivery.body for delivery in box.zendesk.deliveries]
    assert sorted(arrived) == sorted(told)
    assert arrived != told


def test_in_order_without_disorder(box: Sandbox, receiver: Receiver, listening: Any) -> None:
    for _ in range(20):
        box.zendesk.create_user()
    box.zendesk.wait_idle()
    assert [body for _, body in receiver.received] == [each.body for each in box.zendesk.deliveries]


def test_a_dropped_delivery_is_never_tried(box: Sandbox, receiver: Receiver, listening: Any) -> None:
    box.zendesk.oddities.drop_fraction = 1.0
    box.zendesk.create_user()
    box.zendesk.wait_idle()
    assert receiver.received == []
    assert box.zendesk.deliveries[0].state == "dropped"


def test_a_delay_holds_back_until_flushed(box: Sandbox, receiver: Receiver, listening: Any) -> None:
    box.zendesk.oddities.delay_s = 60
    box.zendesk.create_user()
    with pytest.raises(TimeoutError):
        box.zendesk.wait_idle(0.1)
    box.zendesk.flush()
    box.zendesk.wait_idle()
    assert len(receiver.received) == 1
