"""One bridge: a folder, its processes and its command line."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.services.places import free_port
from tests.services.process import ServerProcess, tied_to_us
from tests.system import web
from tests.system.web import Answer

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
SECRET_KEY = "hT5-nq0PzVx2_wLd84Rk-7bYcAe1mUs9Jg"
METRICS_TOKEN = "rX8-only-prometheus-knows-this-one"
EMBEDDED = "embedded://"
START_S = 30.0
STOP_S = 20.0
COMMAND_S = 60.0

WEB, CONSUMER, CLOCK = "web", "consumer", "clock"
PROCESSES = (WEB, CONSUMER, CLOCK)
COMMANDS: dict[str, Sequence[str]] = {
    WEB: [str(PROGRAMS / "gunicorn"), "--config", str(ROOT / "gunicorn.conf.py"), "receiver.wsgi:app"],
    CONSUMER: [sys.executable, "-m", "consumers"],
    CLOCK: [sys.executable, "-m", "consumers.clock"],
}
READY_LINE = {CONSUMER: '"consumer_started"', CLOCK: '"clock_started"'}
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


@dataclass
class Bridge:
    """All processes share the folder, the ledger and the broker. `settings` are further variables."""

    folder: Path
    database_url: str
    broker_url: str = EMBEDDED
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    processes: dict[str, ServerProcess] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            # this checkout, whatever else the environment has installed
            "PYTHONPATH": str(ROOT),
            "SECRET_KEY": SECRET_KEY,
            "METRICS_TOKEN": METRICS_TOKEN,
            "METRICS_DIR": str(self.folder / "var/metrics"),
            "DATABASE_URL": self.database_url,
            "BROKER_URL": self.broker_url,
            "PORT": str(self.port),
            **self.settings,
        }

    def start(self, *names: str) -> None:
        """Start processes (all three by default) and return when they work. A further one: `consumer 2`."""
        for name in names or PROCESSES:
            self._process(name).start()
        for name in names or PROCESSES:
            self.wait_ready(name)

    def use_script(self, name: str, *command: str) -> None:
        """From now on `start(name)` runs this Python script instead; it logs the same line when it works."""
        self.processes[name] = self._made(name, [sys.executable, *command])

    def wait_ready(self, name: str) -> None:
        kind = name.split()[0]
        process = self.processes[name]
        is_ready = self._answers if kind == WEB else lambda: READY_LINE[kind] in process.log()
        process.wait_until(is_ready, within_s=START_S, what=f"{name} works")

    def _answers(self) -> bool:
        try:
            return self.get("/health/live").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def kill(self, name: str) -> None:
        """As `kill -9` of the process and its children."""
        self.processes[name].kill()

    def terminate(self, name: str, *, within_s: float = STOP_S) -> None:
        """SIGTERM, and wait for the end; fails when it takes longer."""
        self.processes[name].stop(signal.SIGTERM, within_s=within_s)

    def end(self) -> None:
        """Whatever still runs is killed."""
        for process in self.processes.values():
            process.kill()

    def log_of(self, name: str) -> str:
        """All that a process wrote since it was last started."""
        return self.processes[name].log()

    def lines(self) -> Iterator[str]:
        """Every line that any process of this bridge ever wrote."""
        for path in sorted(self.folder.glob("*.log")):
            yield from path.read_text("utf-8").splitlines()

    def get(self, path: str, **headers: str) -> Answer:
        return web.get(self.url + path, {name.replace("_", "-"): value for name, value in headers.items()})

    def metrics(self) -> dict[str, float]:
        """Every sample by its name and labels, as Prometheus would read it: `name{a="x",b="y"}`."""
        page = self.get("/metrics")
        assert page.status == 200, page
        found = SAMPLE.findall(page.body.decode())
        return {
            f"{name}{{{','.join(sorted(labels.split(',')))}}}" if labels else name: float(value)
            for name, labels, value in found
        }

    def run(self, *words: str, given: str = "") -> Said:
        """Run `bridge WORDS…` as somebody at a terminal would."""
        done = subprocess.run(
            [str(PROGRAMS / "bridge"), *words],
            env=self.environment,
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def said(self, *words: str, given: str = "") -> Any:
        """What a command that succeeds prints with --json."""
        done = self.run(*words, "--json", given=given)
        assert done.status == 0, done
        return json.loads(done.out)

    def _process(self, name: str) -> ServerProcess:
        if name not in self.processes:
            self.processes[name] = self._made(name, COMMANDS[name.split()[0]])
        return self.processes[name]

    def _made(self, name: str, command: Sequence[str]) -> ServerProcess:
        log = self.folder / f"{name.replace(' ', '-')}.log"
        return ServerProcess(tied_to_us(command), environment=self.environment, log=log)
