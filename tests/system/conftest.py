"""Bridges to look at from outside; what they wrote to their logs is looked through when they end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pika
import pytest

from sandbox import Sandbox
from tests.services.rabbitmq import RabbitServer
from tests.system.accounts import Accounts
from tests.system.running import EMBEDDED, METRICS_TOKEN, SECRET_KEY, Bridge

QUEUES = [f"bridge.{lane}{end}" for lane in ("zendesk", "sailthru", "agent") for end in ("", ".dead")]
Open = Callable[..., Accounts]


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox.start(seed=11) as box:
        yield box


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite ledger that `bridge migrate` has just made; tests begin with a copy."""
    folder = tmp_path_factory.mktemp("migrated")
    bridge = Bridge(folder, f"sqlite:///{folder}/bridge.db")
    done = bridge.run("migrate")
    assert done.status == 0, done
    return folder / "bridge.db"


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    return sqlite_in(tmp_path, migrated_file)


def sqlite_in(folder: Path, migrated_file: Path) -> str:
    """The address of a migrated ledger in that folder."""
    target = folder / "var/bridge.db"
    target.parent.mkdir()
    shutil.copy(migrated_file, target)
    return f"sqlite:///{target}"


@pytest.fixture
def empty_rabbit_url(rabbit: RabbitServer) -> str:
    """The address of the broker all tests share, without the queues of the test before."""
    return emptied(rabbit)


def emptied(rabbit: RabbitServer) -> str:
    """The broker's address; its queues are gone."""
    with closing(pika.BlockingConnection(pika.URLParameters(rabbit.url))) as connection:
        for queue in QUEUES:
            connection.channel().queue_delete(queue)
    return rabbit.url


@contextmanager
def paired(box: Sandbox, bridge: Bridge, *, options: str = "create_profiles = true") -> Iterator[Accounts]:
    """Migrate the bridge and pair it with the sandbox; nothing of it runs yet.

    At the end it is ended, and its logs are held against what no log may show.
    """
    accounts = Accounts(box, bridge, options=options)
    try:
        if not bridge.database_url.startswith("sqlite"):
            migrated = bridge.run("migrate")
            assert migrated.status == 0, migrated
        accounts.pair()
        yield accounts
    finally:
        bridge.end()
    inspect_logs(bridge, accounts)


@pytest.fixture
def open_bridge(box: Sandbox, tmp_path: Path) -> Iterator[Open]:
    """Open a bridge that is paired with the sandbox."""
    with ExitStack() as doors:

        def opened(database_url: str, broker_url: str = EMBEDDED, **settings: str) -> Accounts:
            return doors.enter_context(paired(box, Bridge(tmp_path, database_url, broker_url, settings)))

        yield opened


@pytest.fixture(
    params=[
        "embedded-sqlite",
        pytest.param("embedded-postgresql", marks=pytest.mark.postgresql),
        pytest.param("rabbitmq-sqlite", marks=pytest.mark.rabbitmq),
        pytest.param("rabbitmq-postgresql", marks=[pytest.mark.rabbitmq, pytest.mark.postgresql]),
    ]
)
def every_pair(request: pytest.FixtureRequest, open_bridge: Open) -> Accounts:
    """A bridge on each broker and each database."""
    broker, database = request.param.split("-")
    database_url = request.getfixturevalue("sqlite_url" if database == "sqlite" else "postgres_url")
    broker_url = EMBEDDED if broker == "embedded" else request.getfixturevalue("empty_rabbit_url")
    return open_bridge(database_url, broker_url)


@pytest.fixture
def embedded(open_bridge: Open, sqlite_url: str) -> Accounts:
    """A bridge on the embedded broker and SQLite."""
    return open_bridge(sqlite_url)


def inspect_logs(bridge: Bridge, accounts: Accounts) -> None:
    """Every line is JSON and says when; no secret, token, whole address or body is in any of them."""
    unwelcome = [*accounts.secrets, SECRET_KEY, METRICS_TOKEN, ".example.com", "Question "]
    for line in bridge.lines():
        said = json.loads(line)
        assert {"level", "message", "time"} <= said.keys(), line
        assert not [word for word in unwelcome if word in line], line
