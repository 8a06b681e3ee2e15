"""Sailthru's signature: the computed vectors, and agreement with Sailthru's own client."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
import requests
from sailthru.sailthru_client import SailthruClient, get_signature_hash

from sandbox import Sandbox
from sandbox.sailthru.signing import is_signed, sign

KEY = "123key"


@pytest.mark.parametrize(
    ("secret", "values", "signature"),
    [
        ("abcsecret", [KEY, "json", '{"id":"neil@example.com"}'], "fa5c79189b708199f3cf69f1cf8f7928"),
        ("1324qwerty", ["optout", "foo@bar.com"], "89b9fce5296ce2920dad46ed3467001d"),
        ("abcsecret", [KEY, "json", '{"id": "neil@example.com"}'], "af2842cc628acee9e257127cf8dcd166"),
        (
            "abcsecret",
            [KEY, "json", '{"id":"zoë@example.com","key":"email"}'],
            "7c192bf474829c06a5880ba067e856ba",
        ),
        ("abcsecret", ["optout", KEY, "foo@bar.com", "basic", "1"], "52043ae02a95614d4e529300b8a31585"),
        (
            "abcsecret",
            ["update", KEY, "a@b.com", "0", "none", "optout"],
            "7a8153a3483919913e3ad55e304dc0de",
        ),
    ],
)
def test_the_signature_is_over_the_sorted_values(secret: str, values: list[str], signature: str) -> None:
    assert sign(secret, values) == signature


def test_the_official_client_signs_alike() -> None:
    parameters = {"api_key": KEY, "format": "json", "json": '{"id": "zoë@example.com"}'}
    assert get_signature_hash(parameters, "abcsecret") == sign("abcsecret", parameters.values())


def test_a_postback_of_ours_is_accepted_by_the_official_client(box: Sandbox, client: SailthruClient) -> None:
    _, body = box.sailthru.postbacks.render("optout", email="ann@example.com", mode="all", optout="1")
    assert client.receive_optout_post(dict(parse_qsl(body.decode()))) is True


def test_a_changed_value_breaks_the_signature(box: Sandbox) -> None:
    _, body = box.sailthru.postbacks.render("optout", email="ann@example.com", mode="all", optout="1")
    parameters = dict(parse_qsl(body.decode()))
    assert is_signed(box.sailthru.account.api_secret, parameters)
    assert not is_signed(box.sailthru.account.api_secret, {**parameters, "optout": "0"})


def test_bad_credentials_get_their_own_errors(box: Sandbox) -> None:
    account, url = box.sailthru.account, box.sailthru.url
    stranger = SailthruClient("nobody", account.api_secret, url).api_get("settings", {})
    forger = SailthruClient(account.api_key, "wrong", url).api_get("settings", {})
    assert (stranger.get_status_code(), stranger.get_body()["error"]) == (401, 3)
    assert (forger.get_status_code(), forger.get_body()) == (
        401,
        {"error": 5, "errormsg": "Signature hash does not match"},
    )


def test_bytes_that_are_no_utf8_are_error_6(box: Sandbox) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = requests.post(f"{box.sailthru.url}/user", data=b"json=%ff", headers=form, timeout=5)
    assert (reply.status_code, reply.json()["error"]) == (400, 6)
