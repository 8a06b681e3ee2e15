"""How soon an agent sees something useful: the sidebar's page in a real Chromium, from a warm receiver.

`python -m bench.sidebar_paint [--tickets 40] [--json] [--keep]`
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from sqlalchemy import update

from bench.customers import address, link
from bench.product import Product, product, scratch
from bench.report import Report, Target, publish, say
from bench.sender import percentile
from bridge.ledger import installations, tables
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.vault import Vault
from sandbox.sailthru.account import SailthruAccount
from sandbox.sailthru.world import Sailthru
from tests.browser.seat import SDK_STAND_IN
from tests.receiver.sidebar.desk import AUDIENCE, KEY, public_pem, rs256

FIRST = 1000
WITHIN_S = 0.3
# From the moment Zendesk sends the agent's browser to the page until the customer's part of it is painted.
MARKS = """(() => {
  const isUseful = () => document.querySelector('#app[aria-busy="false"] #panel-overview .card');
  const paint = () => requestAnimationFrame(() => setTimeout(() => { window.usefulAt = performance.now(); }));
  new MutationObserver((_, watch) => { if (isUseful()) { watch.disconnect(); paint(); } })
    .observe(document, { subtree: true, childList: true, attributes: true });
})()"""
USEFUL = """() => new Promise((done) => {
  const look = () => (window.usefulAt ? done(window.usefulAt) : setTimeout(look, 5));
  look();
})"""
FORM = """([address, token]) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: address });
  form.append(Object.assign(document.createElement("input"), { name: "token", value: token }));
  document.body.append(form);
  form.submit();
}"""


@dataclass
class Seen:
    """Seconds from the beginning of each opening: to the first paint at all, and to the useful one."""

    first: list[float] = field(default_factory=list)
    useful: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where the receiver listens, and the Zendesk account that opens its page."""

    port: int
    account_url: str

    @property
    def page(self) -> str:
        sdk = quote(f"{self.account_url}/sdk.js", safe="")
        return f"http://127.0.0.1:{self.port}/sidebar/acme?sdk={sdk}"

    def claims(self) -> dict[str, Any]:
        now = int(time.time())
        issuer = urlsplit(self.account_url).netloc
        return {"aud": AUDIENCE, "iss": issuer, "iat": now, "exp": now + 60, "sub": "users/123.json"}


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="write into results.md")
    options = parser.parse_args()
    return publish(_report(*measure(options.tickets)), is_json=options.json, is_kept=options.keep)


def measure(tickets: int) -> tuple[Seen, Seen]:
    """Openings in a browser that was never here, and in one that has the page's files: a customer each."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        account = SailthruAccount(api_key="key", api_secret="secret")
        sailthru = Sailthru(lambda: datetime.now(UTC), account=account)
        sailthru.server.start()
        stack.callback(sailthru.stop)
        one = stack.enter_context(product(folder / "bridge", "embedded://"))
        installation = one.install(sailthru.url, app=(public_pem(KEY), AUDIENCE), sailthru_share=1.0)
        account_url = stack.enter_context(_zendesk())
        ledger = one.ledger()
        _move_to(account_url, one, ledger, installation)
        link(ledger, installation.id, range(FIRST, FIRST + 2 * tickets + 1))
        _give_profiles(ledger, sailthru, 2 * tickets + 1)
        ledger.engine.dispose()
        one.start_web()
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser")
        )
        found = _open_all(Place(one.port, account_url), browser, tickets)
        browser.close()
        one.stop()
    return found


@contextmanager
def _zendesk() -> Iterator[str]:
    """An account that hands out its SDK. To answer the real address would slow down every request."""

    class Sdk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = SDK_STAND_IN.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Say nothing of each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Sdk)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _move_to(url: str, one: Product, ledger: Ledger, installation: Installation) -> None:
    """The installation's Zendesk account is this one."""
    settings = replace(installation.settings, zendesk=replace(installation.settings.zendesk, url=url))
    with ledger.writing() as connection:
        vault = Vault((one.secret_key,))
        installations.replace(connection, vault, id=installation.id, settings=settings, at=datetime.now(UTC))


def _give_profiles(ledger: Ledger, sailthru: Sailthru, count: int) -> None:
    """Everybody has a profile with a life behind it."""
    with ledger.writing() as connection:
        for number in range(FIRST, FIRST + count):
            sid = sailthru.create_profile(address(number), lists=["News", "Offers"])
            is_theirs = tables.customers.c.zendesk_id == number
            connection.execute(update(tables.customers).where(is_theirs).values(sid=sid))


def _open_all(place: Place, browser: Browser, tickets: int) -> tuple[Seen, Seen]:
    new, returning = Seen(), Seen()
    numbers = iter(range(FIRST, FIRST + 2 * tickets + 1))
    say(f"{tickets} openings in new browsers")
    for _ in range(tickets):
        window = browser.new_context(locale="en-US")
        _open(place, window, next(numbers), new)
        window.close()
    say(f"{tickets} openings in a browser that has the page's files")
    window = browser.new_context(locale="en-US")
    _open(place, window, next(numbers), Seen())
    for _ in range(tickets):
        _open(place, window, next(numbers), returning)
    window.close()
    return new, returning


def _open(place: Place, window: BrowserContext, number: int, seen: Seen) -> None:
    """An agent comes to a ticket of this customer."""
    page = window.new_page()
    zendesk = {"currentUser": {"id": 35, "locale": "en-US"}, "ticket.id": number}
    zendesk |= {"ticket.requester.id": number, "ticket.requester.email": address(number)}
    page.add_init_script(f"sessionStorage.setItem('zendesk', {json.dumps(json.dumps(zendesk))});{MARKS}")
    with page.expect_navigation():
        page.evaluate(FORM, [place.page, rs256(place.claims())])
    useful = page.evaluate(USEFUL)
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    seen.first.append(painted / 1000)
    seen.useful.append(useful / 1000)
    page.close()


def _report(new: Seen, returning: Seen) -> Report:
    p50 = percentile(returning.useful, 50)
    return Report(
        name="sidebar_paint",
        title="How soon the sidebar shows a customer",
        head=["browser", "openings", "anything p50 ms", "useful p50 ms", "useful p95 ms", "longest ms"],
        rows=[_row("new", new), _row("has the page's files", returning)],
        targets=[
            Target("useful, new browser, p50", _ms(percentile(new.useful, 50)), "under 300 ms",
                   percentile(new.useful, 50) < WITHIN_S),
            Target("useful, with the files, p50", _ms(p50), "under 300 ms", p50 < WITHIN_S),
            Target("useful, with the files, p95", _ms(percentile(returning.useful, 95)), "under 300 ms",
                   percentile(returning.useful, 95) < WITHIN_S),
        ],
        remarks=[
            "from the browser's navigation to the frame with the customer; the profile is read each time",
            "Chromium, receiver, SQLite ledger and the stand-in for Sailthru share the machine; "
            "Zendesk's SDK is a stand-in that answers at once",
        ],
        data={"useful_p50_ms": p50 * 1000, "useful_p95_ms": percentile(returning.useful, 95) * 1000},
    )  # fmt: skip


def _row(name: str, seen: Seen) -> list[str]:
    useful = [_ms(percentile(seen.useful, share)) for share in (50, 95)]
    times = [_ms(percentile(seen.first, 50)), *useful, _ms(max(seen.useful))]
    return [name, str(len(seen.useful)), *(time.removesuffix(" ms") for time in times)]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
