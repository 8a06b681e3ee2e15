"""The postback hook: what is kept, what is answered, and what never happens."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bridge.errors import Unavailable
from tests.payloads import POSTBACKS, form, payload
from tests.receiver.door import Door, signed
from tests.receiver.postbacks import FORM, HEADERS, HOOK, KEY, SECRET, postback, send, signed_form
from tests.receiver.test_hooks import outcomes

OPTOUT = form("optout")
ACCEPTED = {"accepted": 1, "ignored": 0}


@pytest.mark.parametrize("name", POSTBACKS)
def test_a_recorded_postback_is_kept_as_a_hint_and_answered_200(door: Door, name: str) -> None:
    response = send(door, form(name))
    (event,) = door.kept()
    assert (response.status_code, response.json) == (200, ACCEPTED)
    assert (event.installation, event.lane, event.source) == ("acme", "sailthru", "postback")
    assert event.type == f"postback.{name.partition('-')[0]}"
    assert event.data["email"] == "ann@example.com"
    assert event.occurred_at == event.received_at == door.clock.now()


def test_the_same_postback_twice_is_two_hints(door: Door) -> None:
    send(door, OPTOUT)
    send(door, OPTOUT)
    assert [event.id for event in door.kept()] == ["fresh-1", "fresh-2"]


def test_an_action_nobody_told_us_of_is_counted_and_ignored(door: Door) -> None:
    response = send(door, postback("tattoo", email="ann@example.com"))
    assert (response.status_code, response.json) == (200, {"accepted": 0, "ignored": 1})
    assert door.kept() == []


@pytest.mark.parametrize(
    "body",
    [
        signed_form([("api_key", KEY)]),
        postback("optout"),
        postback("", email="ann@example.com"),
        postback("optout", email="a\x00@example.com"),
        postback("optout", email=b"zo\xeb@example.com"),
        postback("update", sid=b"\xed\xa0\x80"),
        postback("verify", email="a" * 320 + "@example.com"),
        postback("update", sid="5" * 501),
    ],
)
def test_a_signed_postback_that_cannot_be_read_is_kept_for_an_operator(door: Door, body: bytes) -> None:
    response = send(door, body)
    (letter,) = door.kept()
    assert (response.status_code, response.json) == (200, ACCEPTED)
    assert (letter.lane, letter.type, letter.source) == ("sailthru", "unreadable", "postback")
    assert (letter.data["hook"], letter.data["body"]) == ("sailthru/postbacks", body.decode())
    assert letter.data["fault"]


@pytest.mark.parametrize(
    "content_type", [FORM, f"{FORM}; charset=UTF-8", "Application/X-WWW-Form-URLencoded"]
)
def test_a_form_with_any_charset_is_taken(door: Door, content_type: str) -> None:
    assert send(door, OPTOUT, {"Content-Type": content_type}).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", "", f"{FORM}x"]
)
@pytest.mark.parametrize("body", [OPTOUT, b"{}"])
def test_any_other_content_type_is_415_signed_or_not(door: Door, content_type: str, body: bytes) -> None:
    response = send(door, body, {"Content-Type": content_type})
    assert (response.status_code, response.json) == (415, {"error": "wrong_content_type"})
    assert door.kept() == []


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_any_other_method_is_405(door: Door, method: str) -> None:
    response = getattr(door.client, method)(f"/hooks/{HOOK}")
    assert (response.status_code, response.json) == (405, {"error": "method_not_allowed"})
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("hook", "code"),
    [
        ("nobody/sailthru/postbacks", "unknown_installation"),
        ("acme/sailthru/postbacks/", "not_found"),
        ("acme/sailthru", "not_found"),
    ],
)
def test_what_is_not_there_is_404(door: Door, hook: str, code: str) -> None:
    response = door.send(OPTOUT, hook=hook, headers=HEADERS)
    assert (response.status_code, response.json) == (404, {"error": code})


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 3 * 1024 * 1024])
def test_a_huge_form_is_413_signed_or_not(door: Door, size: int) -> None:
    for body in (OPTOUT.ljust(size, b"x"), postback("update", email="a@b.com", note="x" * size)):
        response = send(door, body)
        assert (response.status_code, response.json) == (413, {"error": "too_large"})
    assert door.kept() == []


def test_a_form_of_more_fields_than_any_postback_has_is_413(door: Door) -> None:
    response = send(door, b"a&" * 20_000)
    assert (response.status_code, response.json) == (413, {"error": "too_large"})


def test_a_form_with_a_value_for_each_of_two_thousand_lists_is_taken(door: Door) -> None:
    lists = {f"lists[List {number}]": "1" for number in range(2000)}
    assert send(door, postback("update", email="ann@example.com", **lists)).json == ACCEPTED


def test_a_new_secret_verifies_from_the_moment_it_was_set(door: Door) -> None:
    assert send(door, OPTOUT).status_code == 200
    door.give_sailthru("acme", "new-key", "new-secret")
    fresh = postback("optout", key="new-key", secret="new-secret", email="ann@example.com")
    assert send(door, fresh).status_code == 200
    assert send(door, OPTOUT).status_code == 401


def test_the_account_of_another_installation_opens_nothing(door: Door) -> None:
    door.add("other")
    door.give_sailthru("other", "their-key", "their-secret")
    theirs = postback("optout", key="their-key", secret="their-secret", email="ann@example.com")
    assert send(door, theirs).status_code == 401
    assert door.send(theirs, hook="other/sailthru/postbacks", headers=HEADERS).status_code == 200


def test_a_flood_of_bad_signatures_asks_the_ledger_once_a_second(door: Door) -> None:
    send(door, OPTOUT)
    before = door.ledger.readings
    for _ in range(20):
        assert send(door, OPTOUT + b"x").status_code == 401
    assert door.ledger.readings - before == 1


def test_with_the_ledger_away_the_known_account_stands(door: Door) -> None:
    send(door, OPTOUT)
    door.ledger.is_away = True
    door.clock.pass_by(60)
    assert send(door, OPTOUT).status_code == 200
    assert send(door, OPTOUT + b"x").status_code == 401


@pytest.mark.parametrize(
    ("vice", "code"), [(Unavailable("broker"), "broker_away"), (RuntimeError("no"), "unforeseen")]
)
def test_what_nothing_can_keep_is_503(door: Door, vice: Exception, code: str) -> None:
    door.acceptance.vice = vice
    response = send(door, OPTOUT)
    assert (response.status_code, response.json) == (503, {"error": code})
    assert response.headers["Retry-After"] == "30"


@pytest.mark.parametrize("way", ["published", "spooled", "parked"])
def test_whatever_keeps_it_sailthru_hears_the_same(door: Door, way: str) -> None:
    door.acceptance.way = way
    before = outcomes("postback").get(("acme", way), 0)
    assert send(door, OPTOUT).json == ACCEPTED
    assert outcomes("postback")["acme", way] == before + 1


def test_the_log_has_nothing_of_what_was_in_it(door: Door) -> None:
    with capture_logs() as lines:
        send(door, OPTOUT)
        send(door, OPTOUT + b"x")
        send(door, postback("optout", email=b"ann@example.com\xff"))
    assert [line["action"] for line in lines] == [
        "delivery_accepted",
        "delivery_refused",
        "delivery_unreadable",
    ]
    text = str(lines)
    for secret in ("ann@", "example.com", f"'{SECRET}'", OPTOUT.rpartition(b"=")[2].decode()):
        assert secret not in text


@pytest.mark.parametrize(
    ("hook", "headers", "words"),
    [
        (HOOK, signed(OPTOUT), "/hooks/acme/zendesk/events"),
        (HOOK, signed(OPTOUT) | HEADERS, "/hooks/acme/zendesk/triggers"),
        (HOOK, {"Content-Type": "application/json"}, "Sailthru's postbacks are forms"),
        ("acme/zendesk/events", HEADERS, "/hooks/acme/sailthru/postbacks"),
        ("acme/zendesk/triggers", HEADERS, "/hooks/acme/sailthru/postbacks"),
        ("acme/zendesk/events", signed(OPTOUT) | HEADERS, "request format of the webhook to JSON"),
        ("stranger/sailthru/postbacks", signed(OPTOUT), "/hooks/<installation>/zendesk/events"),
    ],
)
def test_the_log_says_where_a_delivery_belongs(
    door: Door, hook: str, headers: dict[str, str], words: str
) -> None:
    body = payload("user.created").body if hook == HOOK else OPTOUT
    with capture_logs() as lines:
        status = door.send(body, hook=hook, headers=headers).status_code
    assert status in (401, 415)
    assert words in lines[-1]["hint"]
    assert "stranger" not in str(lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(body=st.binary(max_size=200))
def test_unsigned_junk_is_always_401(door: Door, body: bytes) -> None:
    assert send(door, body).status_code == 401
    assert door.kept() == []


names = st.sampled_from(["action", "email", "sid", "optout", "lists[A]", ""]) | st.binary(max_size=6)
junk = st.sampled_from(["optout", "update", "a@b.com", ""]) | st.binary(max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(fields=st.lists(st.tuples(names, junk), max_size=6))
def test_signed_junk_is_always_200_and_what_is_kept_can_be_stored(
    door: Door, fields: list[tuple[str | bytes, str | bytes]]
) -> None:
    given_fields = [(name, value) for name, value in fields if name not in (b"sig", b"api_key")]
    assert send(door, signed_form([("api_key", KEY), *given_fields])).status_code == 200
    for event in door.kept():
        assert "\x00" not in str(event.data)
        str(event.data).encode()
