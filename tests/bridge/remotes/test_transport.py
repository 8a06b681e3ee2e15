"""Over real sockets: what no double of the network would show."""

from __future__ import annotations

import contextlib
import gzip
import logging
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from bridge.clock import SystemClock
from bridge.errors import SendAgain, TryLater
from bridge.remotes.sailthru import Sailthru
from bridge.remotes.transport import LARGEST_BODY, Request, Transport
from schemas.installation import SailthruAccount
from tests.bridge.remotes.odd_server import Conversation, OddServer, read_head

READ_S = 0.4
GOOD = b'HTTP/1.1 200 OK\r\nX-Rate-Limit-Limit: 300\r\nContent-Length: 11\r\n\r\n{"ok":true}'


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(SystemClock())
    yield transport
    transport.close()


def get(url: str) -> Request:
    return Request("sailthru", "GET", f"{url}/user?api_key=k3y", {}, read_s=READ_S)


def post(url: str) -> Request:
    return Request("sailthru", "POST", f"{url}/user", {}, b"json=jane@example.com", read_s=READ_S)


def trickle_body(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not ended.wait(0.05):
        connection.sendall(b" ")


def trickle_headers(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not ended.wait(0.05):
        connection.sendall(b"x")


def trickle_continues(connection: socket.socket, ended: threading.Event) -> None:
    while not ended.wait(0.05):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def say_nothing(_connection: socket.socket, ended: threading.Event) -> None:
    ended.wait(10)


@pytest.mark.parametrize("conversation", [trickle_body, trickle_headers, trickle_continues, say_nothing])
def test_a_server_that_trickles_holds_nobody_beyond_the_deadline(
    transport: Transport, conversation: Conversation
) -> None:
    with OddServer(conversation) as server:
        started = time.monotonic()
        with pytest.raises(TryLater) as read:
            transport.send(get(server.url))
        with pytest.raises(SendAgain) as written:
            transport.send(post(server.url))
        assert time.monotonic() - started < 2 * READ_S + 1
    assert type(read.value) is TryLater
    assert read.value.reason == written.value.reason == "timeout"


def hang_up(_connection: socket.socket, _ended: threading.Event) -> None:
    """Close without a word."""


def reset(connection: socket.socket, _ended: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut_short(connection: socket.socket, _ended: threading.Event) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"keys": {')


def speak_another_protocol(connection: socket.socket, _ended: threading.Event) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def send_broken_gzip(connection: socket.socket, _ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")


@pytest.mark.parametrize(
    "conversation", [hang_up, reset, cut_short, speak_another_protocol, send_broken_gzip]
)
def test_an_answer_that_never_comes_leaves_a_write_in_doubt(
    transport: Transport, conversation: Conversation
) -> None:
    with OddServer(conversation) as server:
        with pytest.raises(TryLater) as read:
            transport.send(get(server.url))
        with pytest.raises(SendAgain) as written:
            transport.send(post(server.url))
    assert type(read.value) is TryLater
    assert read.value.reason == written.value.reason == "connection_lost"
    for error in (read.value, written.value):
        assert "k3y" not in str(error)
        assert "jane" not in str(error)
        assert error.__suppress_context__  # a printed traceback shows no address either


def test_a_server_that_is_not_there_was_sent_nothing(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    for request in (get(url), post(url)):
        with pytest.raises(TryLater) as caught:
            transport.send(request)
        assert type(caught.value) is TryLater
        assert caught.value.reason == "unreachable"


def test_a_certificate_that_nobody_vouches_for_gets_no_request(
    transport: Transport, self_signed: ssl.SSLContext
) -> None:
    heard: list[bytes] = []

    def listen(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                heard.append(self_signed.wrap_socket(connection, server_side=True).recv(100))
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen, args=(listener,))
        thread.start()
        with pytest.raises(TryLater) as caught:
            transport.send(post(f"https://localhost:{listener.getsockname()[1]}"))
        thread.join(10)
    assert type(caught.value) is TryLater
    assert caught.value.reason == "unreachable"
    assert heard in ([], [b""])


@pytest.mark.parametrize("zipped", [False, True])
def test_a_reply_beyond_all_measure_is_not_read_to_its_end(transport: Transport, zipped: bool) -> None:
    body = b"[" + b" " * (LARGEST_BODY * 20) + b"]"
    content = gzip.compress(body, 1) if zipped else body
    coding = b"Content-Encoding: gzip\r\n" if zipped else b""

    def send_it_all(connection: socket.socket, _ended: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + coding + b"Content-Length: %d\r\n\r\n" % len(content))
        connection.sendall(content)

    with OddServer(send_it_all) as server:
        request = Request("zendesk", "GET", server.url + "/", {}, read_s=10)
        with pytest.raises(TryLater) as caught:
            transport.send(request)
    assert caught.value.reason == "too_large"


def keep_answering(connection: socket.socket, _ended: threading.Event) -> None:
    connection.sendall(GOOD)
    while True:
        read_head(connection)
        connection.sendall(GOOD)


def test_one_connection_serves_many_calls(transport: Transport) -> None:
    with OddServer(keep_answering) as server:
        for _ in range(5):
            assert transport.send(get(server.url)).body == b'{"ok":true}'
        transport.close()
    assert server.connections == 1


def test_a_short_time_left_of_one_reply_does_not_cut_the_next_call(transport: Transport) -> None:
    def answer_late(connection: socket.socket, ended: threading.Event) -> None:
        for _ in range(2):
            ended.wait(READ_S * 0.7)
            connection.sendall(GOOD)
            read_head(connection)

    with OddServer(answer_late) as server:
        assert transport.send(get(server.url)).status == 200
        assert transport.send(get(server.url)).status == 200
        transport.close()
    assert server.connections == 1


def test_a_connection_that_the_server_closed_while_idle_is_not_used_again(transport: Transport) -> None:
    closed = threading.Event()

    def answer_once(connection: socket.socket, _ended: threading.Event) -> None:
        connection.sendall(GOOD)
        connection.shutdown(socket.SHUT_WR)
        closed.set()

    with OddServer(answer_once) as server:
        for _ in range(3):
            closed.clear()
            assert transport.send(post(server.url)).status == 200
            assert closed.wait(10)
    assert server.connections == 3


def test_a_redirect_is_an_answer_and_is_not_followed(transport: Transport) -> None:
    def send_elsewhere(connection: socket.socket, _ended: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    with OddServer(send_elsewhere) as server:
        assert transport.send(get(server.url)).status == 302
    assert server.connections == 1


def test_a_proxy_of_the_environment_sees_nothing(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with OddServer(keep_answering) as server:
        assert transport.send(get(server.url)).status == 200
        transport.close()


def test_nothing_that_is_secret_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    def send_broken_headers(connection: socket.socket, _ended: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\n{}")

    caplog.set_level(logging.DEBUG)
    with OddServer(send_broken_headers) as server:
        account = SailthruAccount(url=server.url, api_key="k3y-of-ours", api_secret="s3cret-of-ours")
        client = Sailthru(account, clock=SystemClock(), on_rate=lambda _reading: None)
        with contextlib.suppress(TryLater):
            client.profile("jane@example.com", "email", fields=["keys"])
        client.close()
    for word in ("k3y-of-ours", "s3cret-of-ours", "jane", "sig="):
        assert word not in caplog.text


def test_many_threads_share_the_connections(transport: Transport) -> None:
    statuses: list[int] = []

    def send_some(url: str) -> None:
        statuses.extend(transport.send(get(url)).status for _ in range(5))

    with OddServer(keep_answering) as server:
        threads = [threading.Thread(target=send_some, args=(server.url,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        transport.close()
    assert statuses == [200] * 100
    assert server.connections <= 20
