"""Pictures of the console's pages, in a night in which one Sailthru is down; a part of `make screenshots`."""

from __future__ import annotations

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser

from bridge.ledger import dead, tables
from bridge.ledger.dead import DeadLetter
from schemas.zendesk_events import read_delivery
from tests.browser.console import DOWN, ConsoleServer, Watcher
from tests.payloads import payload

NOW = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
SECOND = 1_000_000
PAGES = {
    "overview": "/",
    "dead-letters": "/dead",
    "dead-letter": "/dead/letters/1",
    "events": "/events",
    "event": "/events/acme/event-3",
    "customer": "/customers/acme/7",
    "customers": "/customers?q=anna.lindqvist@example.com",
    "lanes": "/lanes",
    "audit": "/audit",
}
ALSO = {"overview": [("dark", 1280), ("light", 320)]}
KINDS = ("ticket.status_changed", "user.tags_changed", "user.identity_changed")
REASONS = (
    ("email_conflict", "Another Sailthru profile has the new address of customer 7."),
    ("consent_changed", "the state that the agent saw has changed"),
)


class OneMoment:
    """A clock by which it is always the same moment: pictures differ only where pages do."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return time.monotonic()


def take_all(browser: Browser, folder: Path) -> None:
    """A picture of each page."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        ConsoleServer(Path(scratch), clock=OneMoment()) as server,
    ):
        _fill(server)
        context = browser.new_context(locale="en-US", timezone_id="UTC")
        page = context.new_page()
        page.goto(f"{server.url}/login")
        page.set_viewport_size({"width": 640, "height": 480})
        page.screenshot(path=folder / "console-sign-in.png")
        watcher = Watcher.sitting(server, context)
        for name, path in PAGES.items():
            for scheme, width in [("light", 1280), *ALSO.get(name, [])]:
                _take(watcher, path, folder / _file(name, scheme, width), scheme=scheme, width=width)
        context.close()


def _file(name: str, scheme: str, width: int) -> str:
    marks = ["dark"] if scheme == "dark" else [str(width)] if width == 320 else []
    return "-".join(["console", name, *marks]) + ".png"


def _take(watcher: Watcher, path: str, file: Path, *, scheme: str, width: int) -> None:
    answer = watcher.page.goto(watcher.server.url + path)
    if answer is None or not answer.ok:
        raise SystemExit(f"screenshots: {path} is no page: {answer and answer.status}")
    watcher.see(scheme, width)
    watcher.page.evaluate("document.activeElement.blur()")
    watcher.page.screenshot(path=file, full_page=True)


def _fill(server: ConsoleServer) -> None:
    """A day behind, a few events, and letters that died of two reasons."""
    server.history()
    server.trouble(1, "sailthru", DOWN, "timeout")
    now = server.door.ledger.micros()
    customer = {
        "installation_id": 1,
        "zendesk_id": 7,
        "address": "anna.lindqvist@example.com",
        "sid": "5f0c4a",
        "state": "ok",
        "read_at": now,
        "seen_at": now,
        "wanted": 3,
        "paid": 2,
        "owed": True,
        "owed_at": now - 600 * SECOND,
        "due_at": now,
    }
    with server.door.ledger.writing() as connection:
        connection.execute(tables.customers.insert(), [customer])
        connection.execute(tables.events.insert(), [_event(number, now) for number in range(12)])
        for number in range(6):
            dead.bury(connection, _letter(number), now - number * 60 * SECOND)


def _event(number: int, now: int) -> dict[str, object]:
    at = now - number * 47 * SECOND
    is_late = number < 4
    kind = KINDS[number % len(KINDS)]
    said = read_delivery(payload(kind).body, installation="acme", received_at=NOW).events[0]
    return {
        "installation_id": 1,
        "id": f"event-{number}",
        "lane": "zendesk",
        "type": kind,
        "subject": said.subject,
        "source": "webhook",
        "zendesk_id": 7,
        "version": 3 if is_late else 2,
        "occurred_at": at - SECOND,
        "received_at": at,
        "kept_at": at + SECOND // 50,
        "applied_at": None if is_late else at + SECOND,
        "outcome": "kept" if is_late else "applied",
        "data": json.dumps(said.data),
    }


def _letter(number: int) -> DeadLetter:
    reason, error = REASONS[number % 2]
    is_agents = number % 2 == 1
    return DeadLetter(
        installation_id=1 + number % 2,
        lane="agent" if is_agents else "zendesk",
        type="agent.optout" if is_agents else "user.identity_changed",
        reason=reason,
        error=error,
        event_id=f"event-{number}",
        zendesk_id=7 + number,
        attempts=1,
    )
