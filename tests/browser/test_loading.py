"""The page while it comes: light, all in its place from the beginning, and nothing to press in vain."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.bridge import Bridge
from tests.browser.conftest import Sit
from tests.browser.customers import Customer
from tests.browser.seat import WIDTHS, Seat

pytestmark = [pytest.mark.browser, pytest.mark.timeout(30)]

MOST_BYTES = 60_000
# Google calls a page good up to 0.1; a jump of a line in this narrow one is more than a tenth of that.
MOST_SHIFT = 0.01
SHIFTS = """() => new Promise((done) => {
  const told = ({ node, previousRect: from, currentRect: to }) => `${node?.id || node?.nodeName}: ${from.top} -> ${to.top}`;
  const jumps = (list) => list.getEntries().map((one) => [one.value, ...one.sources.map(told)]);
  new PerformanceObserver((list) => done(jumps(list))).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done([]), 300);
})"""  # noqa: E501 - a line of script
LOADED = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(({ name }) => name.startsWith(location.origin) && !/api|favicon/.test(name))
    .map(({ name, decodedBodySize }) => [name, decodedBodySize])"""


def shifts(seat: Seat) -> list[list[Any]]:
    """Every jump so far: how large it was, and what jumped."""
    return list(seat.page.evaluate(SHIFTS))


def test_all_that_the_browser_loads_for_english_is_under_60_kb(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known()
    seat = sit(own={"locale": "en-US"}).open()
    seat.tab("Email")
    loaded = {name.rpartition("/")[2]: size for name, size in seat.page.evaluate(LOADED)}
    assert loaded.keys() == {"acme", "page.js", "sidebar.css", "en.json"}
    assert sum(loaded.values()) < MOST_BYTES, loaded


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_jumps_when_the_customer_comes(sit: Sit, bridge: Bridge, width: int) -> None:
    # given the page with its skeleton
    bridge.customers[7] = Customer.known()
    gate = bridge.hold("customer")
    seat = sit(width=width).begin()
    expect(seat.page.get_by_role("tab", name="Email", exact=True)).to_be_enabled()
    # when the customer is there
    gate.set()
    expect(seat.page.get_by_text("Lifetime")).to_be_visible()
    # then what was there before is where it was
    found = shifts(seat)
    assert sum(value for value, *_ in found) < MOST_SHIFT, found


def test_nothing_jumps_when_the_lists_come_that_can_be_joined(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known()
    seat = sit().open()
    gate = bridge.hold("lists")
    seat.tab("Email")
    expect(seat.page.get_by_label("Add to a list")).to_be_disabled()
    gate.set()
    expect(seat.page.get_by_label("Add to a list")).to_be_enabled()
    assert sum(value for value, *_ in shifts(seat)) < MOST_SHIFT


def test_a_tab_can_be_pressed_as_soon_as_somebody_listens_and_not_before(sit: Sit, bridge: Bridge) -> None:
    bridge.customers[7] = Customer.known()
    seat = sit(sdk=None, width=320)
    seat.page.route("**/page.js", lambda route: route.abort())
    seat.begin()
    expect(seat.page.get_by_role("tab", name="Email", exact=True)).to_be_disabled()
