"""The page's own token: short-lived, one installation's, renewed while the page is open."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable

import pytest
from itsdangerous import URLSafeTimedSerializer

from tests.receiver.door import Door
from tests.receiver.sidebar.desk import PAGE, Desk, about, rs256

FORGED: dict[str, Callable[[str], str]] = {
    "none": lambda token: "",
    "nonsense": lambda token: "nonsense",
    "dots": lambda token: "..",
    "beyond ASCII": lambda token: "ü" * 20,
    "cut short": lambda token: token[:-1],
    "another signature": lambda token: token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"),
    "another agent": lambda token: ".".join([said(7), *token.split(".")[-2:]]),
    "a later time": lambda token: ".".join([token.split(".")[0], "zzzzzz", token.split(".")[-1]]),
    "compressed without end": lambda token: "." + packed(b"[" * 100_000) + ".aaaa.bbbb",
    "signed with another key": lambda token: str(
        URLSafeTimedSerializer("y" * 32, salt="sailthru-zendesk-bridge/sidebar-page/1").dumps({"i": 1})
    ),
    "signed for another purpose": lambda token: str(URLSafeTimedSerializer("x" * 32).dumps({"i": 1})),
}


def said(agent: int) -> str:
    text = json.dumps({"i": 1, "a": agent, "c": False, "t": 1_800_000_000}).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content)).rstrip(b"=").decode()


def renewed(desk: Desk, token: str, **how: str) -> int:
    return desk.call("POST", "token", token, json={}, **how).status_code


def test_a_page_renews_its_token(desk: Desk, door: Door) -> None:
    page = desk.page(sub="123")
    assert page["expires_in_s"] == 900
    door.clock.pass_by(600)
    response = desk.call("POST", "token", page["token"], json={})
    assert response.status_code == 200
    assert response.json is not None
    assert response.json["expires_in_s"] == 900
    assert response.json["token"] != page["token"]


@pytest.mark.parametrize("forged", FORGED)
def test_no_other_token_is_taken(desk: Desk, forged: str) -> None:
    token = desk.page()["token"]
    response = desk.call("POST", "token", FORGED[forged](token), json={})
    assert response.status_code == 401
    assert response.json == {"error": "session_expired"}


@pytest.mark.parametrize("header", ["", "Basic eDp5", "bearer {}", "Bearer", "Bearer  {}", "{}"])
def test_the_token_comes_in_one_form_only(desk: Desk, header: str) -> None:
    token = desk.page()["token"]
    headers = {"Authorization": header.format(token)}
    assert desk.client.post("/sidebar/acme/api/token", json={}, headers=headers).status_code == 401


def test_a_token_in_the_address_or_a_cookie_opens_nothing(desk: Desk) -> None:
    token = desk.page()["token"]
    desk.client.set_cookie("token", token)
    assert desk.client.post(f"/sidebar/acme/api/token?token={token}", json={}).status_code == 401


def test_the_token_of_another_installation_is_as_good_as_none(desk: Desk, door: Door) -> None:
    door.add("other")
    desk.let_in("other")
    assert renewed(desk, desk.page()["token"], name="other") == 401
    assert renewed(desk, desk.page(page="/sidebar/other")["token"], name="acme") == 401


def test_zendesks_token_is_not_the_pages(desk: Desk) -> None:
    assert renewed(desk, rs256(desk.claims())) == 401


def test_a_page_that_slept_goes_on_within_half_a_day_and_no_longer(desk: Desk, door: Door) -> None:
    token = desk.page()["token"]
    door.clock.pass_by(12 * 3600)
    assert renewed(desk, token) == 200
    door.clock.pass_by(1)
    assert renewed(desk, token) == 401


def test_renewing_does_not_prolong_the_half_day(desk: Desk, door: Door) -> None:
    token = desk.page()["token"]
    for _ in range(12):
        door.clock.pass_by(3600)
        response = desk.call("POST", "token", token, json={})
        assert response.json is not None
        token = response.json["token"]
    door.clock.pass_by(60)
    assert renewed(desk, token) == 401


def test_a_key_that_was_put_behind_a_new_one_still_opens(desk: Desk) -> None:
    token = desk.page()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    rotated = desk.with_keys("n" * 32, "x" * 32)
    assert rotated.post("/sidebar/acme/api/token", json={}, headers=headers).status_code == 200
    gone = desk.with_keys("n" * 32)
    assert gone.post("/sidebar/acme/api/token", json={}, headers=headers).status_code == 401


def test_the_newest_key_signs(desk: Desk) -> None:
    rotated = desk.with_keys("n" * 32, "x" * 32)
    page = about(rotated.post(PAGE, data={"token": rs256(desk.claims())}))
    headers = {"Authorization": f"Bearer {page['token']}"}
    newest = desk.with_keys("n" * 32)
    assert newest.post("/sidebar/acme/api/token", json={}, headers=headers).status_code == 200
