"""A web worker serves everybody with one thread: nobody who dawdles may keep the others waiting."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.system.accounts import Accounts
from tests.system.running import WEB

pytestmark = pytest.mark.system

CUSTOMER = 6164069643998
DAWDLERS = 200
PROMPT_S = 3.0


def dawdle(doors: ExitStack, accounts: Accounts, count: int, first_bytes: bytes) -> list[socket.socket]:
    """So many connections that have sent no more than the first bytes of a request."""
    parts = urlsplit(accounts.bridge.url)
    assert parts.hostname is not None
    assert parts.port is not None
    found = []
    for _ in range(count):
        one = doors.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=10))
        one.sendall(first_bytes)
        found.append(one)
    return found


def test_slow_senders_keep_no_delivery_waiting(embedded: Accounts) -> None:
    embedded.bridge.start(WEB)
    head = b"POST /hooks/acme/zendesk/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with ExitStack() as doors:
        for first_bytes in (b"", head, head + b"Content-Length: 900\r\n\r\n{"):
            dawdle(doors, embedded, DAWDLERS, first_bytes)
        began = time.monotonic()
        answers = [embedded.send(embedded.invent(CUSTOMER)).status for _ in range(20)]
        assert answers == [202] * 20
        assert time.monotonic() - began < PROMPT_S


def test_a_worker_that_ends_hangs_up_on_idle_connections_and_waits_for_none(embedded: Accounts) -> None:
    embedded.bridge.start(WEB)
    with ExitStack() as doors:
        (idle,) = dawdle(doors, embedded, 1, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        embedded.bridge.terminate(WEB)
        assert time.monotonic() - began < PROMPT_S * 2  # the longest wait for a request under way is 15 s
        assert b"".join(iter(lambda: idle.recv(4096), b"")).endswith(b'{"alive": true}')  # and then the end
