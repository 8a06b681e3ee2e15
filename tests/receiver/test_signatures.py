"""The signature, alone: vectors, times, and junk of every kind."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.signatures import SIGNATURE, TIMESTAMP, BadSignature, signature, verify
from tests.payloads import NAMES, SECRET, SIGNED_AT, payload
from tests.receiver.door import signed

PUBLIC = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
VECTORS = [
    (
        "1531420618",
        b'{"event_type": "foo.bar","data": {"key": "value"}}',
        "qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A=",
    ),
    (
        "2026-11-22T09:55:16Z",
        b'{"ticket_id":"991","requester_id":"7","status":"open","updated_at":"2026-11-22T09:55:00Z"}',
        "Gl8bW2QkvDXh3mwMMfDaNQggZ92gdjIG/XBz31lSmUk=",
    ),
    ("2026-11-22T09:55:16Z", b"", "ghRSwvvYGB29Pl9w1g+eKAVflib2d8QGmikqJgJ1Bhs="),
    (
        "2026-11-22T09:55:16Z",
        '{"subject":"Zażółć ✓"}\n'.encode(),
        "Tiw+UGsNKXzByWmCTF7GNhpv/Y/+9pjPtUUrWV1c1NQ=",
    ),
]
BODY = b'{"say": "hello"}'


def check(headers: dict[str, str], body: bytes = BODY, *, now: datetime = SIGNED_AT) -> None:
    verify(headers, body, secrets=[SECRET], now=now)


def refusal(headers: dict[str, str], body: bytes = BODY, *, now: datetime = SIGNED_AT) -> str:
    with pytest.raises(BadSignature) as caught:
        check(headers, body, now=now)
    assert caught.value.status == 401
    return caught.value.code


@pytest.mark.parametrize(("timestamp", "body", "expected"), VECTORS)
def test_the_known_vectors_are_met(timestamp: str, body: bytes, expected: str) -> None:
    assert signature(PUBLIC, timestamp.encode(), body).decode() == expected


def test_the_outdated_page_that_signed_body_first_is_wrong() -> None:
    secret, time = "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=", "2021-07-25T10:00:00Z"
    now = datetime(2021, 7, 25, 10, tzinfo=UTC)
    wrong = {SIGNATURE: "tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw=", TIMESTAMP: time}
    right = {SIGNATURE: "Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk=", TIMESTAMP: time}

    verify(right, BODY, secrets=[secret], now=now)
    with pytest.raises(BadSignature):
        verify(wrong, BODY, secrets=[secret], now=now)


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_delivery_verifies(name: str) -> None:
    recorded = payload(name)
    check(recorded.headers, recorded.body)


@pytest.mark.parametrize(
    "timestamp",
    ["2026-11-22T09:55:18Z", "2026-11-22T09:55:18.123456789Z", "2026-11-22T10:55:18+01:00"],
)
def test_the_time_may_have_a_fraction_or_an_offset(timestamp: str) -> None:
    check(signed(BODY, timestamp=timestamp))


@pytest.mark.parametrize(
    ("off_s", "is_good"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)]
)
def test_the_window_is_five_minutes_either_way(off_s: int, is_good: bool) -> None:
    now = SIGNED_AT + timedelta(seconds=off_s)
    if is_good:
        check(signed(BODY), now=now)
    else:
        assert refusal(signed(BODY), now=now) == "stale"


@pytest.mark.parametrize("secrets", [[], [""], [PUBLIC], ["another"], [PUBLIC, "another"]])
def test_without_the_right_secret_nothing_verifies(secrets: list[str]) -> None:
    with pytest.raises(BadSignature):
        verify(signed(BODY), BODY, secrets=secrets, now=SIGNED_AT)


@pytest.mark.parametrize("secrets", [[], [PUBLIC], [f" {PUBLIC}\n"], [SECRET, PUBLIC]])
def test_the_public_test_secret_never_verifies_even_when_configured(secrets: list[str]) -> None:
    with pytest.raises(BadSignature) as caught:
        verify(signed(BODY, secret=PUBLIC), BODY, secrets=secrets, now=SIGNED_AT)
    assert caught.value.code == "test_secret"
    assert "Save the webhook" in caught.value.hint


def test_no_secrets_say_how_to_get_some() -> None:
    with pytest.raises(BadSignature) as caught:
        verify(signed(BODY), BODY, secrets=[], now=SIGNED_AT)
    assert (caught.value.code, "bridge setup" in caught.value.hint) == ("no_secrets", True)


def test_any_of_several_secrets_verifies() -> None:
    for secret in ("older", "newer"):
        verify(signed(BODY, secret=secret), BODY, secrets=["newer", "older"], now=SIGNED_AT)


GOOD = signed(BODY)[SIGNATURE]


@pytest.mark.parametrize(
    "given_signature",
    [
        GOOD[:-1],
        GOOD + "=",
        GOOD + "A",
        f"v0={GOOD}",
        GOOD.rstrip("="),
        f"{GOOD},{GOOD}",
        GOOD.replace("=", "\n="),
        "é" * 44,
        "\ud800",
        "=" * 44,
        "A" * 10_000_000,
        "".join(f"{byte:02x}" for byte in range(32)),
        " ",
    ],
)
def test_only_the_very_base64_of_32_bytes_is_a_signature(given_signature: str) -> None:
    assert refusal(signed(BODY) | {SIGNATURE: given_signature}) == "bad_signature"


@pytest.mark.parametrize(
    "timestamp", ["yesterday", "1531420618", "2026-11-22T09:55:18", "é", "Z" * 1000, "0" * 10**6]
)
def test_a_signed_time_that_is_none_is_refused(timestamp: str) -> None:
    assert refusal(signed(BODY, timestamp=timestamp)) == "bad_signature"


@pytest.mark.parametrize("missing", [SIGNATURE, TIMESTAMP])
def test_a_missing_or_empty_header_is_unsigned(missing: str) -> None:
    headers = signed(BODY)
    assert refusal(headers | {missing: ""}) == "unsigned"
    headers.pop(missing)
    assert refusal(headers) == "unsigned"


def test_a_changed_body_is_refused() -> None:
    assert refusal(signed(BODY), BODY + b"\n") == "bad_signature"


@given(
    given_signature=st.text(),
    timestamp=st.text(),
    body=st.binary(),
    secrets=st.lists(st.text(st.characters(codec="utf-8"))),
)
def test_junk_ends_in_bad_signature(
    given_signature: str, timestamp: str, body: bytes, secrets: list[str]
) -> None:
    with suppress(BadSignature):
        verify({SIGNATURE: given_signature, TIMESTAMP: timestamp}, body, secrets=secrets, now=SIGNED_AT)
        raise AssertionError("junk verified")


@given(timestamp=st.text(st.characters(max_codepoint=255)))
def test_a_signed_time_of_any_kind_ends_in_a_verdict(timestamp: str) -> None:
    with suppress(BadSignature):
        check(signed(BODY, timestamp=timestamp))
