"""The values in a profile, each in one spelling."""

from __future__ import annotations

import math
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import sailthru_values as values

NEW_YORK = ZoneInfo("America/New_York")

MOMENTS: dict[Any, str | None] = {
    "Wed, 17 Aug 2016 05:58:07 -0400": "2016-08-17T09:58:07Z",
    "Sun, 22 Nov 2026 09:55:16 +0000": "2026-11-22T09:55:16Z",
    "Sun, 22 Nov 2026 09:55:16 GMT": "2026-11-22T09:55:16Z",
    "2026-11-22T09:55:16Z": "2026-11-22T09:55:16Z",
    "2026-11-22T09:55:16.123+01:00": "2026-11-22T08:55:16Z",
    "2026-11-22": "2026-11-22T00:00:00Z",
    1_795_341_316: "2026-11-22T09:55:16Z",
    "": None,
    "never": None,
    "0000-00-00 00:00:00": None,
    "1970-01-01T00:00:00Z": None,
    0: None,
    None: None,
    True: None,
    "Wed, 99 Aug 2016 05:58:07 -0400": None,
    "0001-01-01T00:00:00+14:00": None,
    10**30: None,
    math.inf: None,
    math.nan: None,
}


@pytest.mark.parametrize(("written", "moment"), list(MOMENTS.items()), ids=str)
def test_a_time_is_utc_whichever_way_it_is_written(written: Any, moment: str | None) -> None:
    assert values.moment(written) == moment


def test_a_time_without_offset_is_the_accounts() -> None:
    for text in ("2026-11-22T09:55:16", "Sun, 22 Nov 2026 09:55:16", "2026-11-22 09:55:16"):
        assert values.has_no_offset(text)
        assert values.moment(text) == "2026-11-22T09:55:16Z"
        assert values.moment(text, NEW_YORK) == "2026-11-22T14:55:16Z"
    others: list[Any] = ["Sun, 22 Nov 2026 09:55:16 -0500", "2026-11-22T09:55:16Z", "nonsense", None, 7]
    for other in others:
        assert not values.has_no_offset(other)
    assert values.moment("Sun, 22 Nov 2026 09:55:16 -0500", NEW_YORK) == "2026-11-22T14:55:16Z"


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text())))
def test_no_value_whatever_raises(value: Any) -> None:
    values.moment(value)
    values.has_no_offset(value)
    values.number(value)
    values.whole(value)
    values.count(value)
    values.optout(value)
    values.engagement(value)
    values.sign_ups({"A": value}, UTC)
    values.lifetime({"lifetime_open": value})


OPTOUTS = {"none": "none", "Basic": "basic", " ALL ": "all", "blast": "basic", "template": None, "": None}


@pytest.mark.parametrize(("written", "meant"), [*OPTOUTS.items(), (None, None), (1, None)])
def test_an_opt_out_is_one_of_three_or_not_known(written: Any, meant: str | None) -> None:
    assert values.optout(written) == meant


ENGAGEMENTS = {"active": "active", "Hard Bounce": "hardbounce", "opt-out": "optout", "NEW": "new", "x": None}


@pytest.mark.parametrize(("written", "meant"), [*ENGAGEMENTS.items(), (None, None), (3, None)])
def test_engagement_is_one_of_eight_words(written: Any, meant: str | None) -> None:
    assert values.engagement(written) == meant


def test_lists_keep_their_names_to_the_letter_but_for_what_no_ledger_can_store() -> None:
    raw = {
        "Main List": "Wed, 17 Aug 2016 05:58:07 -0400",
        "main list": "soon",
        " spaced ": None,
        "Null\x00d": None,
        " ": None,
        "Left": 0,
        "Left too": "0",
        "\ud800": "Wed, 17 Aug 2016 05:58:07 -0400",
    }
    assert values.sign_ups(raw) == {"Main List": "2016-08-17T09:58:07Z", "main list": None, " spaced ": None}
    nothing: list[Any] = [None, [], "x", {}]
    assert [values.sign_ups(one) for one in nothing] == [{}, {}, {}, {}]


def test_totals_are_whole_numbers_that_are_not_below_zero() -> None:
    raw = {
        "lifetime_message": 10,
        "lifetime_open": "5",
        "lifetime_click": 2.0,
        "lifetime_pv": -1,
        "lifetime_purchase": True,
        "lifetime_purchase_price": "19.99",
        "lifetime_other": 7,
    }
    assert values.lifetime(raw) == {"messages": 10, "opens": 5, "clicks": 2}
    nothing: list[Any] = [None, [], {}, {"x": 1}]
    assert [values.lifetime(one) for one in nothing] == [None] * 4
