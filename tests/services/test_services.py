"""The servers keep their promises: private, durable, killable, and gone afterwards."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pika
import psycopg
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPConnectionError

from tests.services import fixtures
from tests.services.postgresql import PostgresServer, installed_postgresql
from tests.services.process import ServerProcess, ServiceFailed, ServiceMissing, tied_to_us
from tests.services.rabbitmq import RabbitInstallation, RabbitServer, rabbitmq_in_folder
from tests.services.waiting import wait_until

QUORUM = {"x-queue-type": "quorum"}


@contextmanager
def channel_to(server: RabbitServer) -> Iterator[BlockingChannel]:
    """Open a channel with publisher confirms."""
    connection = pika.BlockingConnection(pika.URLParameters(server.url))
    try:
        channel = connection.channel()
        channel.confirm_delivery()
        yield channel
    finally:
        connection.close()


def publish(server: RabbitServer, queue: str, body: bytes) -> None:
    """Publish one persistent message and wait for the confirm."""
    with channel_to(server) as channel:
        channel.queue_declare(queue, durable=True, arguments=QUORUM)
        persistent = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
        channel.basic_publish("", queue, body, persistent, mandatory=True)


def take(server: RabbitServer, queue: str) -> bytes | None:
    """Take and acknowledge the first message of the queue."""
    with channel_to(server) as channel:
        for delivery, _, body in channel.consume(queue, inactivity_timeout=30):
            if delivery is None:
                return None
            channel.basic_ack(delivery.delivery_tag)
            return bytes(body)
    return None


@pytest.mark.rabbitmq
def test_a_confirmed_message_survives_kill_9_of_the_broker(own_rabbit: RabbitServer) -> None:
    publish(own_rabbit, "kept", b"one")
    before = own_rabbit.pid

    own_rabbit.kill()
    with pytest.raises(AMQPConnectionError), channel_to(own_rabbit):
        pass
    own_rabbit.start()

    assert own_rabbit.pid != before
    assert take(own_rabbit, "kept") == b"one"


@pytest.mark.rabbitmq
def test_a_confirmed_message_survives_an_orderly_restart(own_rabbit: RabbitServer) -> None:
    publish(own_rabbit, "kept", b"two")

    own_rabbit.restart()

    assert take(own_rabbit, "kept") == b"two"


@pytest.mark.rabbitmq
def test_the_broker_listens_on_loopback_only(rabbit: RabbitServer) -> None:
    listening = _listening_addresses(rabbit.pid)

    assert ("127.0.0.1", rabbit.port) in listening
    assert {address for address, _ in listening} == {"127.0.0.1"}


@pytest.mark.rabbitmq
def test_two_brokers_know_nothing_of_each_other(rabbit: RabbitServer, own_rabbit: RabbitServer) -> None:
    publish(own_rabbit, "mine", b"alone")

    with (
        channel_to(rabbit) as channel,
        pytest.raises(pika.exceptions.ChannelClosedByBroker, match="NOT_FOUND"),
    ):
        channel.queue_declare("mine", passive=True)


@pytest.mark.postgresql
def test_a_commit_survives_kill_9_of_the_database() -> None:
    server = PostgresServer(fixtures._found(installed_postgresql))
    try:
        server.start()
        with psycopg.connect(server.create_database("kept")) as connection:
            connection.execute("CREATE TABLE facts (value text)")
            connection.execute("INSERT INTO facts VALUES ('kept')")

        server.kill()
        server.start()

        with psycopg.connect(server.url.replace("/postgres", "/kept")) as connection:
            assert connection.execute("SELECT value FROM facts").fetchall() == [("kept",)]
    finally:
        server.remove()


@pytest.mark.postgresql
def test_each_test_has_an_empty_database(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        fsync = connection.execute("SHOW fsync").fetchone()

    assert tables == (0,)
    assert fsync == ("on",)


@pytest.mark.postgresql
def test_the_database_asks_for_its_password(postgres: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://bridge:guess@127.0.0.1:{postgres.port}/postgres")


@pytest.mark.postgresql
def test_the_database_listens_on_loopback_only(postgres: PostgresServer) -> None:
    assert _listening_addresses(postgres.pid) == {("127.0.0.1", postgres.port)}


def test_a_server_ends_when_the_test_run_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, threading, time\n"
        "from pathlib import Path\n"
        "from tests.services.process import ServerProcess, tied_to_us\n"
        "server = ServerProcess(tied_to_us(['sleep', '600']), environment={'PATH': '/usr/bin:/bin'},"
        " log=Path(sys.argv[1]))\n"
        # a thread that has ended must not take the server along
        "starter = threading.Thread(target=server.start)\n"
        "starter.start()\n"
        "starter.join()\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    server = int(run.stdout.readline())
    run.stdout.close()
    assert _is_alive(server)

    run.kill()
    run.wait()

    wait_until(lambda: not _is_alive(server), within_s=10, what="the server is gone")


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    server = ServerProcess(
        tied_to_us(["sh", "-c", "echo the disk is full; exit 3"]),
        environment=dict(os.environ),
        log=tmp_path / "log",
    )
    server.start()

    with pytest.raises(ServiceFailed, match="the disk is full"):
        server.wait_until(lambda: False, within_s=10, what="it answers")


def test_a_server_that_ignores_its_signal_is_killed_and_said_so(tmp_path: Path) -> None:
    server = ServerProcess(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"],
        environment=dict(os.environ),
        log=tmp_path / "log",
    )
    server.start()
    server.wait_until(lambda: "ready" in server.log_tail(), within_s=10, what="it is ready")

    with pytest.raises(ServiceFailed, match="SIGTERM"):
        server.stop(signal.SIGTERM, within_s=0.2)

    assert not server.is_running()


def test_a_missing_service_is_a_skip_at_home_and_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> RabbitInstallation:
        return rabbitmq_in_folder(Path("/nonexistent"))

    with pytest.raises(ServiceMissing, match="make rabbitmq4"):
        missing()
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make rabbitmq4"):
        fixtures._found(missing)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make rabbitmq4"):
        fixtures._found(missing)


def _is_alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _listening_addresses(process_id: int) -> set[tuple[str, int]]:
    """Return the addresses on which a process listens, from the kernel's own tables (IPv4 and IPv6)."""
    sockets = {os.readlink(link) for link in Path(f"/proc/{process_id}/fd").iterdir()}
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/{process_id}/net/{table}").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add(_address(fields[1], family))
    return found


def _address(spelled: str, family: socket.AddressFamily) -> tuple[str, int]:
    """Read ``0100007F:1F90``: 32-bit words in the machine's byte order, then the port."""
    address, port = spelled.split(":")
    words = [bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8)]
    return socket.inet_ntop(family, b"".join(words)), int(port, 16)
