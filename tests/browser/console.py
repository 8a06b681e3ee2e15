"""The console as a browser sees it: a real receiver over HTTP, on a ledger that a test fills."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect
from werkzeug.serving import make_server

from bridge.clock import Clock, SystemClock, to_micros
from bridge.ledger import directions, samples
from bridge.ledger.directions import DOWN, HALTED, Direction
from bridge.ledger.samples import MINUTE_S, TEN_MINUTES_S
from receiver.app import create_app
from tests.browser.bridge import Handler
from tests.browser.seat import AXE, EXPECTED
from tests.receiver.console.visitor import link_path
from tests.receiver.door import Door, open_door

SECOND = 1_000_000


class ConsoleServer:
    """A receiver with two installations. Use as a context manager."""

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self.door: Door = open_door(folder, clock=clock or SystemClock())
        self.door.add("brightside", "another secret")
        self._server = make_server(
            "127.0.0.1", 0, create_app(self.door.parts), threaded=True, request_handler=Handler
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="console", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/console"

    def link(self, role: str = "operator") -> str:
        """An address that signs in once."""
        return self.url + link_path(self.door, role=role)

    def trouble(self, installation_id: int, system: str, state: str, reason: str) -> None:
        """A system of an installation is in trouble since ten minutes."""
        since = self.door.ledger.micros() - 600 * SECOND
        with self.door.ledger.writing() as connection:
            directions.put(connection, Direction(installation_id, system, state, reason, since, 9, since))

    def heal(self) -> None:
        """Nobody is in trouble any more."""
        with self.door.ledger.writing() as connection:
            for system in ("zendesk", "sailthru"):
                for number in (1, 2):
                    directions.clear(connection, number, system)

    def history(self, *, at: int | None = None) -> None:
        """A day in which Sailthru was away for half an hour."""
        now = to_micros(self.door.clock.now()) if at is None else at
        with self.door.ledger.writing() as connection:
            for step_s, many in ((MINUTE_S, 60), (TEN_MINUTES_S, 144)):
                for number in reversed(range(many)):
                    at_us = now - number * step_s * SECOND
                    samples.put(connection, step_s, at_us, _numbers(number, many))

    def __enter__(self) -> ConsoleServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.door.broker.close()
        self.door.ledger.engine.dispose()


def _numbers(number: int, many: int) -> dict[str, float]:
    """What was counted so many steps ago."""
    wave = abs(number % 24 - 12)
    is_away = 0.4 < number / many < 0.6
    backlog = max(0.0, 0.6 - number / many) * 900 if number / many > 0.15 else 0.0
    return {
        "zendesk.depth": 3 + wave / 2,
        "zendesk.unapplied": backlog,
        "zendesk.oldest": backlog / 3,
        "zendesk.in": 120 + wave * 9,
        "zendesk.out": 0.0 if is_away else 140 + wave * 9,
        "sailthru.depth": 1.0,
        "sailthru.unapplied": 2.0,
        "sailthru.oldest": 4.0,
        "sailthru.in": 30 + wave,
        "sailthru.out": 30 + wave,
        "agent.depth": 0.0,
        "agent.unapplied": 0.0,
        "agent.oldest": 0.0,
        "agent.in": 2.0,
        "agent.out": 2.0,
        "sailthru.pushes": 0.0 if is_away else 95.0 + wave,
        "sailthru.errors": 80.0 if is_away else 0.0,
        "zendesk.pushes": 8.0,
        "zendesk.errors": 0.0,
        "sailthru.quota_left": 0.8 - wave / 50,
        "zendesk.quota_left": 0.6 - wave / 30,
        "lag.p50": 0.3,
        "lag.p99": 240.0 if is_away else 1.8,
    }


@dataclass
class Watcher:
    """Somebody before the console, in one page of a browser."""

    server: ConsoleServer
    page: Page
    complaints: list[str]

    @classmethod
    def sitting(cls, server: ConsoleServer, context: BrowserContext, *, role: str = "operator") -> Watcher:
        """Signed in by a link, before the Overview."""
        watcher = cls(server, context.new_page(), [])
        watcher.page.on("console", watcher._hear)
        watcher.page.on("pageerror", lambda error: watcher.complaints.append(str(error)))
        watcher.page.goto(server.link(role))
        watcher.page.get_by_role("button", name="Sign in").click()
        watcher.wait_for_keys()
        return watcher

    def look(self, path: str = "/") -> None:
        """Open a page; `path` begins after `/console`."""
        self.page.goto(self.server.url + path)

    def wait_for_keys(self) -> None:
        """Until the page listens to keys, which its button for them tells."""
        expect(self.page.get_by_role("button", name="Keys")).to_be_enabled()

    def see(self, scheme: str, width: int) -> None:
        """See the page in another mode and width."""
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        self.page.set_viewport_size({"width": width, "height": 900})

    def violations(self) -> list[str]:
        """What axe-core finds wrong."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document)")["violations"]
        return [
            f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]
        ]

    def overflow(self) -> int:
        """How many pixels are cut off at the right."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in EXPECTED):
            self.complaints.append(message.text)


__all__ = ["DOWN", "HALTED", "ConsoleServer", "Watcher"]
