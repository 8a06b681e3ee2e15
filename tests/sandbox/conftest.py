"""A box with a clock moved by hand, sessions that may ask, and a receiver that listens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from sailthru.sailthru_client import SailthruClient

from sandbox import Sandbox


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 9, 55, 16, 672717, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Receiver:
    """Keeps every request; answers what `answer` says (status, headers)."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answer: Callable[[int], tuple[int, dict[str, str]]] = lambda _nth: (202, {})
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status, headers = receiver.answer(len(receiver.received))
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(clock: HandClock) -> Iterator[Sandbox]:
    with Sandbox.start(now=clock) as box:
        yield box


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def rest(box: Sandbox) -> Iterator[Callable[..., requests.Response]]:
    """Asks Zendesk with the account's API token: `rest("GET", "users/1")`."""
    account = box.zendesk.account
    with requests.Session() as session:
        session.auth = (f"{account.email}/token", account.api_token)

        def ask(method: str, path: str, **more: Any) -> requests.Response:
            return session.request(method, f"{box.zendesk.url}/api/v2/{path}", timeout=5, **more)

        yield ask


@pytest.fixture
def client(box: Sandbox) -> SailthruClient:
    """Sailthru's own Python client, pointed at the stand-in."""
    account = box.sailthru.account
    return SailthruClient(account.api_key, account.api_secret, box.sailthru.url)
