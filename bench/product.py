"""The product's own processes, each as an operator starts it, in a folder and on ports of their own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.deliveries import SECRET
from bench.report import say
from bridge import logs
from bridge.broker.opening import open_broker
from bridge.clock import SystemClock
from bridge.ledger import installations
from bridge.ledger.engine import open_engine
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.migrating import upgrade
from bridge.vault import Vault
from sandbox import Sandbox
from schemas.installation import InstallationSettings, Options, SailthruAccount, ZendeskAccount
from tests.services.places import free_port
from tests.services.process import ServerProcess, tied_to_us
from tests.services.rabbitmq import RabbitServer, installed_rabbitmq

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
START_S = 30.0
STOP_S = 40.0


@dataclass
class Product:
    """One installation of the bridge: its ledger, and whichever of its processes are started."""

    folder: Path
    broker_url: str
    port: int = field(default_factory=free_port)
    extra: dict[str, str] = field(default_factory=dict)
    processes: dict[str, ServerProcess] = field(default_factory=dict)
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.folder}/bridge.db"

    def install(
        self, sailthru_url: str = "http://127.0.0.1:9", *, app: tuple[str, str] = ("", ""), **options: float
    ) -> Installation:
        """Make the tables and the installation `acme`; its options are those of an installation file.

        `app` is the public key and the audience of the sidebar's tokens.
        """
        zendesk = ZendeskAccount(
            "http://127.0.0.1:9",
            "client",
            "secret-of-the-client",
            webhook_secrets=(SECRET,),
            app_public_key=app[0],
            app_audience=app[1],
        )
        settings = InstallationSettings(
            zendesk,
            SailthruAccount(sailthru_url, "key", "secret"),
            Options(**options),  # type: ignore[arg-type]
        )
        return self._installed(settings)

    def install_for(self, box: Sandbox, **options: float) -> Installation:
        """The same with both accounts of the sandbox."""
        client, sailthru = box.zendesk.account, box.sailthru.account
        settings = InstallationSettings(
            ZendeskAccount(box.zendesk.url, client.oauth_client_id, client.oauth_client_secret),
            SailthruAccount(box.sailthru.url, sailthru.api_key, sailthru.api_secret),
            Options(**options),  # type: ignore[arg-type]
        )
        return self._installed(settings)

    def _installed(self, settings: InstallationSettings) -> Installation:
        logs.configure("ERROR")  # of this process: what the measured ones say is in their files
        ledger = self.ledger()
        upgrade(ledger.engine)
        with ledger.writing() as connection:
            installed = installations.add(
                connection, Vault((self.secret_key,)), name="acme", settings=settings, at=datetime.now(UTC)
            )
        broker = open_broker(self.broker_url, ledger)
        broker.declare()
        broker.close()
        ledger.engine.dispose()
        return installed

    def ledger(self) -> Ledger:
        """The ledger, for whoever prepares or counts; dispose of its engine afterwards."""
        return Ledger(open_engine(self.database_url), SystemClock())

    def start_web(self) -> None:
        """The receiver with gunicorn.conf.py as it is."""
        command = [str(BIN / "gunicorn"), "-c", str(ROOT / "gunicorn.conf.py"), "receiver.wsgi:app"]
        self._start("web", command, ready=lambda: is_open(self.port))

    def start_consumer(self, name: str = "consumer") -> None:
        self._start(name, [sys.executable, "-m", "consumers"], words="consumer_started")

    def start_clock(self) -> None:
        self._start("clock", [sys.executable, "-m", "consumers.clock"], words="clock_started")

    def stop(self) -> None:
        """End what runs, in order."""
        for process in self.processes.values():
            process.stop(signal.SIGTERM, within_s=STOP_S)

    def _start(self, name: str, command: Sequence[str], *, ready=None, words: str = "") -> None:  # type: ignore[no-untyped-def]
        process = ServerProcess(
            tied_to_us(command), environment=self.environment(), log=self.folder / f"{name}.log"
        )
        self.processes[name] = process
        process.start()
        is_ready = ready or (lambda: words in process.log())
        process.wait_until(is_ready, within_s=START_S, what=f"the {name} has started")
        say(f"the {name} runs as process {process.pid}")  # for whoever wants to profile it

    def environment(self) -> dict[str, str]:
        """The settings of its processes."""
        return {
            "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "SECRET_KEY": self.secret_key,
            "DATABASE_URL": self.database_url,
            "BROKER_URL": self.broker_url,
            "METRICS_DIR": str(self.folder / "metrics"),
            "PORT": str(self.port),
            **self.extra,
        }


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards; BENCH_FOLDER names one that stays, to look at the logs."""
    if "BENCH_FOLDER" in os.environ:
        yield Path(tempfile.mkdtemp(dir=os.environ["BENCH_FOLDER"]))
        return
    folder = Path(tempfile.mkdtemp(prefix=f"bridge-bench-{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def rabbitmq() -> Iterator[RabbitServer]:
    """A private RabbitMQ, gone afterwards."""
    server = RabbitServer(installed_rabbitmq())
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextmanager
def product(folder: Path, broker_url: str, **extra: str) -> Iterator[Product]:
    """The product, ended afterwards. `extra` are more settings."""
    folder.mkdir(parents=True, exist_ok=True)
    one = Product(folder, broker_url, extra=extra)
    try:
        yield one
    finally:
        for process in one.processes.values():
            process.kill()
