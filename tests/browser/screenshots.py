"""`make screenshots`: a picture of each of the console's pages, and of each state of the sidebar.

Those of the sidebar are light at 320 px; the first ones dark and wide too.

Written only where a picture differs from the one that is there.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, sync_playwright

from tests.browser.bridge import Bridge
from tests.browser.console_screenshots import take_all
from tests.browser.seat import Seat
from tests.browser.states import STATES, State

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
ALSO: dict[str, list[dict[str, Any]]] = {
    "overview": [{"scheme": "dark"}, {"width": 480}],
    "email": [{"scheme": "dark"}],
}


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("screenshots: Chromium is not installed; `make services` installs it")
    FOLDER.mkdir(exist_ok=True)
    with Bridge() as bridge, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        window = browser.new_context(locale="en-US", timezone_id="UTC")
        for state in STATES:
            for how in [{}, *ALSO.get(state.name, [])]:
                take(state, bridge, window, **how)
        take_all(browser, FOLDER)
        browser.close()


def take(state: State, bridge: Bridge, window: BrowserContext, **how: object) -> None:
    bridge.reset()

    def seat(**chosen: object) -> Seat:
        return Seat(window, bridge, motion="reduce", **chosen)  # type: ignore[arg-type]

    sitting = state.reached(bridge, seat, **how)
    name = "-".join([state.name, *(str(value) for value in how.values())])
    sitting.page.evaluate("document.activeElement.blur()")
    height = int(
        sitting.page.evaluate("Math.ceil(document.getElementById('app').getBoundingClientRect().height)")
    )
    sitting.page.set_viewport_size({"width": int(str(how.get("width", 320))), "height": max(height, 120)})
    sitting.page.screenshot(path=FOLDER / f"{name}.png")
    for gate in bridge.gates.values():
        gate.set()
    sitting.leave()


if __name__ == "__main__":
    main()
