"""A real Chromium, the page's bridge, and the page as somebody sits before it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.bridge import Bridge
from tests.browser.seat import Seat

NAMES = ("chromium", "chromium-browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Lend the one browser of this run."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        words = "Chromium is not installed: `make services` installs Debian's"
        if os.environ.get("CI") == "true":
            pytest.fail(words, pytrace=False)
        pytest.skip(words)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """Lend the window in which all seats are: what was loaded once stays in its cache."""
    context = chromium.new_context(locale="en-US", timezone_id="UTC")
    yield context
    context.close()


@pytest.fixture(scope="session")
def one_bridge() -> Iterator[Bridge]:
    with Bridge() as bridge:
        yield bridge


@pytest.fixture
def bridge(one_bridge: Bridge) -> Bridge:
    """Lend a bridge that nobody used yet."""
    one_bridge.reset()
    return one_bridge


Sit = Callable[..., Seat]


@pytest.fixture
def sit(chromium: Browser, window: BrowserContext, bridge: Bridge) -> Iterator[Sit]:
    """Lend seats before the page; what the browser complains about fails the test.

    `own` options make a window of its own, for what a window has in common (its clock, its language).
    """
    seats: list[Seat] = []
    windows: list[BrowserContext] = []

    def take(*, own: dict[str, Any] | None = None, **how: Any) -> Seat:
        if own is not None:
            windows.append(chromium.new_context(**own))
        seats.append(Seat(windows[-1] if own is not None else window, bridge, **how))
        return seats[-1]

    yield take
    complaints = [complaint for seat in seats for complaint in seat.leave()]
    for one in windows:
        one.close()
    assert complaints == []
