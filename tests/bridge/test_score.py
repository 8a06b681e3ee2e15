"""A customer's value, 1 to 4; never a number of which nobody can say where it came from."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.score import asked_fields, score
from schemas.sailthru_records import Profile, profile
from tests.bridge.remotes.still_clock import NOW

QUARTILES = (25, 50, 75)
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()), st.just({})
)


def person(**shown: Any) -> Profile:
    return profile({"keys": {"sid": "s"}, **shown}, NOW)


SCALE: list[tuple[Any, int | None]] = [
    (1, 1), (2, 2), (3, 3), (4, 4), ("1", 1), (" 4 ", 4), ("3.0", 3), (2.0, 2),
    (0, None), (5, None), (-1, None), ("0", None), ("5", None), (2.5, None), ("2.5", None), (True, None),
    (False, None), (None, None), ("", None), ("four", None), ("4 stars", None), ("٣", None), ("1e0", None),
    ("0x1", None), (math.nan, None), (math.inf, None), ("NaN", None), ([4], None), ({"score": 4}, None),
    (10**400, None), ("4" * 400, None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), SCALE, ids=lambda value: repr(value)[:20])
def test_a_var_counts_only_as_a_whole_number_from_one_to_four(value: Any, expected: int | None) -> None:
    assert score(person(vars={"worth": value}), "var:worth", QUARTILES) == expected


PERCENTILES: list[tuple[Any, int | None]] = [
    (0, 1), (24.999, 1), (25, 2), (49.9, 2), (50, 3), ("74.99", 3), (75, 4), (100, 4), ("100", 4), (-0.0, 1),
    (-0.1, None), (100.1, None), (101, None), (True, None), ("", None), ("high", None), (None, None),
    (math.nan, None), ("nan", None), (math.inf, None), ([50], None), ({}, None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), PERCENTILES, ids=repr)
def test_a_percentile_falls_into_a_quarter(value: Any, expected: int | None) -> None:
    assert score(person(vars={"pv_30": value}), "percentile:pv_30", QUARTILES) == expected


def test_the_boundaries_are_the_installations() -> None:
    found = [score(person(vars={"p": n}), "percentile:p", (10, 20, 99)) for n in (9, 10, 20, 98, 99)]
    assert found == [1, 2, 3, 3, 4]


def test_a_prediction_counts_wherever_a_reply_carries_it_and_a_var_comes_first() -> None:
    at_top, nested = person(rev_365=80), person(predictions={"rev_365": {"percentile": 30, "value": 99}})
    assert [score(one, "percentile:rev_365", QUARTILES) for one in (at_top, nested)] == [4, 2]
    both = person(vars={"rev_365": 10}, predictions={"rev_365": 90})
    assert score(both, "percentile:rev_365", QUARTILES) == 1
    assert score(person(predictions=[90]), "percentile:rev_365", QUARTILES) is None
    # A documented field is no prediction, whatever its name
    assert score(person(lifetime={"x": 1}, engagement="9"), "percentile:engagement", QUARTILES) is None


LISTS = "smart_lists:Gold=4,Silver = 3, Fans, and friends=2".replace(", and friends", " and friends")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (["Gold"], 4),
        (["Silver", "Gold"], 4),
        (["Silver"], 3),
        (["Fans and friends", "Other"], 2),
        ({"Silver": 1, "Other": 1}, 3),
        (["gold"], None),
        (["Other"], None),
        ([], None),
        (None, None),
        ("Gold", None),
    ],
    ids=str,
)
def test_the_best_of_the_named_smart_lists_decides(shown: Any, expected: int | None) -> None:
    assert score(person(smart_lists=shown), LISTS, QUARTILES) == expected


def test_an_account_that_shows_no_smart_lists_gives_no_score() -> None:
    assert score(person(), LISTS, QUARTILES) is None


def test_a_list_may_not_give_a_score_that_does_not_exist() -> None:
    assert score(person(smart_lists=["A", "B"]), "smart_lists:A=9,B=2", QUARTILES) == 2


def test_smart_lists_are_asked_for_only_where_they_decide() -> None:
    assert asked_fields("smart_lists:A=4") == ("smart_lists",)
    assert asked_fields("var:smart_lists") == asked_fields("percentile:x") == ()


def test_an_unknown_source_says_nothing() -> None:
    assert score(person(vars={"x": 4}), "x", QUARTILES) is None


@given(value=ANYTHING, source=st.sampled_from(["var:x", "percentile:x", "smart_lists:x=4"]))
def test_whatever_a_profile_holds_the_score_is_one_of_four_or_none(value: Any, source: str) -> None:
    found = score(person(vars={"x": value}, x=value, smart_lists=value), source, QUARTILES)
    assert found in (None, 1, 2, 3, 4)
    assert not isinstance(found, bool)


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_higher_percentile_is_never_worth_less(one: float, other: float) -> None:
    low, high = (score(person(vars={"p": n}), "percentile:p", QUARTILES) for n in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert low <= high
