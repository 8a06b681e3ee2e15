"""The servers as fixtures, lent to every test: started when first asked for, removed at the end.

A server that this machine cannot run skips the test; under CI (``CI=true``) it fails the test instead.
``BRIDGE_TEST_RABBITMQ4`` names the folder of `make rabbitmq4`; every broker is then started from there.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.services.postgresql import PostgresServer, installed_postgresql
from tests.services.process import ServiceMissing
from tests.services.prometheus import PrometheusServer, installed
from tests.services.rabbitmq import RabbitInstallation, RabbitServer, installed_rabbitmq, rabbitmq_in_folder

Installation = TypeVar("Installation")


@pytest.fixture(scope="session")
def rabbit_installation() -> RabbitInstallation:
    """Return which RabbitMQ this run is about."""
    folder = os.environ.get("BRIDGE_TEST_RABBITMQ4", "")
    return _found(lambda: rabbitmq_in_folder(Path(folder)) if folder else installed_rabbitmq())


@pytest.fixture(scope="session")
def rabbit(rabbit_installation: RabbitInstallation) -> Iterator[RabbitServer]:
    """Lend the RabbitMQ that all tests share; who uses it names its own queues or virtual host."""
    yield from _run_rabbit(rabbit_installation)


@pytest.fixture
def own_rabbit(rabbit_installation: RabbitInstallation) -> Iterator[RabbitServer]:
    """Lend a RabbitMQ of one's own, to be stopped and killed in mid-stream (a start takes seconds)."""
    yield from _run_rabbit(rabbit_installation)


def _run_rabbit(installation: RabbitInstallation) -> Iterator[RabbitServer]:
    server = RabbitServer(installation)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Lend the PostgreSQL that all tests share."""
    server = PostgresServer(_found(installed_postgresql))
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Lend the address of an empty database, deleted after the test."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def promtool() -> str:
    """Return where Prometheus's own checker is."""
    return _found(lambda: installed("promtool"))


@pytest.fixture
def open_prometheus() -> Iterator[Callable[..., PrometheusServer]]:
    """Start a Prometheus that scrapes what it is told to."""
    opened: list[PrometheusServer] = []

    def start(**what: Any) -> PrometheusServer:
        opened.append(PrometheusServer(_found(lambda: installed("prometheus")), **what))
        opened[-1].start()
        return opened[-1]

    yield start
    for server in opened:
        server.remove()


def _found(find: Callable[[], Installation]) -> Installation:
    try:
        return find()
    except ServiceMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))
