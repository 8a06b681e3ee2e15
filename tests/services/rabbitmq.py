"""A private RabbitMQ: own node, own ports, own data, loopback only."""

from __future__ import annotations

import os
import shutil
import signal
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.services.places import free_port, private_folder
from tests.services.process import ServerProcess, ServiceMissing, tied_to_us
from tests.services.waiting import wait_until

_SERVER = Path("usr/lib/rabbitmq/bin/rabbitmq-server")
_START_S = 90.0
_STOP_S = 60.0
_INDEX_S = 30.0
# where a server inside another root folder finds its own folder
_INSIDE = Path("mnt")
_ENTER = 'mount --bind "$1" "$2/mnt" && mount -t proc proc "$2/proc" && shift && exec chroot "$@"'


@dataclass(frozen=True)
class RabbitInstallation:
    """Where a RabbitMQ is installed: the machine's own (``/``) or a root folder of its own."""

    root: Path

    @property
    def is_of_the_machine(self) -> bool:
        """Say whether it is the machine's own installation."""
        return self.root == Path("/")

    def version(self) -> str:
        """Return the server's version, such as ``3.10.8``."""
        libraries = self.root / "usr/lib/rabbitmq/lib"
        return next(libraries.glob("rabbitmq_server-*")).name.removeprefix("rabbitmq_server-")

    def folder_inside(self, folder: Path) -> Path:
        """Return how the server sees ``folder``."""
        return folder if self.is_of_the_machine else Path("/") / _INSIDE

    def command(self, command: Sequence[str], folder: Path) -> list[str]:
        """Return what starts ``command`` of this installation with ``folder`` within its sight.

        A root folder is entered in a mount namespace of its own: its mounts end with the process.
        """
        if self.is_of_the_machine:
            return tied_to_us(command)
        enter = ["unshare", "--mount", "sh", "-ec", _ENTER, "enter", str(folder), str(self.root)]
        return tied_to_us([*enter, *command])


def installed_rabbitmq() -> RabbitInstallation:
    """Return the machine's RabbitMQ; raise :class:`ServiceMissing` without one."""
    if not Path("/", _SERVER).exists():
        raise ServiceMissing("RabbitMQ is not installed; `make services` installs it")
    return RabbitInstallation(root=Path("/"))


def rabbitmq_in_folder(root: Path) -> RabbitInstallation:
    """Return the RabbitMQ that `make rabbitmq4` unpacked; raise :class:`ServiceMissing` without it."""
    if not (root / _SERVER).exists():
        raise ServiceMissing(f"no RabbitMQ in {root}; `make rabbitmq4` fetches it")
    if os.geteuid() != 0:
        raise ServiceMissing("RabbitMQ 4 runs in a root folder of its own, which only root can enter")
    return RabbitInstallation(root=root)


class RabbitServer:
    """A RabbitMQ that may be stopped, killed and started again; its data stay until :meth:`remove`."""

    def __init__(self, installation: RabbitInstallation) -> None:
        self.installation = installation
        self.port = free_port()
        self._folder = private_folder("rabbitmq")
        self._environment = self._settings()
        self._epmd = self._process(["/usr/bin/epmd"])
        self._broker = self._process([f"/{_SERVER}", "-noinput"])

    @property
    def url(self) -> str:
        """The address for clients; ``guest`` is let in from loopback only."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self._broker.pid

    def start(self) -> None:
        """Start the broker and return when its start is complete."""
        if not self._epmd.is_running():
            self._epmd.start()
        self._broker.start()
        self._broker.wait_until(self._is_open, within_s=_START_S, what="RabbitMQ has started")

    def stop(self) -> None:
        """End the broker in order, as its operator would."""
        self._broker.stop(signal.SIGTERM, within_s=_STOP_S)

    def kill(self) -> None:
        """End the broker with ``kill -9``, once its index of quorum queues is on disk.

        RabbitMQ writes that index a moment after a queue was declared or the broker was started. Killed
        before, it comes back with an empty queue under the old name that never elects a leader (seen in 3.10
        and 4.0). That is the broker's own gap, and no test of ours is about it.
        """
        if self._broker.is_running():
            wait_until(
                self._is_index_written, within_s=_INDEX_S, what="RabbitMQ writes its index of quorum queues"
            )
        self._broker.kill()

    def _is_index_written(self) -> bool:
        for index in self._folder.glob("data/*/quorum/*/names.dets"):
            written = index.read_bytes()
            queues = (folder.name.encode("ascii") for folder in index.parent.iterdir() if folder.is_dir())
            if not all(queue in written for queue in queues):
                return False
        return True

    def restart(self) -> None:
        """Stop and start the broker."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Kill everything and delete the data."""
        self._broker.kill()
        self._epmd.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def log_tail(self) -> str:
        """Return the broker's last words."""
        return self._broker.log_tail()

    def _process(self, command: Sequence[str]) -> ServerProcess:
        return ServerProcess(
            self.installation.command(command, self._folder),
            environment=self._environment,
            log=self._folder / f"{Path(command[0]).name}.log",
        )

    def _is_open(self) -> bool:
        # An open port is too early: a 3.10 that is still starting takes a basic.get and never answers it.
        return "Server startup complete" in self._broker.log()

    def _settings(self) -> dict[str, str]:
        (self._folder / "enabled_plugins").write_text("[].\n", "ascii")
        (self._folder / "rabbitmq.conf").write_text("disk_free_limit.absolute = 50MB\n", "ascii")
        folder = self.installation.folder_inside(self._folder)
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            # the cookie lies in HOME: nobody shares it with another node
            "HOME": str(folder),
            # a port mapper of our own; the machine's, if there is one, never hears of us
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # with input allowed (and -noinput) the start script becomes the broker instead of watching it
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_CONF_ENV_FILE": "/nonexistent",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_NODENAME": f"bridge-{uuid.uuid4().hex[:8]}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            # a broker pinned to cores fights with the tests for them
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
