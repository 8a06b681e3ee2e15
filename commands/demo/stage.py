"""Sets the stage: both stand-ins, the ledger, the installation `demo`, and the product's own processes."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from bridge.broker.contract import DEAD_QUEUES
from bridge.errors import BadSettings, BridgeError
from bridge.ledger import installations
from bridge.ledger.migrating import upgrade
from bridge.services import Services, build
from bridge.settings import OPTIONS, Settings
from commands.demo.children import Child, Children
from commands.demo.expected_users import USER_FIELDS
from commands.demo.standin import StandIn
from commands.demo.waiting import StageFailed, wait_for
from schemas.installation import installation_settings
from schemas.zendesk_types import MEANINGS, is_kept

NAME = "demo"
ROOT = Path(__file__).resolve().parents[2]
LOCK = "demo.lock"
START_WITHIN_S = 60.0

Watch = Callable[[], None]


@dataclass(frozen=True)
class Stage:
    """All that runs. `settings` are the environment of its processes, as in `<folder>/.env`."""

    folder: Path
    children: Children
    zendesk: StandIn
    sailthru: StandIn
    url: str
    settings: Mapping[str, str]


@contextmanager
def empty_folder(folder: Path) -> Iterator[Path]:
    """A folder of the demo's own with nothing in it, kept from other demos until the end.

    Raises `BadSettings` when another demo uses it, or when it holds what no demo made.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / LOCK).exists():
        raise BadSettings([f"{folder} holds files that no demo made; name another folder with --folder"])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadSettings(
                [f"a demo runs in {folder} already; end it, or name another folder with --folder"]
            ) from None
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != LOCK:
                entry.unlink()
        yield folder.resolve()


@contextmanager
def set_stage(folder: Path, *, broker_url: str, port: int, watch: Watch) -> Iterator[Stage]:
    """Everything started and ready; at the end every process is ended."""
    children = Children(folder)

    def look() -> None:
        watch()
        children.watch()

    try:
        with _listening(port) as listener:
            stage = _prepared(folder, children, listener.getsockname()[1], broker_url, look)
            _start(stage, listener, look)
        yield stage
    finally:
        children.end()


def _prepared(folder: Path, children: Children, port: int, broker_url: str, watch: Watch) -> Stage:
    zendesk, sailthru = _stand_ins(children, watch)
    settings = _settings(folder, port=port, broker_url=broker_url)
    url = f"http://127.0.0.1:{port}"
    _ledger(settings, _installation(zendesk, sailthru, url))
    _keep(folder / ".env", settings)
    return Stage(folder, children, zendesk, sailthru, url, settings)


def _stand_ins(children: Children, watch: Watch) -> tuple[StandIn, StandIn]:
    child = children.start(
        "sandbox", [sys.executable, "-m", "sandbox"], environment=_environment({"PYTHONUNBUFFERED": "1"})
    )

    def introduced() -> Any:
        line = child.written().partition("\n")
        return json.loads(line[0]) if line[1] else None

    said = wait_for(introduced, within_s=START_WITHIN_S, what="the stand-ins start", watch=watch)
    return tuple(StandIn(said[name].pop("url"), said[name]) for name in ("zendesk", "sailthru"))  # type: ignore[return-value]


def _installation(zendesk: StandIn, sailthru: StandIn, url: str) -> dict[str, Any]:
    """The installation file, after both systems were told where to send and Zendesk got its user fields."""
    # before the webhooks: the agent who comes with the app is nobody's customer
    app = zendesk.do("install_app", url=f"{url}/sidebar/{NAME}")
    door = f"{url}/hooks/{NAME}/zendesk"
    types = [f"zen:event-type:{name}" for name in MEANINGS if is_kept(name)]
    hooks = [
        zendesk.do("subscribe", endpoint=f"{door}/events", subscriptions=types),
        zendesk.do("subscribe", endpoint=f"{door}/triggers", subscriptions=["conditional_ticket_events"]),
    ]
    for key, kind in USER_FIELDS.items():
        zendesk.do("add_user_field", key=key, kind=kind)
    sailthru.do("subscribe", url=f"{url}/hooks/{NAME}/sailthru/postbacks")
    return {
        "zendesk": {
            "url": zendesk.url,
            "oauth_client_id": zendesk.account["oauth_client_id"],
            "oauth_client_secret": zendesk.account["oauth_client_secret"],
            "webhook_secrets": [hook["secret"] for hook in hooks],
            **app,
        },
        "sailthru": {
            "url": sailthru.url,
            "api_key": sailthru.account["api_key"],
            "api_secret": sailthru.account["api_secret"],
        },
        "options": {"create_profiles": True, "predictions": ["pv_30"]},
    }


