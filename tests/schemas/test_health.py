"""The slider's labels and what is stored for them."""

from __future__ import annotations

import pytest

from schemas.health import HEALTH, is_health, label_of, value_of


def test_the_slider_goes_from_frustrated_to_happy() -> None:
    assert [label for _value, label in HEALTH] == ["Frustrated", "Neutral", "Happy"]
    assert [value for value, _label in HEALTH] == ["unsatisfied", "neutral", "satisfied"]


@pytest.mark.parametrize(("value", "label"), HEALTH)
def test_each_label_has_its_value_and_back(value: str, label: str) -> None:
    assert label_of(value) == label
    assert value_of(label) == value


@pytest.mark.parametrize("value", ["Happy", "", None, 1, "angry"])
def test_nothing_else_is_a_health(value: object) -> None:
    assert not is_health(value)
