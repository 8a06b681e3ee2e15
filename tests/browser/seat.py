"""Somebody before the page: which ticket is open, how wide and how dark, and what the page says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Route, expect

from tests.browser.bridge import Bridge

SDK_STAND_IN = Path(__file__).with_name("zaf_sdk.js").read_text()
SDK_ADDRESSES = "https://static.zdassets.com/**"
# Run by the browser's own console, which no content policy holds back.
AXE = (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text()
WIDTHS = (320, 480)
SCHEMES = ("light", "dark")
# Faults that a test makes on purpose are said in the console by Chromium itself.
EXPECTED = ("Failed to load resource", "net::ERR")

expect.set_options(timeout=5000)


def anna(user: int = 7, address: str = "anna.lindqvist@example.com", ticket: int = 991) -> dict[str, Any]:
    """What Zendesk says while a ticket of this requester is open."""
    return {"ticket.id": ticket, "ticket.requester.id": user, "ticket.requester.email": address}


class Seat:
    """One page in a browser window."""

    def __init__(
        self,
        context: BrowserContext,
        bridge: Bridge,
        *,
        width: int = 320,
        scheme: str = "light",
        locale: str = "en-US",
        zendesk: dict[str, Any] | None = None,
        sdk: str | None = SDK_STAND_IN,
        motion: str = "no-preference",
    ) -> None:
        self.bridge = bridge
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme, reduced_motion=motion)  # type: ignore[arg-type]
        self.page.route(SDK_ADDRESSES, lambda route: answer(route, sdk))
        said = {"currentUser": {"id": 35, "locale": locale}, **(anna() if zendesk is None else zendesk)}
        self.page.add_init_script(f"sessionStorage.setItem('zendesk', {json.dumps(json.dumps(said))})")
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self) -> Seat:
        """Open the page and wait until it shows something."""
        self.begin()
        expect(self.page.locator("#app")).to_have_attribute("aria-busy", "false")
        return self

    def begin(self) -> Seat:
        """Open the page."""
        self.page.goto(f"{self.bridge.url}/sidebar/acme")
        return self

    def look(self, scheme: str, width: int) -> None:
        """See the page in another mode and width."""
        self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        self.page.set_viewport_size({"width": width, "height": 900})

    def move(self, **requester: Any) -> None:
        """The agent goes to a ticket of somebody else."""
        self.page.evaluate("values => zendesk.move(values)", anna(**requester))

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def slider(self) -> Locator:
        return self.page.get_by_role("slider", name="Customer health", exact=True)

    @property
    def switch(self) -> Locator:
        return self.page.get_by_role("switch", name="Sync with Zendesk", exact=True)

    @property
    def optout(self) -> Locator:
        return self.page.get_by_role("combobox", name="Opt-out status", exact=True)

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status", name="Save status", exact=True)

    def violations(self, *rules: str) -> list[str]:
        """What axe-core finds wrong; with names, by these of its rules only."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
        found = self.page.evaluate("only => axe.run(document, only)", only)["violations"]
        return [
            f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]
        ]

    def overflow(self) -> int:
        """How many pixels are cut off at the right."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def leave(self) -> list[str]:
        """Close the window; what the browser complained about."""
        self.page.close()
        return self.complaints

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in EXPECTED):
            self.complaints.append(message.text)


def answer(route: Route, sdk: str | None) -> None:
    """Zendesk's address answers with the stand-in, or not at all."""
    if sdk is None:
        route.abort()
    else:
        route.fulfill(body=sdk, content_type="text/javascript")
