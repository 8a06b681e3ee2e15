"""Who takes deliveries in ingest.py: how each is started, and which queue it fills."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.product import ROOT, START_S, Product, is_open
from tests.services.places import free_port
from tests.services.process import ServerProcess, ServiceMissing, tied_to_us

PEER_BIN = ROOT / "var" / "bench-venv" / "bin"
# (worker processes, threads): gunicorn's gthread workers, or those for gevent with no threads.
THREADED = ((2, 4), (2, 32), (2, 8), (3, 8))
GREEN = ((2, 0), (3, 0))
MOST_AT_ONCE = 32  # of connections to the broker, where greenlets share them
# For the ASGI server the processes count.
ASGI_SETTINGS = ((2, 0), (1, 0))


# The same empty view twice: gevent answers more of them, threads answer them more evenly.
BARE_GREEN, BARE_THREADED = "bare Flask, gevent", "bare Flask, threads"


@dataclass
class Contender:
    """One server. `module` names a peer in bench/peers (empty: the product); `queue` is what it fills."""

    name: str
    module: str
    queue: str
    settings: tuple[int, int]
    candidates: Sequence[tuple[int, int]]
    port: int = 0
    process: ServerProcess | None = None

    def start(self, folder: Path, broker_url: str) -> None:
        """Start it with its settings; ends the one before."""
        self.stop()
        self.port = free_port()
        environment = {
            "PATH": f"{PEER_BIN}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "BENCH_BROKER_URL": broker_url,
            "BENCH_THREADS": str(self.settings[1] or MOST_AT_ONCE),
        }
        log = folder / f"{self.module}.log"
        self.process = ServerProcess(tied_to_us(self._command()), environment=environment, log=log)
        self.process.start()
        self.process.wait_until(lambda: is_open(self.port), within_s=START_S, what=f"{self.name} has started")

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop(signal.SIGTERM, within_s=START_S)
            self.process = None

    def _command(self) -> list[str]:
        workers, threads = self.settings
        app = f"bench.peers.{self.module}:app"
        if self.candidates is ASGI_SETTINGS:
            command = f"uvicorn --port {self.port} --workers {workers} --loop uvloop --http httptools"
            more = "--no-access-log --timeout-keep-alive 75"
        else:
            kind = f"gthread --threads {threads}" if threads else "gevent"
            command = f"gunicorn -b 127.0.0.1:{self.port} -k {kind} -w {workers}"
            more = "--keep-alive 75 --worker-tmp-dir /dev/shm"
        program, *options = f"{command} {more} {app}".split()
        return [str(PEER_BIN / program), *options]

    def shown_settings(self) -> str:
        workers, threads = self.settings
        if threads:
            return f"{workers}x{threads} threads"
        return f"{workers} on uvloop" if self.candidates is ASGI_SETTINGS else f"{workers} on gevent"


class ProductContender(Contender):
    """The product as shipped: gunicorn.conf.py, its own settings."""

    def __init__(self, broker_url: str, folder: Path) -> None:
        super().__init__("the bridge", "", "bridge.zendesk", (2, 0), ())
        self.product = Product(folder, broker_url)
        self.product.install()

    def start(self, folder: Path, broker_url: str) -> None:
        if "web" not in self.product.processes:
            self.product.start_web()
            self.port = self.product.port

    def stop(self) -> None:
        self.product.stop()


def peers() -> list[Contender]:
    """The peers, at the settings they start with. Raises `ServiceMissing` without their environment."""
    if not (PEER_BIN / "gunicorn").exists():
        raise ServiceMissing(
            f"the peers are not installed; make bench-venv puts them into {os.path.relpath(PEER_BIN.parent)}"
        )
    return [
        Contender(BARE_GREEN, "bare_flask", "", GREEN[0], GREEN),
        Contender(BARE_THREADED, "bare_flask", "", THREADED[0], THREADED),
        Contender("Flask + Dramatiq", "flask_dramatiq", "bench_dramatiq", GREEN[0], GREEN + THREADED),
        Contender("Flask + Celery", "flask_celery", "bench_celery", GREEN[0], GREEN + THREADED),
        Contender(
            "FastStream + uvicorn", "faststream_asgi", "bench_faststream", ASGI_SETTINGS[0], ASGI_SETTINGS
        ),
    ]
