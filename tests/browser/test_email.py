"""The Email tab: lists with time to think again, and an opt-out that no slip of the hand loosens."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.bridge import Bridge
from tests.browser.conftest import Sit
from tests.browser.customers import Customer
from tests.browser.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.timeout(30)]


@pytest.fixture
def seat(sit: Sit, bridge: Bridge) -> Seat:
    """Lend a seat before Anna's Email tab."""
    bridge.customers[7] = Customer.known(optout={"value": "basic"})
    seat: Seat = sit().open()
    seat.tab("Email")
    return seat


def optout(value: str, *, confirmed: bool) -> dict[str, object]:
    return {"user": 7, "kind": "optout", "value": value, "confirmed": confirmed}


def test_a_removal_is_held_and_can_be_undone(seat: Seat, bridge: Bridge) -> None:
    seat.button("Remove from Main List").click()
    expect(seat.button("Undo")).to_be_focused()
    seat.button("Undo").click()
    expect(seat.button("Remove from Main List")).to_be_visible()
    expect(seat.status).to_contain_text("Undone")
    assert [one["state"] for one in bridge.actions.values()] == ["undone"]


def test_after_the_hold_the_list_is_gone_and_can_be_added(seat: Seat, bridge: Bridge) -> None:
    seat.button("Remove from Main List").click()
    expect(seat.page.get_by_text("Removing in")).to_be_visible()
    expect(seat.status).to_contain_text("Saved", timeout=9000)
    expect(seat.button("Remove from Main List")).to_have_count(0)
    expect(seat.page.get_by_label("Add to a list").locator("option", has_text="Main List")).to_have_count(1)
    assert bridge.taken() == [{"user": 7, "kind": "list_remove", "value": "Main List", "confirmed": False}]


def test_adding_says_what_it_means_before_it_does(seat: Seat, bridge: Bridge) -> None:
    choice = seat.page.get_by_label("Add to a list")
    assert choice.locator("option").all_inner_texts() == ["Choose a list", "Loyalty Club", "Winter Sale"]
    choice.select_option("Winter Sale")
    seat.button("Add…").click()
    expect(seat.page.get_by_text("a welcome flow may start")).to_be_visible()
    assert bridge.taken() == []
    seat.button("Confirm").click()
    expect(seat.button("Remove from Winter Sale")).to_be_visible()
    assert bridge.taken() == [{"user": 7, "kind": "list_add", "value": "Winter Sale", "confirmed": True}]


def test_stricter_is_one_step(seat: Seat, bridge: Bridge) -> None:
    seat.optout.select_option("all")
    expect(seat.status).to_contain_text("Saved")
    assert bridge.taken() == [optout("all", confirmed=False)]
    expect(seat.page.get_by_text("not even receipts or password resets")).to_be_visible()


def test_looser_asks_and_is_sent_with_what_the_agent_saw(seat: Seat, bridge: Bridge) -> None:
    seat.optout.select_option("none")
    expect(seat.page.get_by_text("Customer asked for this?")).to_be_visible()
    assert bridge.taken() == []
    seat.button("Confirm").click()
    expect(seat.status).to_contain_text("Saved")
    assert bridge.taken() == [optout("none", confirmed=True)]
    assert bridge.calls("POST", "actions")[0]["seen"] == "seen-1"


def test_looser_can_be_left_alone(seat: Seat, bridge: Bridge) -> None:
    seat.optout.select_option("none")
    seat.button("Cancel").click()
    expect(seat.optout).to_have_value("basic")
    expect(seat.page.get_by_text("Customer asked for this?")).to_have_count(0)
    assert bridge.taken() == []


def test_arrow_keys_pass_over_values_and_only_leaving_applies(seat: Seat, bridge: Bridge) -> None:
    seat.optout.focus()
    for key in ("ArrowUp", "ArrowDown", "ArrowDown"):  # over None to All
        seat.page.keyboard.press(key)
    expect(seat.optout).to_have_value("all")
    assert bridge.taken() == []
    expect(seat.page.get_by_text("Customer asked for this?")).to_have_count(0)
    seat.page.keyboard.press("Tab")
    expect(seat.status).to_contain_text("Saved")
    assert bridge.taken() == [optout("all", confirmed=False)]


def test_enter_applies_too_and_the_question_has_the_focus(seat: Seat, bridge: Bridge) -> None:
    seat.optout.focus()
    seat.page.keyboard.press("ArrowUp")
    seat.page.keyboard.press("Enter")
    expect(seat.page.get_by_role("group", name="Customer asked for this?")).to_be_focused()
    seat.page.keyboard.press("Tab")
    expect(seat.button("Confirm")).to_be_focused()
    seat.page.keyboard.press("Enter")
    expect(seat.status).to_contain_text("Saved")
    assert bridge.taken() == [optout("none", confirmed=True)]


def test_a_bridge_that_wants_confirmation_is_believed(seat: Seat, bridge: Bridge) -> None:
    # given that somebody made the opt-out stricter meanwhile
    bridge.fail("actions", 409, error="needs_confirmation")
    seat.optout.select_option("all")
    expect(seat.page.get_by_text("Customer asked for this?")).to_be_visible()
    bridge.heal()
    seat.button("Confirm").click()
    expect(seat.status).to_contain_text("Saved")
    assert bridge.taken()[-1] == optout("all", confirmed=True)
