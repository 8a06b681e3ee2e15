"""The stand-ins as a process of their own, driven over the control API; and the bytes of the server."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import Sandbox


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "sandbox", "--no-quota"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
        process.kill()


def test_the_process_says_where_it_is_obeys_and_ends(process: Any) -> None:
    running, said = process
    url = said["zendesk"]["url"]
    made = requests.post(f"{url}/sandbox/create_user", json={"email": "ann@example.com"}, timeout=5)
    user_id = made.json()["result"]["id"]
    requests.post(f"{url}/sandbox/add_tags", json={"user_id": user_id, "tags": ["vip"]}, timeout=5)
    (user,) = requests.get(f"{url}/sandbox/state", timeout=5).json()["users"]
    assert (user["identities"][0]["value"], user["tags"]) == ("ann@example.com", ["vip"])
    running.send_signal(signal.SIGTERM)
    assert running.wait(5) == 0


def test_a_profile_is_made_and_shown_over_the_control_api(box: Sandbox) -> None:
    url = f"{box.sailthru.url}/sandbox"
    asked = {"email": "ann@example.com", "vars": {"a": 1}}
    assert requests.post(f"{url}/create_profile", json=asked, timeout=5).status_code == 200
    (profile,) = requests.get(f"{url}/state", timeout=5).json()["profiles"]
    assert profile["vars"] == {"a": 1}
    assert len(box.sailthru.calls) == 0


@pytest.mark.parametrize(
    ("verb", "arguments", "status"),
    [("explode", {}, 404), ("add_tags", {"user_id": 5, "tags": []}, 400), ("create_user", {"nope": 1}, 400)],
)
def test_a_wrong_order_is_answered_with_words(
    box: Sandbox, verb: str, arguments: dict[str, Any], status: int
) -> None:
    reply = requests.post(f"{box.zendesk.url}/sandbox/{verb}", json=arguments, timeout=5)
    assert reply.status_code == status
    assert reply.json()["error"]


def exchange(box: Sandbox, sent: bytes) -> bytes:
    """Everything the server answers before it closes."""
    with socket.create_connection(("127.0.0.1", box.zendesk.server.port), timeout=5) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def test_pipelined_requests_are_answered_in_order(box: Sandbox) -> None:
    last = b"GET /sandbox/state HTTP/1.1\r\nConnection: close\r\n\r\n"
    received = exchange(box, b"GET /a HTTP/1.1\r\n\r\n" * 300 + last)
    assert received.count(b"HTTP/1.1 401") == 300
    assert received.count(b"HTTP/1.1 200") == 1
    assert received.rindex(b"HTTP/1.1 401") < received.index(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "sent",
    [
        b"junk\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"A" * 70_000,
    ],
)
def test_what_is_no_request_is_a_400_and_the_end(box: Sandbox, sent: bytes) -> None:
    assert exchange(box, sent).startswith(b"HTTP/1.1 400")


def test_a_stopped_box_frees_its_ports() -> None:
    with Sandbox.start() as box:
        port = box.zendesk.server.port
    with Sandbox.start(zendesk_port=port) as again:
        assert again.zendesk.server.port == port
