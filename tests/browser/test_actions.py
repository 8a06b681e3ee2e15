"""What becomes of a click: saved or not, for whom, once, and after the session has ended."""

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
    """Lend a seat before Anna's overview; Ben has a ticket too."""
    bridge.customers[7] = Customer.known()
    bridge.customers[8] = Customer.known(8, "ben@example.com")
    seat: Seat = sit().open()
    return seat


def users_and_kinds(bridge: Bridge) -> list[tuple[object, object]]:
    return [(one["user"], one["kind"]) for one in bridge.taken()]


def test_it_says_saving_until_the_ledger_says_saved(seat: Seat, bridge: Bridge) -> None:
    bridge.becomes = "saving"
    seat.slider.press("End")
    expect(seat.status).to_have_text("Saving…")
    bridge.finish()
    expect(seat.status).to_have_text("Saved")


def test_a_failure_says_why_and_can_be_retried(seat: Seat, bridge: Bridge) -> None:
    bridge.becomes = "failed: The profile is locked."
    seat.slider.press("End")
    expect(seat.page.get_by_role("alert")).to_contain_text("The profile is locked.")
    expect(seat.status).to_contain_text("Not saved: The profile is locked.")
    expect(seat.slider).to_have_attribute("aria-valuetext", "Not set")
    bridge.becomes = "saved"
    seat.button("Retry").click()
    expect(seat.status).to_have_text("Saved")
    expect(seat.page.get_by_role("alert")).to_have_count(0)
    expect(seat.slider).to_have_attribute("aria-valuetext", "Happy")


def test_what_never_reached_the_bridge_is_sent_again_as_the_same_click(seat: Seat, bridge: Bridge) -> None:
    bridge.fail("actions", 503, error="ledger_away")
    seat.slider.press("End")
    expect(seat.page.get_by_role("alert")).to_contain_text("could not keep the change")
    bridge.heal()
    seat.button("Retry").click()
    expect(seat.status).to_have_text("Saved")
    first, second = bridge.calls("POST", "actions")
    assert first["key"] == second["key"]


def test_an_action_belongs_to_the_customer_it_was_made_for(seat: Seat, bridge: Bridge) -> None:
    # given a thumb that has not rested yet
    seat.slider.press("End")
    # when the agent moves on to another customer's ticket
    seat.move(user=8, address="ben@example.com", ticket=992)
    # then Anna's health is set and Ben's is not
    expect(seat.page.get_by_text("ben@example.com")).to_be_visible()
    expect(seat.slider).to_have_attribute("aria-valuetext", "Not set")
    assert users_and_kinds(bridge) == [(7, "health")]
    assert bridge.customers[7].about["health"]["value"] == "satisfied"
    assert bridge.customers[8].about["health"]["value"] is None


def test_a_failure_for_somebody_else_says_whose(seat: Seat, bridge: Bridge) -> None:
    bridge.becomes = "saving"
    seat.slider.press("End")
    expect(seat.status).to_have_text("Saving…")
    seat.move(user=8, address="ben@example.com", ticket=992)
    expect(seat.page.get_by_text("ben@example.com")).to_be_visible()
    expect(seat.status).to_have_text("")
    bridge.finish("failed: The profile is locked.")
    alert = seat.page.get_by_role("alert")
    expect(alert).to_contain_text("Customer health of anna.lindqvist@example.com: not saved")


def test_an_answer_for_the_ticket_before_is_not_shown(seat: Seat, bridge: Bridge) -> None:
    gate = bridge.hold("customer")
    with seat.page.expect_request("**/api/customer?user=8*"):
        seat.move(user=8, address="ben@example.com", ticket=992)
    with seat.page.expect_request("**/api/customer?user=7*"):
        seat.move()
    gate.set()
    bridge.gates.clear()
    expect(seat.page.get_by_text("anna.lindqvist@example.com")).to_be_visible()
    seat.page.wait_for_load_state("networkidle")
    expect(seat.page.get_by_text("ben@example.com")).to_have_count(0)


def test_a_double_click_acts_once(seat: Seat, bridge: Bridge) -> None:
    seat.tab("Email")
    seat.button("Remove from Main List").evaluate("button => { button.click(); button.click(); }")
    expect(seat.button("Undo")).to_be_visible()
    assert users_and_kinds(bridge) == [(7, "list_remove")]


def test_an_expired_session_renews_itself(seat: Seat, bridge: Bridge) -> None:
    bridge.token = "another"
    seat.switch.click()
    expect(seat.status).to_have_text("Saved")
    assert len(bridge.calls("POST", "token")) == 1
    assert users_and_kinds(bridge) == [(7, "sync")]


def test_an_agent_whom_zendesk_did_not_name_is_introduced_before_acting(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known()
    bridge.about["agent"] = None
    seat = sit().open()
    seat.switch.click()
    expect(seat.status).to_have_text("Saved")
    assert bridge.calls("POST", "agent") == [{"id": 35}]


def test_both_profiles_are_shown_and_merged_only_by_an_agent(sit: Sit, bridge: Bridge) -> None:
    other = {"sid": "60b7", "address": "anna@new.example", "zendesk_id": None}
    conflict = {
        "address": "anna@new.example", "held": "anna@old.example", "kind": "email_conflict",
        "other": other, "can_merge": True,
    }  # fmt: skip
    bridge.customers[7] = Customer.known(customer={"state": "email_conflict"}, conflict=conflict)
    seat = sit().open()
    expect(seat.page.locator("dd", has_text="anna@old.example")).to_be_visible()
    expect(seat.page.locator("dd", has_text="anna@new.example")).to_be_visible()
    seat.button("Merge (cannot be undone)").click()
    expect(seat.status).to_have_text("Saved")
    expect(seat.button("Keep apart")).to_have_count(0)
    assert bridge.taken() == [{"user": 7, "kind": "merge", "value": "60b7", "confirmed": True}]


def test_a_profile_is_created_where_that_is_allowed(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known(customer={"state": "no_profile", "can_create": True}, lifetime=None)
    seat = sit().open()
    seat.button("Create profile").click()
    expect(seat.page.get_by_text("Lifetime")).to_be_visible()
    assert users_and_kinds(bridge) == [(7, "create")]


def test_a_failure_of_an_earlier_visit_is_still_told(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known()
    bridge.becomes = "failed: The profile is locked."
    first = sit().open()
    first.switch.click()
    expect(first.page.get_by_role("alert")).to_be_visible()
    second = sit().open()
    expect(second.page.get_by_role("alert")).to_contain_text("Sync with Zendesk: not saved")
    second.button("Dismiss").click()
    expect(second.page.get_by_role("alert")).to_have_count(0)
