from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from requests_mock import Adapter

from bridge.errors import BadCredentials, Refused, SendAgain, TryLater
from bridge.remotes.rates import RateReading
from bridge.remotes.sailthru import Sailthru
from bridge.remotes.sailthru_signing import signature
from bridge.remotes.transport import Transport
from schemas.installation import SailthruAccount
from tests.bridge.remotes.still_clock import NOW, StillClock

ACCOUNT = SailthruAccount(url="https://api.sailthru.test", api_key="123key", api_secret="abcsecret")
USER_URL = "https://api.sailthru.test/user"
SID = "5f1e0c0de0c0de0c0de0c0de"
SERVER_DATE = "Sun, 22 Nov 2026 09:55:10 GMT"
SERVER_AT = datetime(2026, 11, 22, 9, 55, 10, tzinfo=UTC)


@pytest.fixture
def readings() -> list[RateReading]:
    return []


@pytest.fixture
def sailthru(readings: list[RateReading], wire: Adapter) -> Sailthru:
    clock = StillClock()
    return Sailthru(ACCOUNT, clock=clock, on_rate=readings.append, transport=Transport(clock, wire))


def last(wire: Adapter) -> Any:
    assert wire.last_request is not None
    return wire.last_request


def sent(wire: Adapter) -> dict[str, str]:
    request = last(wire)
    query = request.text if request.method == "POST" else request.url.partition("?")[2]
    return {name: values[0] for name, values in parse_qs(query, strict_parsing=True).items()}


def test_a_read_sends_one_signed_get_with_the_request_as_json(sailthru: Sailthru, wire: Adapter) -> None:
    wire.register_uri("GET", USER_URL, json={"keys": {"sid": SID}})

    sailthru.profile("Zoë@example.com", "email", fields=["keys", "vars"])

    request = last(wire)
    parameters = sent(wire)
    assert json.loads(parameters["json"]) == {
        "id": "Zoë@example.com",
        "key": "email",
        "fields": {"keys": 1, "vars": 1},
    }
    assert parameters["api_key"] == "123key"
    assert parameters["format"] == "json"
    assert parameters["sig"] == signature("abcsecret", ["123key", "json", parameters["json"]])
    assert request.body is None
    assert request.headers["User-Agent"] == "sailthru-zendesk-bridge"
    assert "abcsecret" not in request.url
    assert "Cookie" not in request.headers


def test_a_write_is_one_form_with_exact_bytes(sailthru: Sailthru, wire: Adapter) -> None:
    wire.register_uri("POST", USER_URL, json={"ok": True, "keys": {"sid": SID, "email": " New@Example.COM "}})

    profile = sailthru.write(SID, "sid", vars={"zendesk_id": 7}, email="new@example.com")

    text = (
        f'{{"id":"{SID}","key":"sid","fields":{{"keys":1}},'
        '"keys":{"email":"new@example.com"},"keysconflict":"error","vars":{"zendesk_id":7}}'
    )
    assert sent(wire) == {
        "api_key": "123key",
        "format": "json",
        "json": text,
        "sig": signature("abcsecret", ["123key", "json", text]),
    }
    assert last(wire).headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert last(wire).url == USER_URL
    assert profile.sid == SID
    assert profile.email == "new@example.com"


def test_a_write_says_only_what_it_was_given(sailthru: Sailthru, wire: Adapter) -> None:
    wire.register_uri("POST", USER_URL, json={"ok": True})

    sailthru.write("a@b.test", "email", lists={"News": 0}, optout_email="basic", fields=("keys", "lists"))

    assert json.loads(sent(wire)["json"]) == {
        "id": "a@b.test",
        "key": "email",
        "fields": {"keys": 1, "lists": 1},
        "lists": {"News": 0},
        "optout_email": "basic",
    }


def test_a_var_named_file_opens_no_file(sailthru: Sailthru, wire: Adapter, tmp_path: Any) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not upload")
    wire.register_uri("POST", "https://api.sailthru.test/job", json={"job_id": "1"})

    sailthru.post("job", {"job": "import", "file": str(secret)})

    assert "do not upload" not in last(wire).text
    assert "multipart" not in last(wire).headers["Content-Type"]
    assert json.loads(sent(wire)["json"])["file"] == str(secret)


