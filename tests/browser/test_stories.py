"""Events and customers in a browser: from a list to the reason, narrow and wide; and what came since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bridge.ledger import attempts, customers, events
from bridge.ledger.attempts import Attempt, Finished
from bridge.ledger.customers import Mark
from bridge.ledger.events import APPLIED, DEAD, KeptEvent
from schemas.event import Event
from tests.browser.console import ConsoleServer, Watcher

pytestmark = pytest.mark.browser
JANE = "jane.doe@example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    """A customer with one event that was applied and one that ended as a dead letter."""
    with ConsoleServer(Path(tmp_path_factory.mktemp("stories"))) as server:
        ledger, now = server.door.ledger, server.door.clock.now()
        applied = Event("e1", "acme", "zendesk", "user.identity_changed", "user:7", "webhook", now, now)
        applied = replace(applied, data={"user": {"id": 7, "email": JANE}}, delivery={"secret": 1})
        made = [["user:7", "address", "newer", JANE, f"old.{JANE}", ledger.micros(), "e0"]]
        refused = replace(applied, id="e2", type="user.tags_changed")
        with ledger.writing() as connection:
            customers.add(connection, 1, [7])
            customers.mark_owed(connection, 1, [Mark(7, JANE)], ledger.micros())
            begun = Attempt(1, 7, 1, "sailthru", "write", ("email",), 1, {"call": "POST /user"})
            attempts.start(connection, [begun], ledger.micros())
            attempts.finish(connection, [Finished(1, 7, 1, "write", attempts.CONFIRMED)], ledger.micros())
            rows = [KeptEvent(applied, 7, 1, APPLIED, made=made), KeptEvent(refused, 7, 1, DEAD, "refused")]
            events.keep(connection, 1, rows, ledger.micros())
        yield server


@pytest.fixture
def watcher(server: ConsoleServer, chromium: Browser) -> Iterator[Watcher]:
    context = chromium.new_context(locale="en-US", timezone_id="UTC")
    watcher = Watcher.sitting(server, context)
    expect(watcher.page.get_by_role("heading", name="Overview")).to_be_visible()
    yield watcher
    context.close()
    assert watcher.complaints == []


def test_four_steps_lead_from_the_overview_to_the_write_that_ended_an_event(watcher: Watcher) -> None:
    page = watcher.page
    page.get_by_role("link", name="Customers").click()
    page.get_by_role("searchbox").fill(JANE)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="user.identity_changed").click()
    expect(page.get_by_text("Sailthru confirmed it")).to_be_visible()
    expect(page.get_by_text("the write that ended it")).to_be_visible()
    expect(page.get_by_text("verified by secret 1 of the installation")).to_be_visible()


def test_a_list_says_how_many_came_since_and_moves_nothing(watcher: Watcher, server: ConsoleServer) -> None:
    page = watcher.page
    watcher.look("/events?q=type%3Aticket")
    expect(page.get_by_text("No such events")).to_be_visible()
    now, ledger = server.door.clock.now(), server.door.ledger
    new = [
        Event(f"new-{number}", "acme", "zendesk", "ticket.created", "ticket:9", "webhook", now, now)
        for number in range(3)
    ]
    with ledger.writing() as connection:
        events.keep(connection, 1, [KeptEvent(one, 7, 1, APPLIED) for one in new], ledger.micros())
    news = page.get_by_role("link", name="3 new")
    expect(news).to_be_visible(timeout=10_000)
    expect(page.get_by_role("table")).to_have_count(0)
    page.keyboard.press("n")
    expect(page.get_by_role("link", name="new-2")).to_be_visible()


def test_an_operator_pushes_and_is_told_how_it_stands(watcher: Watcher) -> None:
    page = watcher.page
    watcher.look("/customers/acme/7")
    page.get_by_text("Push now", exact=True).first.click()
    page.get_by_role("button", name="Push now").click()
    expect(page.get_by_role("status")).to_contain_text("Sailthru is owed since", timeout=10_000)


@pytest.mark.parametrize("path", ["/events", "/events/acme/e1", "/customers?q=nobody", "/customers/acme/7"])
def test_every_story_is_for_everybody_narrow_and_wide_light_and_dark(watcher: Watcher, path: str) -> None:
    watcher.look(path)
    for scheme, width in (("light", 1280), ("dark", 320)):
        watcher.see(scheme, width)
        assert (path, watcher.overflow()) == (path, 0)
        assert (path, watcher.violations()) == (path, [])
