"""Metrics are for this machine and for who has the token."""

from __future__ import annotations

import pytest

from tests.receiver.door import METRICS_TOKEN, Door


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.8.8.8"])
def test_this_machine_may_read_them(door: Door, address: str) -> None:
    response = door.client.get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain")


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.9", "::ffff:10.0.0.1", "", "nonsense"])
def test_others_find_nothing(door: Door, address: str) -> None:
    assert door.client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "x-forwarded-proto"])
def test_whoever_comes_through_a_proxy_is_not_this_machine(door: Door, header: str) -> None:
    assert door.client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


def test_the_token_opens_them_from_anywhere(door: Door) -> None:
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}", "X-Forwarded-For": "10.0.0.1"}
    assert door.client.get("/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "given", ["Bearer ", "Bearer wrong", f"Basic {METRICS_TOKEN}", METRICS_TOKEN, "Bearer é", ""]
)
def test_any_other_token_opens_nothing(door: Door, given: str) -> None:
    headers = {"Authorization": given, "X-Forwarded-For": "10.0.0.1"}
    assert door.client.get("/metrics", headers=headers).status_code == 404
