"""Starts the stand-in for Sailthru and asks it what came."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.product import ROOT, START_S, is_open
from tests.services.places import free_port
from tests.services.process import ServerProcess, tied_to_us

NO_QUOTA = 60_000_000  # announced in every reply, as a lifted quota is


@dataclass(frozen=True)
class Call:
    """One write that came: when (monotonic seconds), to which profile, with which vars."""

    at: float
    sid: str
    vars: dict[str, Any]


@dataclass(frozen=True)
class StandIn:
    """The running stand-in."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def rule(self, *, latency_s: float, per_minute: int) -> None:
        """Begin anew with this latency and this quota."""
        self._ask("/bench/rules", {"latency_s": latency_s, "per_minute": per_minute})

    def count(self) -> tuple[int, int]:
        """How many writes came so far, and how many were refused with 429."""
        told = self._ask("/bench/count")
        return told["calls"], told["refused"]

    def calls(self) -> list[Call]:
        """Every write that was answered."""
        return [Call(one["at"], one["sid"], one["vars"]) for one in self._ask("/bench/calls")["calls"]]

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.url + path, data, timeout=60) as reply:
            told: dict[str, Any] = json.load(reply)
            return told


@contextmanager
def standin(folder: Path) -> Iterator[StandIn]:
    """The stand-in, ended afterwards."""
    port = free_port()
    command = tied_to_us([sys.executable, "-m", "bench.sailthru", str(port)])
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    process = ServerProcess(command, environment=environment, log=folder / "sailthru.log")
    try:
        process.start()
        process.wait_until(lambda: is_open(port), within_s=START_S, what="the stand-in has started")
        yield StandIn(port, process.pid)
    finally:
        process.kill()
