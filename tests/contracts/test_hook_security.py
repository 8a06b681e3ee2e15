"""One contract for every hook: who does not know the secret gets in nothing, and learns nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.payloads import SECRET, SIGNED_AT, payload
from tests.receiver.door import JSON, Door, signed

PUBLIC = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"


@dataclass(frozen=True)
class Hook:
    """An address, a good body for it, and how its sender signs."""

    path: str
    body: bytes
    sign: Callable[..., dict[str, str]]


HOOKS = [
    pytest.param(Hook("acme/zendesk/events", payload("user.tags_changed").body, signed), id="events"),
    pytest.param(Hook("acme/zendesk/triggers", payload("trigger").body, signed), id="triggers"),
]
every_hook = pytest.mark.parametrize("hook", HOOKS)


def assert_refused(door: Door, hook: Hook, headers: dict[str, str], body: bytes | None = None) -> None:
    response = door.send(hook.body if body is None else body, hook=hook.path, headers=headers)
    assert response.status_code == 401
    assert set(response.json or {}) == {"error"}
    assert door.kept() == []


@every_hook
def test_a_good_signature_gets_in(door: Door, hook: Hook) -> None:
    assert door.send(hook.body, hook=hook.path, headers=hook.sign(hook.body)).status_code == 202
    assert len(door.kept()) == 1


@every_hook
def test_a_missing_signature_stays_out(door: Door, hook: Hook) -> None:
    assert_refused(door, hook, {"Content-Type": JSON})
    for name in (SIGNATURE, TIMESTAMP):
        headers = hook.sign(hook.body)
        del headers[name]
        assert_refused(door, hook, headers)


@every_hook
def test_a_wrong_signature_stays_out(door: Door, hook: Hook) -> None:
    assert_refused(door, hook, hook.sign(hook.body, secret="wrong"))
    assert_refused(door, hook, hook.sign(hook.body + b" "))


@every_hook
def test_a_signature_for_another_moment_stays_out(door: Door, hook: Hook) -> None:
    assert_refused(door, hook, hook.sign(hook.body) | {TIMESTAMP: "2026-11-22T09:55:19Z"})


@every_hook
@pytest.mark.parametrize("off_s", [301, 86_400, -301, -86_400])
def test_a_stale_signature_or_one_from_the_future_stays_out(door: Door, hook: Hook, off_s: int) -> None:
    then = (SIGNED_AT + timedelta(seconds=off_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert_refused(door, hook, hook.sign(hook.body, timestamp=then))


@every_hook
def test_during_a_rotation_both_secrets_verify_and_afterwards_one(door: Door, hook: Hook) -> None:
    door.give_secrets("acme", "the new one", SECRET)
    for secret in (SECRET, "the new one"):
        assert (
            door.send(hook.body, hook=hook.path, headers=hook.sign(hook.body, secret=secret)).status_code
            == 202
        )
    door.kept()

    door.give_secrets("acme", "the new one")
    door.clock.pass_by(5)  # the time within which a change takes effect

    assert_refused(door, hook, hook.sign(hook.body, secret=SECRET))


@every_hook
def test_without_any_secret_nobody_gets_in(door: Door, hook: Hook) -> None:
    door.give_secrets("acme")
    for secret in (SECRET, "", PUBLIC):
        assert_refused(door, hook, hook.sign(hook.body, secret=secret))


@every_hook
def test_the_public_test_secret_opens_nothing(door: Door, hook: Hook) -> None:
    assert_refused(door, hook, hook.sign(hook.body, secret=PUBLIC))


@every_hook
def test_the_secret_of_another_installation_opens_nothing(door: Door, hook: Hook) -> None:
    door.add("other", "their secret")
    assert_refused(door, hook, hook.sign(hook.body, secret="their secret"))


@every_hook
@pytest.mark.parametrize(
    "value", ["é" * 44, "ü", "\xff\xfe", "", "A" * 6000, "=" * 44, "not base64!", "v0=abc"]
)
@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP])
def test_garbage_in_a_header_stays_out(door: Door, hook: Hook, name: str, value: str) -> None:
    assert_refused(door, hook, hook.sign(hook.body) | {name: value})


@every_hook
def test_an_unsigned_empty_body_stays_out(door: Door, hook: Hook) -> None:
    assert_refused(door, hook, {"Content-Type": JSON}, b"")


@every_hook
def test_a_signed_empty_body_is_kept_as_unreadable(door: Door, hook: Hook) -> None:
    assert door.send(b"", hook=hook.path, headers=hook.sign(b"")).status_code == 202
    assert [event.type for event in door.kept()] == ["unreadable"]


@every_hook
@pytest.mark.parametrize("is_signed", [True, False])
def test_a_huge_body_is_413_signed_or_not(door: Door, hook: Hook, is_signed: bool) -> None:
    body = b"[" * (1024 * 1024 + 1)
    headers = hook.sign(body) if is_signed else {"Content-Type": JSON}
    response = door.send(body, hook=hook.path, headers=headers)
    assert (response.status_code, response.json) == (413, {"error": "too_large"})
    assert door.kept() == []


@every_hook
@pytest.mark.parametrize(
    ("size", "status"), [(1024 * 1024, 202), (1024 * 1024 + 1, 413), (3 * 1024 * 1024, 413)]
)
def test_a_body_without_a_length_has_the_same_bound(door: Door, hook: Hook, size: int, status: int) -> None:
    """As gunicorn hands on a chunked request: no Content-Length, and a stream that ends by itself."""
    body = hook.body.ljust(size)
    environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    response = door.client.post(
        f"/hooks/{hook.path}",
        input_stream=io.BytesIO(body),
        headers=hook.sign(body),
        environ_overrides=environ,
    )
    assert response.status_code == status
    assert len(door.kept()) == (1 if status == 202 else 0)


@every_hook
def test_a_body_of_exactly_one_mebibyte_is_read(door: Door, hook: Hook) -> None:
    body = hook.body.ljust(1024 * 1024)
    assert door.send(body, hook=hook.path, headers=hook.sign(body)).status_code == 202


@every_hook
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(
    body=st.binary(max_size=200),
    given_signature=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=60),
    timestamp=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=60),
)
def test_unsigned_junk_is_always_401(
    door: Door, hook: Hook, body: bytes, given_signature: str, timestamp: str
) -> None:
    assert_refused(door, hook, {"Content-Type": JSON, SIGNATURE: given_signature, TIMESTAMP: timestamp}, body)


@every_hook
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(body=st.binary(max_size=200))
def test_signed_junk_is_always_accepted(door: Door, hook: Hook, body: bytes) -> None:
    assert door.send(body, hook=hook.path, headers=hook.sign(body)).status_code == 202
