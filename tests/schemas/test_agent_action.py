"""What the page may ask for, and what loosens consent."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.agent_action import OPTOUTS, Asked, BadAction, Seen, loosens, read_asked

GOOD = {
    "key": "click-0001",
    "user": 7,
    "kind": "health",
    "value": "neutral",
    "seen": None,
    "confirmed": False,
}


def asked(**changed: Any) -> Asked:
    return read_asked({**GOOD, **changed})


def test_a_click_is_read() -> None:
    assert asked(seen="seal", confirmed=True, more="ignored") == Asked(
        "click-0001", 7, "health", "neutral", "seal", is_confirmed=True
    )


def test_what_may_be_left_out_is_nothing() -> None:
    assert read_asked({"key": "click-0001", "user": "7", "kind": "refresh"}) == Asked(
        "click-0001", 7, "refresh", None, None, is_confirmed=False
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("health", "happy"), ("health", None), ("health", ["neutral"]), ("health", {"a": 1}),
        ("sync", "false"), ("sync", 0), ("sync", None),
        ("optout", "blast"), ("optout", None), ("optout", True), ("optout", ["all"]),
        ("list_remove", ""), ("list_remove", "  "), ("list_remove", None), ("list_remove", "a\x00b"),
        ("list_remove", "x" * 501), ("list_add", 7), ("list_add", "\ud800"), ("create", "x"),
        ("refresh", True), ("merge", 5), ("keep_apart", []),
        ("drop", None), ("", None), (None, None), (["health"], "neutral"), ({}, None),
    ],
)  # fmt: skip
def test_a_value_that_makes_no_sense_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(BadAction) as refused:
        asked(kind=kind, value=value)
    assert all(":" in fault for fault in refused.value.faults)


@pytest.mark.parametrize(
    "changed",
    [
        {"user": 0}, {"user": "7; drop"}, {"user": 2**63}, {"user": None}, {"user": True}, {"user": 1.5},
        {"user": -7}, {"user": [7]}, {"key": ""}, {"key": "short"}, {"key": "x" * 101}, {"key": None},
        {"key": "spaces are bad"}, {"key": "click-0001\n"}, {"key": 12345678}, {"seen": 5},
        {"seen": "x" * 70_000}, {"confirmed": "yes"}, {"confirmed": 1}, {"confirmed": None},
    ],
)  # fmt: skip
def test_a_click_of_another_shape_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadAction):
        asked(**changed)


@pytest.mark.parametrize("record", [None, [], "x", 7, [GOOD]])
def test_what_is_no_object_is_refused(record: Any) -> None:
    with pytest.raises(BadAction):
        read_asked(record)


@pytest.mark.parametrize("before", OPTOUTS)
@pytest.mark.parametrize("value", OPTOUTS)
def test_an_opt_out_is_loosened_towards_none(before: str, value: str) -> None:
    seen = Seen(before, (), None)
    assert loosens("optout", value, seen) == (OPTOUTS.index(value) < OPTOUTS.index(before))


@pytest.mark.parametrize("seen", [None, Seen(None, (), None), Seen("blast", (), None)])
def test_against_an_unknown_state_only_the_strictest_is_surely_no_looser(seen: Seen | None) -> None:
    assert [loosens("optout", value, seen) for value in OPTOUTS] == [True, True, False]


def test_a_list_joined_always_loosens_and_one_left_never() -> None:
    assert loosens("list_add", "News", None)
    assert not any(loosens(kind, "x", None) for kind in ("list_remove", "health", "sync", "create", "merge"))


def test_what_was_seen_comes_back_as_it_was() -> None:
    seen = Seen("basic", ("A", "B"), "2026-11-22T10:00:00.000Z")
    assert Seen.from_record(seen.to_record()) == seen