def test_half_a_surrogate_pair_can_be_sent(sailthru: Sailthru, wire: Adapter) -> None:
    wire.register_uri("POST", USER_URL, json={"ok": True})
    sailthru.write(SID, "sid", vars={"name": "\ud800"})
    assert "\\ud800" in sent(wire)["json"]


def test_a_profile_is_read_with_all_its_parts(sailthru: Sailthru, wire: Adapter) -> None:
    wire.register_uri(
        "GET",
        USER_URL,
        headers={"Date": SERVER_DATE},
        json={
            "keys": {"sid": SID, "email": "A@B.test", "cookie": "c"},
            "vars": {"zendesk_id": 7},
            "lists": {"Main List": "Wed, 17 Aug 2016 05:58:07 -0400"},
            "engagement": "Active",
            "optout_email": "none",
            "activity": {"open_time": "…"},
            "lifetime": {"lifetime_open": 5},
            "smart_lists": ["Gold"],
            "unheard_of": 1,
        },
    )

    profile = sailthru.profile("a@b.test", "email", fields=["keys"])

    assert profile is not None
    assert (profile.sid, profile.email) == (SID, "a@b.test")
    assert profile.vars == {"zendesk_id": 7}
    assert profile.lists == {"Main List": "Wed, 17 Aug 2016 05:58:07 -0400"}
    assert (profile.engagement, profile.optout_email) == ("active", "none")
    assert profile.lifetime == {"lifetime_open": 5}
    assert profile.activity == {"open_time": "…"}
    assert profile.smart_lists == ("Gold",)
    assert profile.read_at == SERVER_AT


@pytest.mark.parametrize("nothing", [None, [], "absent"])
def test_null_and_an_empty_list_and_an_absent_map_are_the_same(
    sailthru: Sailthru, wire: Adapter, nothing: Any
) -> None:
    names = ("vars", "lists", "activity", "lifetime", "smart_lists", "engagement", "optout_email")
    record: dict[str, Any] = {"keys": {"sid": SID, "email": None}}
    if nothing != "absent":
        record |= dict.fromkeys(names, nothing)
    wire.register_uri("GET", USER_URL, json=record)

    profile = sailthru.profile(SID, "sid", fields=["keys"])

    assert profile is not None
    assert (profile.email, profile.engagement, profile.optout_email) == (None, None, None)
    assert (profile.vars, profile.lists, profile.activity, profile.lifetime) == ({}, {}, {}, {})
    assert profile.smart_lists == ()


@pytest.mark.parametrize("smart", [["Gold"], {"Gold": 1}, {"Gold": None}])
def test_smart_lists_are_names_in_a_list_or_a_map(sailthru: Sailthru, wire: Adapter, smart: Any) -> None:
    wire.register_uri("GET", USER_URL, json={"smart_lists": smart})
    profile = sailthru.profile(SID, "sid", fields=["smart_lists"])
    assert profile is not None
    assert profile.smart_lists == ("Gold",)


@pytest.mark.parametrize("status", [200, 400, 404])
@pytest.mark.parametrize("text", ["User not found with email: a@b.test", "USER NOT FOUND with sid: 1"])
def test_an_unknown_user_reads_as_none(sailthru: Sailthru, wire: Adapter, status: int, text: str) -> None:
    wire.register_uri("GET", USER_URL, status_code=status, json={"error": 99, "errormsg": text})
    assert sailthru.profile("a@b.test", "email", fields=["keys"]) is None


