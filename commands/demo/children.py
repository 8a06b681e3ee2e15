"""The demo's processes. None outlives the demo, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from commands.demo.waiting import StageFailed

SETPRIV = "/usr/bin/setpriv"  # of util-linux, which every Debian has
TAIL_LINES = 12
END_WITHIN_S = 20.0


@dataclass(frozen=True)
class Child:
    """One process and the file it writes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def written(self) -> str:
        """All that it wrote so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def tail(self) -> str:
        """The last lines that it wrote."""
        return "\n".join(self.written().splitlines()[-TAIL_LINES:])


class Children:
    """Starts processes in `folder`, notices when one ends, and ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Child] = []

    @property
    def names(self) -> Mapping[str, int]:
        """The process ids by name."""
        return {child.name: child.process.pid for child in self._running}

    def start(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], keep: Sequence[int] = ()
    ) -> Child:
        """Start a command; `keep` are the file descriptors that it inherits."""
        log = self._folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - commands of our own
                # The kernel kills it when we are killed. Its own session: a Ctrl-C in the terminal reaches
                # only us, and we end the processes in order.
                [SETPRIV, "--pdeathsig", "KILL", "--", *command],
                cwd=self._folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=keep,
            )
        child = Child(name, process, log)
        self._running.append(child)
        return child

    def watch(self) -> None:
        """Raise `StageFailed` with the end of its log when a process has ended."""
        for child in self._running:
            status = child.process.poll()
            if status is not None:
                raise StageFailed(
                    f"the {child.name} ended with status {status}; {child.log} ends with:\n{child.tail()}"
                )

    def end(self) -> None:
        """End all, the last started first; what does not end in time is killed with all it started."""
        for child in reversed(self._running):
            _signal(child, signal.SIGTERM)
        for child in self._running:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(END_WITHIN_S)
            _signal_group(child, signal.SIGKILL)
            child.process.wait()
        self._running.clear()


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process.poll() is None:
        child.process.send_signal(number)


def _signal_group(child: Child, number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        return
