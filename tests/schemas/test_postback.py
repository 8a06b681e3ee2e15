"""What a postback is read as: a hint, and nothing of what it claims."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.delivery import Read
from schemas.errors import Unreadable
from schemas.event import from_bytes
from schemas.form import MOST_FIELDS, TooManyFields, form_fields
from schemas.postback import ACTIONS, read_postback
from tests.payloads import form

NOW = datetime(2026, 11, 22, 9, 55, 18, tzinfo=UTC)


def read(body: bytes) -> Read:
    return read_postback(body, installation="acme", received_at=NOW, new_id=lambda: "fresh-1")


def fault(body: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(body)
    return caught.value


@pytest.mark.parametrize(
    ("name", "action", "sid"),
    [
        ("optout", "optout", None),
        ("optout-back-in", "optout", None),
        ("hardbounce", "hardbounce", None),
        ("update", "update", "5f7a1c0d9e8b7a6c5d4e3f21"),
        ("verify", "verify", None),
    ],
)
def test_each_kind_is_a_hint_that_names_a_profile_and_no_more(
    name: str, action: str, sid: str | None
) -> None:
    read_as = read(form(name))
    (event,) = read_as.events
    assert (read_as.ignored, event.id, event.lane, event.source) == (0, "fresh-1", "sailthru", "postback")
    assert (event.type, event.subject) == (f"postback.{action}", "")
    assert (event.occurred_at, event.received_at) == (NOW, NOW)
    assert event.data == {"action": action, "email": "ann@example.com", "sid": sid}
    assert from_bytes(event.to_bytes()) == event


@pytest.mark.parametrize("mode", ["all", "basic", "template", "blast", "tomorrow's word", ""])
@pytest.mark.parametrize("optout", ["0", "1", "", "2"])
def test_no_mode_and_no_direction_of_an_opt_out_makes_a_difference(mode: str, optout: str) -> None:
    body = f"action=optout&email=ann@example.com&mode={mode}&optout={optout}".encode()
    assert read(body).events[0].data == {"action": "optout", "email": "ann@example.com", "sid": None}


@pytest.mark.parametrize("body", [b"action=unsubscribe&email=a@b.com", b"action=blast", b"action=toString"])
def test_an_action_that_nobody_told_us_of_is_ignored(body: bytes) -> None:
    assert read(body) == Read(events=(), ignored=1)


def test_addresses_are_brought_to_one_spelling() -> None:
    (event,) = read(b"action=+Verify+&email=+Ann%40Example.COM+&sid=+5F7a+").events
    assert event.data == {"action": "verify", "email": "ann@example.com", "sid": "5F7a"}


@pytest.mark.parametrize("name", ["email=a@b.com&sid=", "sid=5f7a&email="])
def test_one_name_of_the_profile_is_enough(name: str) -> None:
    assert len(read(f"action=update&{name}".encode()).events) == 1


def test_of_a_field_that_comes_twice_the_last_stands() -> None:
    (event,) = read(b"action=update&email=old@b.com&vars[a]=1&vars[a]=2&email=new@b.com").events
    assert event.data["email"] == "new@b.com"


def test_fields_we_do_not_read_may_hold_anything() -> None:
    body = b"action=update&email=a@b.com&vars[x]=%00%ff%ed%a0%80&%ff=%ff&email[]=x&lists[A&B]=0&=&&x"
    assert len(read(body).events) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "names no action"),
        (b"api_key=k", "names no action"),
        (b"action=&email=a@b.com", "names no action"),
        (b"job_id=4d2f&status=completed&name=Bulk+Update", "report of a Sailthru job"),
        (b"action=optout", "neither email nor sid"),
        (b"action=optout&email=+&sid=", "neither email nor sid"),
        (b"action=optout&email=a%00@b.com", "cannot be stored"),
        (b"action=optout&sid=a%00", "cannot be stored"),
        (b"action=a%00", "cannot be stored"),
        (b"action=%ff", "not UTF-8"),
        (b"action=optout&email=zo%eb@example.com", "not UTF-8"),
        (b"action=optout&email=a%ed%a0%80@b.com", "not UTF-8"),
        (b"action=optout&email=" + b"a" * 310 + b"@example.com", "longer than 320"),
        (b"action=optout&sid=" + b"a" * 501, "longer than 500"),
        (b"action=" + b"a" * 501, "longer than 500"),
    ],
)
def test_what_cannot_be_read_says_why_and_shows_no_address(body: bytes, words: str) -> None:
    error = fault(body)
    assert words in str(error)
    assert "@" not in str(error)


def test_an_address_of_320_characters_is_one() -> None:
    address = "a" * 308 + "@example.com"
    assert read(f"action=optout&email={address}".encode()).events[0].data["email"] == address


def test_a_report_of_a_job_is_told_where_it_does_not_belong() -> None:
    assert "postback_url" in fault(b"job_id=1").hint
    assert "opt-out, hard bounce" in fault(b"x=1").hint


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", []),
        (b"&&", []),
        (b"a", [(b"a", b"")]),
        (b"a=&a=1", [(b"a", b""), (b"a", b"1")]),
        (b"a=b=c", [(b"a", b"b=c")]),
        (b"a+b=%2B+%2b", [(b"a b", b"+ +")]),
        (b"a;b=1;2", [(b"a;b", b"1;2")]),
        (b"%zz=%", [(b"%zz", b"%")]),
        (b"\xff=%ff\x00", [(b"\xff", b"\xff\x00")]),
        ("lists[Zoë]=zoë".encode(), [("lists[Zoë]".encode(), "zoë".encode())]),
    ],
)
def test_a_forms_fields_are_the_bytes_that_were_sent(body: bytes, fields: list[tuple[bytes, bytes]]) -> None:
    assert form_fields(body) == fields


def test_a_form_of_too_many_fields_is_not_taken_apart() -> None:
    assert len(form_fields(b"a&" * (MOST_FIELDS - 1) + b"a")) == MOST_FIELDS
    with pytest.raises(TooManyFields):
        form_fields(b"a&" * (MOST_FIELDS + 1) + b"a")
    assert "10000 fields" in str(fault(b"a&" * (MOST_FIELDS + 2)))


pieces = st.sampled_from(
    [b"action", b"email", b"sid", b"=", b"&", b"optout", b"update", b"%", b"+", b"[", b"]", b"%00", b"\xff"]
)


@given(st.lists(pieces | st.binary(max_size=5), max_size=30).map(b"".join))
def test_junk_is_read_or_unreadable_and_what_is_read_can_be_stored(body: bytes) -> None:
    with suppress(Unreadable):
        for event in read(body).events:
            assert event.data["action"] in ACTIONS
            assert all(_is_storable(value) for value in event.data.values())


def _is_storable(value: Any) -> bool:
    return value is None or (bool(value.encode()) and "\x00" not in value and len(value) <= 500)
