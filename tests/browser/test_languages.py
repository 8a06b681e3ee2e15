"""The page speaks the agent's language; about consent only in words that somebody reviewed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.bridge import Bridge
from tests.browser.conftest import Sit
from tests.browser.customers import Customer

FOLDER = Path(__file__).parents[2] / "receiver" / "sidebar"
SCRIPTS = "".join(path.read_text() for path in sorted((FOLDER / "static").glob("*.js")))
ENGLISH = json.loads((FOLDER / "translations" / "en.json").read_text())["texts"]
OTHERS = sorted(path for path in (FOLDER / "translations").glob("*.json") if path.stem != "en")


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_a_translation_keeps_to_what_english_says(path: Path) -> None:
    said = json.loads(path.read_text())
    assert said["reviewed"] is False
    assert not [key for key in said["texts"] if key.startswith("consent.")]
    for key, text in said["texts"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", ENGLISH[key])), key


def test_every_text_that_a_script_names_is_there() -> None:
    named = set(re.findall(r'say\(\s*"([a-z_.]+)"', SCRIPTS))
    assert named
    assert named - ENGLISH.keys() == set()


@pytest.mark.browser
@pytest.mark.timeout(30)
def test_labels_are_german_and_consent_is_english(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known()
    seat = sit(locale="de").open()
    expect(seat.page.locator("html")).to_have_attribute("lang", "de")
    expect(seat.page.get_by_text("Kundenstimmung")).to_be_visible()
    expect(seat.page.get_by_text("vor 5 Stunden")).to_be_visible()
    seat.tab("E-Mail")
    expect(seat.optout).to_be_visible()
    assert "gets all mail" in seat.optout.inner_text()