def _settings(folder: Path, *, port: int, broker_url: str) -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": f"sqlite:///{folder}/bridge.db",
        "BROKER_URL": broker_url,
        "PORT": str(port),
        "METRICS_DIR": f"{folder}/metrics",
        "SAILTHRU_SETTLE_S": "1",
        "SAILTHRU_SETTLE_MOST_S": "5",
    }


def _ledger(settings: Mapping[str, str], record: dict[str, Any]) -> None:
    """Tables, queues and the installation: what `bridge migrate` and `bridge installations add` do."""
    services = build(
        Settings((settings["SECRET_KEY"],), settings["DATABASE_URL"], broker_url=settings["BROKER_URL"])
    )
    try:
        upgrade(services.ledger.engine)
        _free_queues(services)
        with services.ledger.writing() as connection:
            installations.add(
                connection,
                services.vault,
                name=NAME,
                settings=installation_settings(record),
                at=services.ledger.now(),
            )
    finally:
        services.close()


def _free_queues(services: Services) -> None:
    # The demo's consumer would take whatever is there, and its ledger is thrown away.
    try:
        services.broker.declare()
        waiting = sum(one.depth for one in services.broker.depths() if one.queue not in DEAD_QUEUES)
    except BridgeError as error:
        raise StageFailed(f"BROKER_URL cannot be used: {error}") from error
    if waiting:
        raise StageFailed(
            f"the queues at BROKER_URL hold {waiting} messages of somebody else; "
            "give the demo a virtual host of its own"
        )


def _start(stage: Stage, listener: socket.socket, watch: Watch) -> None:
    environment = _environment(stage.settings)
    number = listener.fileno()
    gunicorn = ["-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "--bind", f"fd://{number}"]
    started = [
        stage.children.start(name, [sys.executable, *words], environment=environment, keep=keep)
        for name, words, keep in (
            ("receiver", [*gunicorn, "receiver.wsgi:app"], [number]),
            ("consumer", ["-m", "consumers"], []),
            ("clock", ["-m", "consumers.clock"], []),
        )
    ]
    wait_for(
        lambda: True if _is_ready(stage.url) else None,
        within_s=START_WITHIN_S,
        what="the receiver gets ready",
        watch=watch,
    )
    for child in started[1:]:
        wait_for(
            lambda child=child: _has_started(child),  # type: ignore[misc]
            within_s=START_WITHIN_S,
            what=f"the {child.name} gets ready",
            watch=watch,
        )


def _has_started(child: Child) -> bool | None:
    return f"{child.name}_started" in child.written() or None


def _is_ready(url: str) -> bool:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=2.0)
    try:
        connection.request("GET", "/health/ready")
        reply = connection.getresponse()
        return reply.status == 200 and json.loads(reply.read()) == {"degraded": []}
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """The receiver's socket, on `port` if that is free; handed over open, so that nobody takes it."""
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError:
        listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        yield listener


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours without any of the product's settings, and these instead."""
    ours = {name for option in OPTIONS for name in (option.name, f"{option.name}_FILE")}
    return {**{name: value for name, value in os.environ.items() if name not in ours}, **settings}


def _keep(file: Path, settings: Mapping[str, str]) -> None:
    """So that commands work in the demo's folder."""
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()), encoding="utf-8")
