"""REST and events write the same thing differently; after spelling nobody can tell which it was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import spelling
from schemas.errors import Unreadable

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
ALL: list[Callable[[Any], object]] = [
    spelling.plain_text,
    spelling.word,
    spelling.status,
    spelling.channel,
    spelling.role,
    spelling.address,
    spelling.zendesk_id,
    spelling.moment,
    spelling.iso_time,
    spelling.tags,
    spelling.flag,
]


@pytest.mark.parametrize("absent", [None, "", "0", 0, -1, "-1"])
def test_every_spelling_of_no_id_is_none(absent: object) -> None:
    assert spelling.zendesk_id(absent) is None


@pytest.mark.parametrize("written", [7, "7", "007", " 7 "])
def test_an_id_is_a_number_however_it_was_written(written: object) -> None:
    assert spelling.zendesk_id(written) == 7


def test_the_greatest_id_that_a_ledger_stores_is_read() -> None:
    assert spelling.zendesk_id(str(2**63 - 1)) == 2**63 - 1


@pytest.mark.parametrize(
    "written", [2**63, str(2**63), "9" * 5000, 10**400, "seven", "7.0", 7.0, True, [7], "\u0667", -7]
)
def test_what_is_no_storable_id_is_unreadable(written: object) -> None:
    with pytest.raises(Unreadable):
        spelling.zendesk_id(written)


@pytest.mark.parametrize("written", ["Ann@Example.COM", " ann@example.com\n", "ANN@EXAMPLE.COM"])
def test_an_address_is_trimmed_and_lower_case(written: str) -> None:
    assert spelling.address(written) == "ann@example.com"


@pytest.mark.parametrize("absent", [None, "", "  "])
def test_a_user_without_an_address_has_none(absent: object) -> None:
    assert spelling.address(absent) is None


def test_enumerations_are_lower_case() -> None:
    assert spelling.status("OPEN") == "open"
    assert spelling.channel("WEB_SERVICE") == "web_service"
    assert spelling.role("END_USER") == spelling.role("end-user") == "end-user"
    assert spelling.channel(None) == ""
    assert spelling.status("") is None


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T09:55:16Z",
        "2026-11-22T09:55:16.999999999Z",
        "2026-11-22T10:55:16+01:00",
        "2026-11-22 09:55:16Z",
    ],
)
def test_a_time_has_one_form(written: str) -> None:
    assert spelling.iso_time(written) == "2026-11-22T09:55:16Z"


def test_nine_digits_of_a_second_are_cut_to_microseconds() -> None:
    assert spelling.moment("2025-01-08T10:12:07.672717030Z") == datetime(2025, 1, 8, 10, 12, 7, 672717, UTC)


@pytest.mark.parametrize(
    "written",
    ["yesterday", "2026-11-22T09:55:16", 1531420618, "0001-01-01T00:00:00+12:00", "2026-11-22", ["2026"]],
)
def test_what_is_no_moment_is_unreadable(written: object) -> None:
    with pytest.raises(Unreadable):
        spelling.moment(written)


@pytest.mark.parametrize("written", [["vip", "gold"], "gold vip", ["gold", "", "vip", "gold", " vip"]])
def test_tags_are_a_sorted_list(written: object) -> None:
    assert spelling.tags(written) == ["gold", "vip"]


def test_no_tags_are_an_empty_list() -> None:
    assert spelling.tags(None) == spelling.tags([]) == spelling.tags("") == []


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "fine until \udfff"])
@pytest.mark.parametrize("spell", [spelling.plain_text, spelling.address, lambda text: spelling.tags([text])])
def test_what_no_ledger_can_store_is_unreadable(spell: Callable[[Any], object], text: str) -> None:
    with pytest.raises(Unreadable):
        spell(text)


@pytest.mark.parametrize("spell", [spelling.address, spelling.tags])
def test_what_fits_in_no_key_is_unreadable(spell: Callable[[Any], object]) -> None:
    with pytest.raises(Unreadable, match="longer than 500"):
        spell("x" * 501)


def test_yes_and_no_come_as_such_or_as_texts() -> None:
    assert [spelling.flag(value) for value in (True, "false", None)] == [True, False, None]
    with pytest.raises(Unreadable):
        spelling.flag("perhaps")


def test_a_fault_never_shows_an_address() -> None:
    with pytest.raises(Unreadable) as caught:
        spelling.zendesk_id("ann@example.com")
    assert "ann" not in str(caught.value)


@pytest.mark.parametrize("spell", ALL)
@given(value=ANYTHING)
def test_junk_ends_in_a_value_or_in_unreadable(spell: Callable[[Any], object], value: object) -> None:
    with suppress(Unreadable):
        spell(value)
