"""The Overview tab: what is shown, the health slider, the sync switch."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.bridge import Bridge
from tests.browser.conftest import Sit
from tests.browser.customers import AGENT, Customer, ago
from tests.browser.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.timeout(30)]

# What follows the last movement, and a little more.
RESTS_MS = 700


def stop_the_clock(seat: Seat) -> None:
    """From here on time passes for the page only when the test says so."""
    seat.page.clock.install()
    seat.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=2))


@pytest.fixture
def seat(sit: Sit, bridge: Bridge) -> Seat:
    """Lend a seat before Anna's overview."""
    bridge.customers[7] = Customer.known()
    seat: Seat = sit().open()
    return seat


def health(*values: str) -> list[dict[str, object]]:
    return [{"user": 7, "kind": "health", "value": value, "confirmed": False} for value in values]


def test_one_call_draws_the_overview(seat: Seat, bridge: Bridge) -> None:
    expect(seat.page.get_by_text("Top value (4 of 4)")).to_be_visible()
    expect(seat.page.get_by_text("High value", exact=True)).to_be_visible()
    expect(seat.page.get_by_text("$1,850")).to_be_visible()
    opened = seat.page.get_by_text("5 hours ago")
    expect(opened).to_have_attribute("title", re.compile(r"\d{4} at \d"))  # the exact moment
    assert [(method, what) for method, what, _ in bridge.asked] == [("GET", "customer")]


def test_without_a_score_source_the_score_is_not_there(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known(score=None)
    seat = sit().open()
    expect(seat.page.get_by_text("Engagement")).to_be_visible()
    expect(seat.page.get_by_text("Customer Value Score")).to_have_count(0)


def test_health_that_nobody_set_has_no_thumb_and_neutral_can_be_chosen(seat: Seat, bridge: Bridge) -> None:
    expect(seat.slider).to_have_attribute("aria-valuetext", "Not set")
    seat.slider.click()  # in the middle, where a browser sees no movement
    expect(seat.slider).to_have_attribute("aria-valuetext", "Neutral")
    expect(seat.status).to_contain_text("Saved")
    assert bridge.taken() == health("neutral")
    expect(seat.page.get_by_text(f"Set by {AGENT}")).to_be_visible()


def test_enter_chooses_neutral_too(seat: Seat, bridge: Bridge) -> None:
    seat.slider.press("Enter")
    expect(seat.slider).to_have_attribute("aria-valuetext", "Neutral")
    expect(seat.status).to_contain_text("Saved")
    assert bridge.taken() == health("neutral")


def test_values_passed_on_the_way_are_not_sent(seat: Seat, bridge: Bridge) -> None:
    # when the thumb goes over the whole scale and back
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowLeft", "End"):
        seat.slider.press(key)
    assert bridge.taken() == []
    # then only where it rests is sent
    expect(seat.status).to_contain_text("Saved")
    assert bridge.taken() == health("satisfied")


def test_a_thumb_that_comes_back_to_where_it_was_sends_nothing(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known(health={"value": "neutral", "set_by": AGENT, "set_at": ago(days=1)})
    seat = sit(own={}).open()
    stop_the_clock(seat)
    seat.slider.press("ArrowRight")
    seat.slider.press("ArrowLeft")
    seat.page.clock.run_for(RESTS_MS)
    # and then something else that is sent, so that what was to come has come
    with seat.page.expect_response("**/api/actions"):
        seat.switch.click()
    assert [one["kind"] for one in bridge.taken()] == ["sync"]


def test_leaving_the_slider_sends_at_once(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known()
    seat = sit(own={}).open()
    stop_the_clock(seat)
    seat.slider.press("Home")
    assert bridge.taken() == []
    with seat.page.expect_response("**/api/actions"):
        seat.page.keyboard.press("Tab")
    assert bridge.taken() == health("unsatisfied")


def test_the_switch_turns_the_sync_off_and_on(seat: Seat, bridge: Bridge) -> None:
    expect(seat.switch).to_be_checked()
    seat.switch.click()
    expect(seat.page.get_by_text("Sync is off for this customer")).to_be_visible()
    expect(seat.switch).not_to_be_checked()
    seat.switch.press(" ")
    expect(seat.page.get_by_text("Sync is off for this customer")).to_have_count(0)
    assert [(one["kind"], one["value"]) for one in bridge.taken()] == [("sync", False), ("sync", True)]


def test_refresh_reads_past_the_cache_and_shows_what_another_agent_did(seat: Seat, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known(
        health={"value": "unsatisfied", "set_by": "Ben", "set_at": ago(minutes=1)}
    )
    seat.button("Refresh").click()
    expect(seat.slider).to_have_attribute("aria-valuetext", "Frustrated")
    expect(seat.page.get_by_text("Set by Ben")).to_be_visible()
    assert bridge.calls("GET", "customer")[-1]["fresh"] == "1"


def test_a_customer_read_for_the_first_time_appears_by_itself(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known(customer={"state": "waiting"}, lifetime=None)
    seat = sit().open()
    expect(seat.page.get_by_text("Reading this customer for the first time")).to_be_visible()
    bridge.customers[7] = Customer.known()
    expect(seat.page.get_by_text("Lifetime")).to_be_visible()


def test_the_page_goes_on_by_itself_when_the_bridge_is_back(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known()
    bridge.fail("customer", 503, error="ledger_away")
    seat = sit().open()
    expect(seat.page.get_by_text("The bridge is busy")).to_be_visible()
    bridge.heal()
    expect(seat.page.get_by_text("Lifetime")).to_be_visible()
    expect(seat.page.get_by_text("The bridge is busy")).to_have_count(0)


def test_the_tabs_go_by_arrow_keys(seat: Seat) -> None:
    seat.page.get_by_role("tab", name="Overview", exact=True).focus()
    seat.page.keyboard.press("ArrowRight")
    email = seat.page.get_by_role("tab", name="Email", exact=True)
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-selected", "true")
    expect(seat.page.get_by_role("tabpanel", name="Email")).to_be_visible()
    expect(seat.page.get_by_role("tabpanel", name="Overview")).to_be_hidden()


def test_everything_is_reached_by_keyboard_and_shows_the_focus(seat: Seat) -> None:
    seen = []
    for _ in range(7):
        seat.page.keyboard.press("Tab")
        seen.append(
            seat.page.evaluate(
                "(() => { const at = document.activeElement, look = getComputedStyle(at);"
                " return [at.id || at.textContent.trim(),"
                " look.outlineStyle, parseFloat(look.outlineWidth)] })()"
            )
        )
    names = [name for name, *_ in seen]
    assert names[:6] == ["tab-overview", names[1], "panel-overview", "health", "sync", "Refresh"]
    assert names[1].startswith("Open in Sailthru")
    assert all(style == "solid" and width >= 2 for _, style, width in seen[:6])


def test_everything_has_the_name_by_which_it_is_found(seat: Seat) -> None:
    # on the first tab
    for health, word in (("Home", "Frustrated"), ("ArrowRight", "Neutral"), ("ArrowRight", "Happy")):
        seat.slider.press(health)
        expect(seat.slider).to_have_attribute("aria-valuetext", word)
    expect(seat.switch).to_be_visible()
    expect(seat.status).to_be_attached()
    # and on the other
    seat.tab("Email")
    expect(seat.button("Remove from Main List")).to_be_visible()
    words = [option.strip() for option in seat.optout.locator("option:not([hidden])").all_inner_texts()]
    assert [word.partition(" ")[0] for word in words] == ["None", "Basic", "All"]
