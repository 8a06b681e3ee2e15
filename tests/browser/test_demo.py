"""The demo's agent view: the whole product behind the page, from the signed token to the Sailthru profile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from commands.demo.guests import invite
from commands.demo.stage import Stage, set_stage
from tests.services.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

HANNA = "hanna.weiss@example.com"
WITHIN_S = 20


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Lend the demo's stage with its guests."""
    folder: Path = tmp_path_factory.mktemp("demo")
    with set_stage(folder, broker_url="embedded://", port=0, watch=lambda: None) as stage:
        invite(stage.zendesk, stage.sailthru)
        yield stage


@pytest.fixture
def desk(chromium: Browser, stage: Stage) -> Iterator[Page]:
    """Lend the agent view, with Hanna's ticket open."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(WITHIN_S * 1000)
    page.goto(f"{stage.zendesk.url}/agent/")
    page.get_by_text("The parcel came without the gift card").first.click()
    yield page
    page.close()


@pytest.fixture
def app(desk: Page) -> FrameLocator:
    """Lend the sidebar in its frame."""
    frame = desk.frame_locator("#app")
    expect(frame.get_by_text(HANNA).first).to_be_visible(timeout=WITHIN_S * 1000)
    return frame


def test_an_agents_choice_reaches_the_sailthru_profile(app: FrameLocator, stage: Stage) -> None:
    app.get_by_role("slider", name="Customer health").press("End")
    wait_until(
        lambda: health(stage) == "satisfied",
        within_s=WITHIN_S,
        what="the profile holds the customer's health",
    )
    expect(app.get_by_role("status", name="Save status")).to_contain_text("Saved")


def test_a_stricter_opt_out_and_a_removed_list_reach_the_profile(app: FrameLocator, stage: Stage) -> None:
    app.get_by_role("tab", name="Email").click()
    app.get_by_role("combobox", name="Opt-out status").select_option("basic")
    remove = app.get_by_role("button", name="Remove from").first
    gone = (remove.get_attribute("aria-label") or remove.inner_text()).removeprefix("Remove from ")
    assert gone in lists(stage)
    remove.click()
    wait_until(lambda: gone not in lists(stage), within_s=WITHIN_S, what="the list is left")
    assert profile(stage)["optout_email"] == "basic"
    expect(app.get_by_role("status", name="Save status")).to_contain_text("Saved")


def test_the_frame_is_as_high_as_the_page(desk: Page, app: FrameLocator) -> None:
    expect(app.get_by_text("Lifetime")).to_be_visible()
    content = app.locator("#app").evaluate("app => Math.ceil(app.getBoundingClientRect().height)")
    expect(desk.locator("#app")).to_have_css("height", f"{content}px")


def test_the_page_follows_zendesks_own_mode(desk: Page, app: FrameLocator) -> None:
    desk.get_by_role("button", name="Dark").click()
    expect(app.locator("html")).to_have_attribute("data-scheme", "dark")


def test_beside_a_user_it_shows_that_user(desk: Page, app: FrameLocator) -> None:
    desk.get_by_label("Place").select_option("user_sidebar")
    expect(app.get_by_text(HANNA).first).to_be_visible(timeout=WITHIN_S * 1000)


def profile(stage: Stage) -> dict[str, Any]:
    profiles = {one["email"]: one for one in stage.sailthru.state()["profiles"]}
    found: dict[str, Any] = profiles[HANNA]
    return found


def lists(stage: Stage) -> list[str]:
    return list(profile(stage)["lists"])


def health(stage: Stage) -> object:
    return profile(stage)["vars"].get("zendesk_health")
