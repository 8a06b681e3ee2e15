"""A private Prometheus: own data, own port, loopback only."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.services.places import free_port, private_folder
from tests.services.process import ServerProcess, ServiceMissing, tied_to_us

_START_S = 30.0
_STOP_S = 20.0


def installed(program: str) -> str:
    """Return where ``prometheus`` or ``promtool`` is; raise :class:`ServiceMissing` without it."""
    found = shutil.which(program)
    if found is None:
        raise ServiceMissing(f"{program} is not installed; `make services` installs it")
    return found


class PrometheusServer:
    """A Prometheus that scrapes one target every second, with these rules."""

    def __init__(self, program: str, *, target: str, token: str, rules: Sequence[Path] = ()) -> None:
        self._folder = private_folder("prometheus")
        self._address = f"127.0.0.1:{free_port()}"
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rule) for rule in rules],
            "scrape_configs": [
                {
                    "job_name": "bridge",
                    "authorization": {"credentials": token},
                    "static_configs": [{"targets": [target]}],
                }
            ],
        }
        file = self._folder / "prometheus.yml"
        file.write_text(json.dumps(settings), "utf-8")  # what is JSON is YAML
        self._process = ServerProcess(
            tied_to_us(
                [
                    program,
                    f"--config.file={file}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address={self._address}",
                ]
            ),
            environment={"PATH": "/usr/bin:/bin", "HOME": str(self._folder), "GOMAXPROCS": "1"},
            log=self._folder / "prometheus.log",
        )

    def start(self) -> None:
        """Start it and return when it answers queries."""
        self._process.start()
        self._process.wait_until(self._is_ready, within_s=_START_S, what="Prometheus answers")

    def remove(self) -> None:
        """End it and delete its data."""
        self._process.stop(signal.SIGTERM, within_s=_STOP_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What the expression finds now; fails with Prometheus's own words when it is none."""
        found: list[dict[str, Any]] = self._get("query", query=expression)["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Every rule, with what came of its last evaluation."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def _get(self, what: str, **parameters: str) -> Any:
        address = f"http://{self._address}/api/v1/{what}?{urlencode(parameters)}"
        with urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://{self._address}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
