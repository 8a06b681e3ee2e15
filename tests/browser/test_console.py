"""The console in a browser: it lives, it never pulls anything away, it is for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bridge.ledger import operators
from bridge.ledger.operators import Operator
from bridge.people.passwords import Passwords
from tests.browser.console import HALTED, ConsoleServer, Watcher

pytestmark = pytest.mark.browser
PASSWORD = "a horse that nobody rides"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(Path(tmp_path_factory.mktemp("console"))) as server:
        server.history()
        yield server


@pytest.fixture
def watcher(server: ConsoleServer, chromium: Browser) -> Iterator[Watcher]:
    server.heal()
    context = chromium.new_context(locale="en-US", timezone_id="UTC")
    watcher = Watcher.sitting(server, context)
    expect(watcher.page.get_by_role("heading", name="Overview")).to_be_visible()
    yield watcher
    context.close()
    assert watcher.complaints == []


def test_every_page_is_for_everybody_narrow_and_wide_light_and_dark(watcher: Watcher) -> None:
    links = watcher.page.locator("header nav a").evaluate_all("links => links.map(one => one.pathname)")
    for path in [*links, "/console/no/such/page", "/console/login"]:
        if path == "/console/login":
            watcher.page.context.clear_cookies()
        watcher.look(path.removeprefix("/console"))
        for scheme, width in (("light", 1280), ("dark", 320)):
            watcher.see(scheme, width)
            assert (path, watcher.overflow()) == (path, 0)
            assert (path, watcher.violations()) == (path, [])


def test_trouble_shows_by_itself_but_pulls_no_row_from_under_the_pointer(watcher: Watcher) -> None:
    page, server = watcher.page, watcher.server
    region = page.get_by_role("region", name="Installations, trouble first")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    region.get_by_role("row", name=re.compile("brightside")).hover()
    server.trouble(2, "sailthru", HALTED, "bad_credentials")
    held = page.get_by_role("button", name="1 new")
    expect(held).to_be_visible(timeout=10_000)
    expect(region.locator("tbody tr").last.locator("th")).to_have_text("brightside")
    held.click()
    expect(region.locator("tbody tr").first).to_contain_text("Sailthru halted")
    expect(held).to_have_count(0)

    region.locator("tbody tr").last.get_by_role("rowheader").select_text()
    page.mouse.move(0, 0)
    server.heal()
    expect(page.get_by_role("button", name="1 new")).to_be_visible(timeout=10_000)
    expect(region.locator("tbody tr").first).to_contain_text("Sailthru halted")
    page.evaluate("document.getSelection().removeAllRanges(); document.activeElement.blur()")
    expect(region.get_by_text("Sailthru halted")).to_have_count(0, timeout=10_000)


def test_numbers_are_read_out_when_asked_for_and_only_then(watcher: Watcher) -> None:
    said = watcher.page.get_by_role("status")
    expect(said).to_be_empty()
    watcher.page.keyboard.press("r")
    expect(said).to_contain_text("Zendesk: 0 waiting")
    assert watcher.page.locator("[aria-live]").count() == 0


def test_keys_are_shown_and_can_be_switched_off(watcher: Watcher) -> None:
    page = watcher.page
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Overview")
    assert watcher.violations() == []
    dialog.get_by_role("checkbox", name="Use these keys").uncheck()
    dialog.get_by_role("button", name="Close").click()
    page.reload()
    watcher.wait_for_keys()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    expect(dialog.get_by_role("checkbox")).not_to_be_checked()


def test_a_hidden_page_asks_for_nothing(watcher: Watcher) -> None:
    page = watcher.page
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    hide = "Object.defineProperty(document, 'hidden', { value: %s, configurable: true });"
    event = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(hide % "true" + event)
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    watcher.server.trouble(1, "zendesk", HALTED, "bad_credentials")
    page.wait_for_timeout(4_000)  # longer than the server takes to tell anybody
    assert asked == []
    page.evaluate(hide % "false" + event)
    expect(page.get_by_text("Zendesk halted")).to_be_visible()


def test_who_follows_a_link_from_elsewhere_is_still_signed_in(watcher: Watcher) -> None:
    # browsers leave a cookie with SameSite=Strict out when another site leads here
    context = watcher.page.context
    elsewhere = context.new_page()
    elsewhere.route(
        "https://chat.example/",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<a href="{watcher.server.url}/?span=day">alert</a>'
        ),
    )
    elsewhere.goto("https://chat.example/")
    elsewhere.get_by_role("link", name="alert").click()
    expect(elsewhere.get_by_role("heading", name="Overview")).to_be_visible()
    assert elsewhere.url.endswith("/console/?span=day")


def test_a_password_typed_wrong_is_told_and_then_lets_in(server: ConsoleServer, chromium: Browser) -> None:
    with server.door.ledger.writing() as connection:
        operators.add(connection, Operator("ada", "viewer", Passwords().hashed(PASSWORD), 1, 1))
    page = chromium.new_context().new_page()
    page.goto(f"{server.url}/")
    for password in ("not this one", PASSWORD):
        page.get_by_label("Name").fill("Ada")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        if password != PASSWORD:
            expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    expect(page.get_by_text("viewer")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.context.close()
