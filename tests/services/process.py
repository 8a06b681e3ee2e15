"""One server process that cannot outlive the test run that started it."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.services.waiting import wait_until


class ServiceMissing(Exception):
    """This machine cannot run the service; the text says why, and what would change that."""


class ServiceFailed(Exception):
    """The service is installed and did not do what it was told; the text ends with its log."""


class ServerProcess:
    """A command in a process group of its own, its output in one log file.

    The kernel kills it when the test run dies, however that dies (``setpriv --pdeathsig``).
    """

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at_byte = 0

    @property
    def pid(self) -> int:
        """The id of the running process, which leads its own group."""
        assert self._process is not None, "not started"
        return self._process.pid

    def is_running(self) -> bool:
        """Say whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the command; the caller waits until it is ready with :meth:`wait_until`."""
        self._started_at_byte = self._log.stat().st_size if self._log.exists() else 0
        # The death signal follows the *thread* that forks; a test may call from a thread that ends soon.
        self._process = _forking_thread().submit(self._fork).result()

    def _fork(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, is_ready: Callable[[], bool], *, within_s: float, what: str) -> None:
        """Wait for ``is_ready``; raise :class:`ServiceFailed` when the process ends or time is up."""

        def is_decided() -> bool:
            return not self.is_running() or is_ready()

        try:
            wait_until(is_decided, within_s=within_s, what=what)
        except TimeoutError as late:
            raise ServiceFailed(f"{late}\n{self.log_tail()}") from late
        if not self.is_running():
            raise ServiceFailed(f"{what}: the process ended\n{self.log_tail()}")

    def stop(self, stop_signal: signal.Signals, *, within_s: float) -> None:
        """Ask the process to end and wait for it; raise :class:`ServiceFailed` if it had to be killed."""
        if self._process is None or not self.is_running():
            return
        self._process.send_signal(stop_signal)
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired as late:
            self.kill()
            raise ServiceFailed(
                f"still running {within_s:g} s after {stop_signal.name}\n{self.log_tail()}"
            ) from late

    def kill(self) -> None:
        """Kill the process and its group at once, as ``kill -9`` does."""
        if self._process is not None and self.is_running():
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def log(self) -> str:
        """Return what the process wrote since it was last started."""
        return self._log.read_bytes()[self._started_at_byte :].decode(errors="replace")

    def log_tail(self) -> str:
        """Return the last lines that the process wrote."""
        return self.log()[-4000:]


def tied_to_us(command: Sequence[str]) -> list[str]:
    """Return ``command`` such that the kernel kills it when the thread that started it ends."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *command]


@functools.cache
def _forking_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="services")
