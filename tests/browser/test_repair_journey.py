"""From an alert to a customer's failed change, why, its replay and its success: counted in clicks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Locator, expect

from bridge.ledger import installations
from sandbox import Sandbox
from tests.browser.console import ConsoleServer, Watcher
from tests.consumers.world import World, settings_for

pytestmark = pytest.mark.browser
MOST_CLICKS = 5


@dataclass
class Journey:
    """Somebody on call, whose clicks are counted, before a console over a working bridge."""

    world: World
    watcher: Watcher
    clicks: list[str] = field(default_factory=list)

    def click(self, what: Locator) -> None:
        self.clicks.append(what.inner_text())
        what.click()


def working_bridge(server: ConsoleServer, box: Sandbox) -> World:
    """The console's installation `acme`, with the stand-ins' accounts and a consumer."""
    door, settings = server.door, settings_for(box)
    with door.ledger.writing() as connection:
        found = installations.by_name(connection, door.vault, name="acme")
        assert found is not None
        installations.replace(connection, door.vault, id=found.id, settings=settings, at=door.clock.now())
        acme = installations.by_name(connection, door.vault, name="acme")
    assert acme is not None
    world = World(box, cast("Any", door.clock), door.ledger, acme, door.vault)
    world.listen()
    world.add_process()
    return world


def failed_change(world: World) -> None:
    """A customer whose new tag Sailthru does not take."""
    box = world.box
    box.sailthru.create_profile("ann@example.com")
    ann = box.zendesk.create_user("ann@example.com").id
    world.publish(world.told())
    world.work()
    box.sailthru.fail_with(17, "Invalid value", status=400, method="POST")
    box.zendesk.add_tags(ann, ["vip"])
    world.publish(world.told())
    world.work()


@pytest.fixture
def journey(tmp_path: Path, chromium: Browser) -> Iterator[Journey]:
    box = Sandbox.start()
    context = chromium.new_context(locale="en-US", timezone_id="UTC")
    with ConsoleServer(tmp_path) as server:
        world = working_bridge(server, box)
        failed_change(world)
        yield Journey(world, Watcher.sitting(server, context))
        context.close()
    box.stop()


def test_a_failed_change_is_found_understood_replayed_and_confirmed_in_few_clicks(journey: Journey) -> None:
    page, world = journey.watcher.page, journey.world
    # Given the alert about dead letters, whose link leads here
    journey.watcher.look("/dead")
    journey.click(page.locator("tbody").get_by_role("link"))
    journey.click(page.locator("tbody").get_by_role("link"))
    # Then it says why, what helps, and what a replay would change
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dead letter")
    expect(page.get_by_text("What helps:")).to_be_visible()
    expect(page.get_by_role("row", name="sailthru zendesk_tags")).to_contain_text("vip")
    assert journey.watcher.violations() == []
    journey.watcher.see("dark", 320)
    assert (journey.watcher.overflow(), journey.watcher.violations()) == (0, [])
    # When it is replayed
    journey.click(page.get_by_role("button", name="Replay", exact=True))
    expect(page.get_by_text("Under way")).to_be_visible()
    world.work()
    # Then the page says by itself that it arrived
    expect(page.get_by_text("Done")).to_be_visible(timeout=10_000)
    assert world.vars("ann@example.com")["zendesk_tags"] == ["vip"]
    assert len(journey.clicks) <= MOST_CLICKS, journey.clicks
    assert journey.watcher.complaints == []


def test_a_replay_of_many_is_previewed_begun_watched_and_stopped(journey: Journey) -> None:
    page = journey.watcher.page
    journey.watcher.look("/dead/letters")
    journey.click(page.get_by_role("button", name="Preview a replay of all"))
    expect(page.get_by_role("heading", name="Replay 1 letter?")).to_be_visible()
    assert journey.watcher.violations() == []
    journey.click(page.get_by_role("button", name="Replay 1"))
    # Then it is under way, and no clock moves it yet
    expect(page.get_by_text("0 of 1, running")).to_be_visible()
    assert journey.watcher.violations() == []
    journey.click(page.get_by_role("button", name="Stop"))
    expect(page.get_by_text("0 of 1, stopped by ann")).to_be_visible()
    assert journey.watcher.complaints == []