def test_a_write_to_a_sid_that_is_gone_is_refused_as_profile_gone(sailthru: Sailthru, wire: Adapter) -> None:
    wire.register_uri(
        "POST", USER_URL, status_code=400, json={"error": 99, "errormsg": f"User not found with sid: {SID}"}
    )
    with pytest.raises(Refused) as caught:
        sailthru.write(SID, "sid", vars={})
    assert (caught.value.reason, caught.value.code) == ("profile_gone", "99")
    assert SID not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "record"),
    [
        (400, {"error": 99, "errormsg": "Key conflict: email new@b.test is used by another profile"}),
        (200, {"error": 99, "errormsg": "The email already exists"}),
        (409, {"error": 99, "errormsg": "No"}),
        (409, {}),
    ],
)
def test_an_address_that_is_taken_is_an_email_conflict(
    sailthru: Sailthru, wire: Adapter, status: int, record: dict[str, Any]
) -> None:
    wire.register_uri("POST", USER_URL, status_code=status, json=record)
    with pytest.raises(Refused) as caught:
        sailthru.write(SID, "sid", email="new@b.test")
    assert caught.value.reason == "email_conflict"
    assert "new@b.test" not in str(caught.value)


TABLE: list[tuple[int, type[Exception], str]] = [
    *((code, Refused, "bad_request") for code in (1, 2)),
    *((code, BadCredentials, "") for code in (3, 4, 5)),
    *((code, Refused, "bad_text") for code in (6, 42)),
    (9, TryLater, "server_error"),
    (11, Refused, "invalid_email"),
    (12, Refused, "unknown_send"),
    (13, Refused, "unknown_blast"),
    (14, Refused, "unknown_template"),
    (15, Refused, "unknown_list"),
    *((code, Refused, "bad_value") for code in (16, 17, 18)),
    *((code, Refused, "not_allowed") for code in (21, 22)),
    *((code, Refused, "cannot_be_mailed") for code in range(32, 38)),
    (41, Refused, "cannot_delete"),
    (43, TryLater, "rate_limited"),
    (99, Refused, "vendor_error"),
    (77, Refused, "vendor_error"),
]


@pytest.mark.parametrize("status", [200, 400, 403, 404])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("code", "kind", "reason"), TABLE)
def test_the_body_decides_whatever_the_status(
    sailthru: Sailthru,
    wire: Adapter,
    status: int,
    method: str,
    code: int,
    kind: type[Exception],
    reason: str,
) -> None:
    wire.register_uri(method, USER_URL, status_code=status, json={"error": code, "errormsg": "Some words"})
    with pytest.raises(kind) as caught:
        call(sailthru, method)
    assert type(caught.value) is kind
    assert getattr(caught.value, "reason", "") == reason


STATUSES: list[tuple[int, type[Exception], type[Exception], str]] = [
    (301, TryLater, TryLater, "redirected"),
    (400, Refused, Refused, "bad_request"),
    (401, BadCredentials, BadCredentials, ""),
    (403, TryLater, TryLater, "blocked"),
    (404, Refused, Refused, "bad_request"),
    (408, TryLater, TryLater, "timeout"),
    (429, TryLater, TryLater, "rate_limited"),
    (500, TryLater, TryLater, "server_error"),
    (502, TryLater, SendAgain, "server_error"),
    (503, TryLater, TryLater, "server_error"),
    (504, TryLater, SendAgain, "server_error"),
]


