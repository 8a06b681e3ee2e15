"""What goes wrong on purpose: errors, cut connections, silence, requests held back, quotas."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests
from sailthru.sailthru_client import SailthruClient
from sailthru.sailthru_error import SailthruClientError

from sandbox import Sandbox
from tests.sandbox.conftest import HandClock, Receiver

ANN = "ann@example.com"


def test_the_next_answer_is_an_error_and_the_one_after_is_true(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.fail_with(9, "Internal error")
    first, second = (client.api_post("user", {"id": ANN}) for _ in range(2))
    assert (first.get_status_code(), first.get_body()["error"]) == (500, 9)
    assert second.is_ok()


def test_an_error_may_come_with_status_200(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.oddities.errors_status = 200
    assert client.api_get("user", {"id": ANN, "key": "email"}).get_status_code() == 200


@pytest.mark.parametrize("applied", [True, False])
def test_a_cut_connection_may_hide_a_write_that_was_made(
    box: Sandbox, client: SailthruClient, applied: bool
) -> None:
    box.sailthru.faults.reset(applied=applied)
    with pytest.raises(SailthruClientError):
        client.api_post("user", {"id": ANN})
    assert (box.sailthru.profile(ANN) is not None) is applied
    assert [call.status for call in box.sailthru.calls] == [0]


@pytest.mark.parametrize("applied", [True, False])
def test_a_black_hole_never_answers(box: Sandbox, applied: bool) -> None:
    account = box.sailthru.account
    client = SailthruClient(account.api_key, account.api_secret, box.sailthru.url, request_timeout=0.3)
    box.sailthru.faults.black_hole(applied=applied)
    with pytest.raises(SailthruClientError):
        client.api_post("user", {"id": ANN})
    assert (box.sailthru.profile(ANN) is not None) is applied


def test_a_fault_waits_for_the_request_it_is_meant_for(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.faults.answer(503, method="POST", path="/user")
    assert client.api_get("settings", {}).is_ok()
    assert client.api_post("user", {"id": ANN}).get_status_code() == 503
    assert box.sailthru.profile(ANN) is None


def test_a_fault_without_an_end_lasts_until_cleared(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.fail_with(9, times=None)
    assert {client.api_get("settings", {}).get_status_code() for _ in range(3)} == {500}
    box.sailthru.faults.clear()
    assert client.api_get("settings", {}).is_ok()


def test_a_held_write_lands_after_the_client_gave_up(box: Sandbox) -> None:
    account = box.sailthru.account
    client = SailthruClient(account.api_key, account.api_secret, box.sailthru.url, request_timeout=0.3)
    held = box.sailthru.hold()
    with pytest.raises(SailthruClientError):
        client.api_post("user", {"id": ANN, "vars": {"a": 1}})
    assert held.wait_arrived().path == "/user"
    assert box.sailthru.profile(ANN) is None
    client.api_post("user", {"id": ANN, "vars": {"a": 2}})
    held.release()
    profile = box.sailthru.profile(ANN)
    assert profile is not None
    assert profile.vars == {"a": 1}
    with pytest.raises(RuntimeError):
        held.release()


def test_a_held_write_is_answered_when_released(box: Sandbox, client: SailthruClient) -> None:
    held = box.sailthru.hold("POST", "/user")
    replies: list[Any] = []
    asking = threading.Thread(target=lambda: replies.append(client.api_post("user", {"id": ANN})))
    asking.start()
    held.wait_arrived()
    held.release()
    asking.join(5)
    assert replies[0].is_ok()


def test_the_quota_is_counted_per_minute_endpoint_and_method(
    box: Sandbox, client: SailthruClient, clock: HandClock
) -> None:
    box.sailthru.quota.limits["POST /user"] = 2
    replies = [client.api_post("user", {"id": ANN}) for _ in range(3)]
    assert [reply.get_status_code() for reply in replies] == [200, 200, 429]
    assert replies[2].get_body()["error"] == 43
    reset = int(clock().timestamp()) // 60 * 60 + 60
    assert client.get_last_rate_limit_info("user", "POST") == {
        "limit": 2,
        "remaining": 0,
        "reset": reset,
    }
    assert client.api_get("user", {"id": ANN, "key": "email"}).is_ok()
    assert box.sailthru.quota.refused == 1
    clock.move(44)
    assert client.api_post("user", {"id": ANN}).is_ok()


def test_calls_are_logged_with_their_request_object(box: Sandbox, client: SailthruClient) -> None:
    client.api_post("user", {"id": ANN, "vars": {"a": 1}})
    client.api_get("settings", {})
    call = box.sailthru.calls[0]
    assert (call.method, call.path, call.status) == ("POST", "/user", 200)
    assert call.params == {"id": ANN, "vars": {"a": 1}}
    assert [box.sailthru.calls.count("POST"), box.sailthru.calls.count(path="/set*")] == [1, 1]
    box.sailthru.calls.forget()
    assert box.sailthru.calls.count() == 0


def test_an_opt_out_on_a_hosted_page_sends_a_postback(box: Sandbox, receiver: Receiver) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.subscribe(receiver.url)
    box.sailthru.set_optout(ANN, "all")
    box.sailthru.postbacks.courier.wait_idle()
    ((headers, body),) = receiver.received
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert b"action=optout" in body
    profile = box.sailthru.profile(ANN)
    assert profile is not None
    assert profile.optout_email == "all"


def test_a_hundred_slow_answers_wait_side_by_side(box: Sandbox) -> None:
    box.sailthru.latency_s = 0.5
    url = f"{box.sailthru.url}/settings"
    threads = [threading.Thread(target=requests.get, args=(url,), kwargs={"timeout": 10}) for _ in range(100)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(box.sailthru.calls) == 100
    assert time.monotonic() - started < 100 * 0.5 / 5
