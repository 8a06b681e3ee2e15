"""Kept-alive connections over real sockets: what is sent, what is read, and who is believed."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from urllib3.exceptions import ConnectTimeoutError

from bridge.remotes.connections import Connections, Reply
from tests.bridge.remotes.odd_server import OddServer, read_head

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def connections() -> Iterator[Connections]:
    connections = Connections()
    yield connections
    connections.close()


def call(connections: Connections, url: str, headers: Mapping[str, str] = {}) -> Reply:
    return connections.call("GET", url, headers, None, connect_s=5, read_s=5, largest=1000)


@pytest.mark.parametrize("value", ["a\r\nX-More: b", "a\nb", "a\rb", "a\x00b"])
def test_a_value_cannot_say_a_second_header(connections: Connections, value: str) -> None:
    with OddServer(lambda *_: None) as server, pytest.raises(ValueError, match="control character"):
        call(connections, server.url + "/", {"Authorization": value})
    assert server.connections == 0


@pytest.mark.parametrize("target", ["/user HTTP/1.1\r\nHost: b", "/a b", "/a\nb", ""])
def test_an_address_cannot_say_a_second_request(connections: Connections, target: str) -> None:
    with OddServer(lambda *_: None) as server, pytest.raises(ValueError, match="control character"):
        call(connections, server.url + target)
    assert server.connections == 0


def test_the_head_names_the_host_as_others_would(connections: Connections) -> None:
    heads: list[bytes] = []

    def listen(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            heads.append(read_head(connection))
            connection.sendall(GOOD)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        call(connections, f"http://127.0.0.1:{port}/user?a=1", {"Accept": "application/json"})
        thread.join(10)
    assert heads == [
        f"GET /user?a=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n".encode()
    ]


def test_a_reply_in_chunks_is_read_whole_and_its_connection_used_again(connections: Connections) -> None:
    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n'

    def answer(connection: socket.socket, _ended: threading.Event) -> None:
        connection.sendall(chunked)
        read_head(connection)
        connection.sendall(chunked)

    with OddServer(answer) as server:
        assert [call(connections, server.url + "/").body for _ in range(2)] == [b'{"a":1}'] * 2
    assert server.connections == 1


def test_a_server_that_wants_to_close_gets_no_second_call(connections: Connections) -> None:
    def answer(connection: socket.socket, _ended: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
        connection.recv(1)

    with OddServer(answer) as server:
        assert [call(connections, server.url + "/").body for _ in range(2)] == [b"{}", b"{}"]
    assert server.connections == 2


def test_headers_are_found_in_lower_case_and_the_first_of_two_counts(connections: Connections) -> None:
    def answer(connection: socket.socket, _ended: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Limit: 1\r\nx-limit: 2\r\nContent-Length: 0\r\n\r\n")

    with OddServer(answer) as server:
        assert call(connections, server.url + "/").headers["x-limit"] == "1"


@contextmanager
def secure_server(context: ssl.SSLContext) -> Iterator[int]:
    """Answers two connections over TLS; gives its port."""

    def listen(listener: socket.socket) -> None:
        for _ in range(2):
            try:
                connection, _ = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True) as secure:
                    read_head(secure)
                    secure.sendall(GOOD)
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=listen, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with socket.create_connection(listener.getsockname()):
                pass  # whichever connection was not made
            thread.join(10)


def test_only_the_name_in_a_believed_certificate_is_believed(
    self_signed: ssl.SSLContext, tmp_path: Path
) -> None:
    connections = Connections(str(tmp_path / "server.pem"))
    with secure_server(self_signed) as port:
        assert call(connections, f"https://localhost:{port}/").body == b"{}"
        with pytest.raises(ConnectTimeoutError):  # nothing was sent
            call(connections, f"https://127.0.0.1:{port}/")
    connections.close()


def test_what_is_idle_is_closed_with_the_connections(connections: Connections) -> None:
    ended = threading.Event()

    def answer(connection: socket.socket, _ended: threading.Event) -> None:
        connection.sendall(GOOD)
        if connection.recv(1) == b"":
            ended.set()

    with OddServer(answer) as server:
        call(connections, server.url + "/")
        connections.close()
        assert ended.wait(10)
