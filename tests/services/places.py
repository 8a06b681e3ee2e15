"""Ports and folders that no other server on this machine uses."""

from __future__ import annotations

import os
import random
import shutil
import socket
import tempfile
from pathlib import Path

_PREFIX = "bridge-service"
_PORTS_FROM = 20_000


def free_port() -> int:
    """Return a loopback port that is free now and that the kernel gives to no outgoing connection.

    A server that is stopped and started again must find its port still free; one from the kernel's own range
    could have been lent to a client meanwhile.
    """
    for port in random.sample(range(_PORTS_FROM, _first_ephemeral_port()), k=200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port on loopback")


def _first_ephemeral_port() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])


def private_folder(service: str) -> Path:
    """Make a folder for one server, named after this process, and remove what killed test runs left."""
    _sweep()
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{service}-{os.getpid()}-"))


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}-*-*-*"):
        if not Path("/proc", folder.name.split("-")[3]).exists():
            shutil.rmtree(folder, ignore_errors=True)