@pytest.mark.parametrize(("status", "reading", "writing", "reason"), STATUSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_status_speaks_when_the_body_is_silent(
    sailthru: Sailthru,
    wire: Adapter,
    method: str,
    status: int,
    reading: type[Exception],
    writing: type[Exception],
    reason: str,
) -> None:
    wire.register_uri(method, USER_URL, status_code=status, json={}, headers={"Location": USER_URL})
    with pytest.raises(Exception) as caught:
        call(sailthru, method)
    assert type(caught.value) is (reading if method == "GET" else writing)
    assert getattr(caught.value, "reason", "") == reason
    assert wire.call_count == 1  # no redirect is followed, nothing is tried twice


@pytest.mark.parametrize("status", [429, 500, 503])
def test_code_99_with_a_busy_status_is_asked_again(sailthru: Sailthru, wire: Adapter, status: int) -> None:
    wire.register_uri("POST", USER_URL, status_code=status, json={"error": 99, "errormsg": "Something else"})
    with pytest.raises(TryLater):
        call(sailthru, "POST")


def test_a_proxys_page_with_404_is_no_verdict_on_the_customer(sailthru: Sailthru, wire: Adapter) -> None:
    wire.register_uri("POST", USER_URL, status_code=404, text="<html>no such page")
    with pytest.raises(TryLater) as caught:
        call(sailthru, "POST")
    assert caught.value.reason == "garbled"


GARBLED = [
    b"",
    b"<html>welcome",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"keys": {"sid"',
]


@pytest.mark.parametrize("body", GARBLED)
def test_a_garbled_reply_is_read_again_but_a_write_may_have_been_applied(
    sailthru: Sailthru, wire: Adapter, body: bytes
) -> None:
    wire.register_uri("GET", USER_URL, content=body)
    wire.register_uri("POST", USER_URL, content=body)
    with pytest.raises(TryLater) as read:
        call(sailthru, "GET")
    with pytest.raises(SendAgain) as written:
        call(sailthru, "POST")
    assert type(read.value) is TryLater
    assert read.value.reason == written.value.reason == "garbled"


@pytest.mark.parametrize("status", [200, 429])
def test_the_wait_ends_at_the_reset_on_the_servers_clock(
    sailthru: Sailthru, wire: Adapter, status: int
) -> None:
    # given a server whose clock is not ours, and a count of 3 that must not be taken for seconds
    reset = int(SERVER_AT.timestamp()) + 17
    wire.register_uri(
        "POST",
        USER_URL,
        status_code=status,
        json={"error": 43, "errormsg": "Too many requests"},
        headers={
            "Date": SERVER_DATE,
            "X-Rate-Limit-Limit": "18000",
            "X-Rate-Limit-Remaining": "3",
            "X-Rate-Limit-Reset": str(reset),
        },
    )
    with pytest.raises(TryLater) as caught:
        call(sailthru, "POST")
    assert caught.value.after_s == 17


def test_every_reply_tells_the_quota(sailthru: Sailthru, readings: list[RateReading], wire: Adapter) -> None:
    reset = int(SERVER_AT.timestamp()) + 50
    headers = {
        "Date": SERVER_DATE,
        "X-Rate-Limit-Limit": "18000",
        "X-Rate-Limit-Remaining": "17999",
        "X-Rate-Limit-Reset": str(reset),
    }
    wire.register_uri("POST", USER_URL, json={"ok": True}, headers=headers)
    wire.register_uri("GET", USER_URL, json={"error": 99, "errormsg": "User not found"}, headers=headers)
    wire.register_uri("GET", "https://api.sailthru.test/list", json={"lists": []}, headers=headers)

    call(sailthru, "POST")
    call(sailthru, "GET")
    sailthru.lists()

    assert [reading.bucket for reading in readings] == [
        "sailthru.user.post",
        "sailthru.user.get",
        "sailthru.list.get",
    ]
    first = readings[0]
    assert (first.system, first.limit, first.remaining, first.at) == ("sailthru", 18000, 17999, NOW)
    assert first.reset_at == NOW + timedelta(seconds=50)  # on our clock


def test_a_reply_without_quota_headers_tells_nothing(
    sailthru: Sailthru, readings: list[RateReading], wire: Adapter
) -> None:
    wire.register_uri("POST", USER_URL, json={"ok": True})
    call(sailthru, "POST")
    assert readings == []


def test_lists_and_settings_are_read(sailthru: Sailthru, wire: Adapter) -> None:
    wire.register_uri(
        "GET",
        "https://api.sailthru.test/list",
        json={
            "lists": [
                {"name": "News ", "type": "normal", "primary": 1},
                {"name": "Gold", "type": "smart"},
                None,
            ]
        },
    )
    wire.register_uri(
        "GET",
        "https://api.sailthru.test/settings",
        json={"timezone": "America/New_York", "features": {"spm_enabled": 1}},
    )
    assert [(entry.name, entry.type, entry.primary) for entry in sailthru.lists()] == [
        ("News ", "normal", True),
        ("Gold", "smart", False),
    ]
    assert sailthru.settings().timezone == "America/New_York"
    assert sailthru.settings().features == {"spm_enabled": 1}


def call(sailthru: Sailthru, method: str) -> None:
    if method == "GET":
        sailthru.profile("jane.doe@example.com", "email", fields=["keys"])
    else:
        sailthru.write(SID, "sid", vars={"zendesk_tags": ["vip"]}, email="jane.doe@example.com")
