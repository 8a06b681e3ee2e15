"""Who holds something on a lease: a message, a pass, an installation being set up.

A name by which others of the same machine can tell that the process has died.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from itertools import count
from pathlib import Path

_numbers = count(1)


def new_holder() -> str:
    """`<machine>|<process>|<start of the process>|<number>`, unique among all that live."""
    pid = os.getpid()
    return f"{_machine()}|{pid}|{_started(pid)}|{next(_numbers)}"


def is_surely_dead(holder: str) -> bool:
    """True only for a process of this machine that has ended; of another's, the lease decides.

    A holder may be nobody (empty): that is no process either, so nothing is sure.
    """
    machine, pid, started, _number = holder.rsplit("|", 3) if holder.count("|") >= 3 else ("", "", "", "")
    return machine == _machine() and _started(int(pid)) != started


@cache
def _machine() -> str:
    # Containers may share a host's name, but not its process numbers.
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{socket.gethostname()}{space}"


def _started(pid: int) -> str:
    """When the process began, as the kernel counts; a reused process number has another start."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return _answer_to_a_signal(pid)
    state, *fields = stat.rpartition(")")[2].split()
    return "gone" if state in "ZX" else fields[18]


def _answer_to_a_signal(pid: int) -> str:
    """For systems without /proc: `alive` or `gone`."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        pass
    return "alive"
