"""A private PostgreSQL: own data folder, own socket folder, own port, loopback only, fsync on."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.services.places import free_port, private_folder
from tests.services.process import ServerProcess, ServiceFailed, ServiceMissing

_USER = "bridge"
_START_S = 60.0
_STOP_S = 30.0


@dataclass(frozen=True)
class PostgresInstallation:
    """The programs of one PostgreSQL version."""

    programs: Path


def installed_postgresql() -> PostgresInstallation:
    """Return the newest PostgreSQL of this machine; raise :class:`ServiceMissing` without one."""
    found = [initdb.parent for initdb in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if found:
        return PostgresInstallation(programs=max(found, key=_major_version))
    if on_path:
        return PostgresInstallation(programs=Path(on_path).resolve().parent)
    raise ServiceMissing("PostgreSQL is not installed; `make services` installs it")


def _major_version(programs: Path) -> int:
    digits = re.match(r"\d+", programs.parent.name)
    return int(digits.group()) if digits else 0


class PostgresServer:
    """A PostgreSQL that may be stopped, killed and started again; its data stay until :meth:`remove`."""

    def __init__(self, installation: PostgresInstallation) -> None:
        self.installation = installation
        self.port = free_port()
        self._password = secrets.token_urlsafe(16)
        self._account = _account()
        self._folder = private_folder("postgresql")
        self._environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self._folder),
        }
        self._server = ServerProcess(
            self._server_command(), environment=self._environment, log=self._folder / "log"
        )

    @property
    def url(self) -> str:
        """The address of the database that every server has."""
        return self._url("postgres")

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    def start(self) -> None:
        """Start the server, with a new data folder the first time, and return when it answers."""
        if not self._data.exists():
            self._make_data_folder()
        self._server.start()
        self._server.wait_until(self._is_open, within_s=_START_S, what="PostgreSQL takes connections")

    def stop(self) -> None:
        """End the server in order, cutting off the clients that are still there."""
        self._server.stop(signal.SIGINT, within_s=_STOP_S)

    def kill(self) -> None:
        """End the server with ``kill -9``."""
        self._server.kill()

    def restart(self) -> None:
        """Stop and start the server."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Kill everything and delete the data."""
        self._server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def create_database(self, name: str) -> str:
        """Create an empty database and return its address."""
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._url(name)

    def drop_database(self, name: str) -> None:
        """Delete a database, whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def log_tail(self) -> str:
        """Return the server's last words."""
        return self._server.log_tail()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _url(self, database: str) -> str:
        return f"postgresql://{_USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def _is_open(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _server_command(self) -> list[str]:
        server = str(self.installation.programs / "postgres")
        addresses = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._folder)]
        # QUIT ends the children too, and at once; the data need no care then
        return self._as_account([server, "-D", str(self._data), *addresses], death_signal="QUIT")

    def _make_data_folder(self) -> None:
        password_file = self._folder / "password"
        password_file.write_text(self._password, "ascii")
        shutil.chown(self._folder, self._account.pw_uid, self._account.pw_gid)
        shutil.chown(password_file, self._account.pw_uid, self._account.pw_gid)
        made = subprocess.run(
            self._as_account(self._initdb_command(password_file), death_signal="KILL"),
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise ServiceFailed(f"initdb failed\n{made.stdout}{made.stderr}")

    def _initdb_command(self, password_file: Path) -> list[str]:
        access = [f"--username={_USER}", "--auth=scram-sha-256", f"--pwfile={password_file}"]
        form = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        return [str(self.installation.programs / "initdb"), "--pgdata", str(self._data), *access, *form]

    def _as_account(self, command: Sequence[str], *, death_signal: str) -> list[str]:
        become: list[str] = []
        if os.geteuid() == 0:
            become = [f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}", "--clear-groups"]
        return ["setpriv", *become, "--pdeathsig", death_signal, "--", *command]


def _account() -> pwd.struct_passwd:
    """Return whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]
