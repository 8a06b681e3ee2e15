"""The pages under `/agent/`, and what they ask for. Only there once an app is installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.agent_view.signing import new_key, public_pem, signed
from sandbox.web.messages import Reply, Request
from sandbox.zendesk.apps import Apps
from sandbox.zendesk.people import People
from sandbox.zendesk.store import Store

PAGES = Path(__file__).with_name("pages")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
PREFIX = "/agent/"
INSTALLATION = 1
AGENT = "Robin Larsen"
TOKEN_LIFE_S = 120


@dataclass(frozen=True)
class InstalledApp:
    """An app with a page of its own, and the key with which Zendesk signs for it."""

    url: str
    audience: str
    key: RSAPrivateKey
    agent_id: int


class AgentView:
    """What an agent's browser gets. `base` is the account's address."""

    def __init__(self, store: Store, people: People, now: Callable[[], datetime], apps: Apps) -> None:
        self.base = ""
        self._store = store
        self._people = people
        self._now = now
        self._apps = apps
        self._seated: dict[str, int] = {}
        self._app: InstalledApp | None = None

    def install_app(self, url: str, agent: str = AGENT) -> dict[str, str]:
        """Installs an app whose page is at `url`, and seats an agent. What its maker is to know."""
        audience = self._audience(INSTALLATION)
        self._app = InstalledApp(url, audience, new_key(), self._seat(agent))
        return {"app_public_key": public_pem(self._app.key), "app_audience": audience}

    def answer(self, request: Request) -> Reply | None:
        """The answer to a request for anything under `/agent/`; None: not ours."""
        if request.method != "GET" or not request.path.startswith(PREFIX) or (app := self._opened()) is None:
            return None
        name = request.path.removeprefix(PREFIX)
        if name == "desk":
            return Reply(200, self._desk(app))
        if name == "token":
            return Reply(200, self._opening(app, request.query.get("location", "ticket_sidebar")))
        file = PAGES / name if name in FILES else PAGES / "agent.html"
        headers = {"Content-Type": TYPES[file.suffix], "Cache-Control": "no-store"}
        return Reply(200, file.read_bytes(), headers)

    def _opened(self) -> InstalledApp | None:
        """The app beside the tickets: the one given by the verb, else what was installed last."""
        newest = self._apps.newest()
        if self._app is not None or newest is None:
            return self._app
        app = self._apps.apps[newest.app_id]
        url = app.manifest["location"]["support"]["ticket_sidebar"]["url"]
        return InstalledApp(url, self._audience(newest.id), app.key, self._seat(AGENT))

    def _audience(self, installation: int) -> str:
        return f"{self.base}/api/v2/apps/installations/{installation}.json"

    def _seat(self, name: str) -> int:
        """The id of the agent of that name, who is there from now on."""
        if name not in self._seated:
            address = f"{name.lower().replace(' ', '.')}@zendesk.example"
            self._seated[name] = self._people.create_user(address, name=name, role="agent").id
        return self._seated[name]

    def _desk(self, app: InstalledApp) -> dict[str, Any]:
        with self._store.lock:
            users = {user.id: user for record in self._store.users.values() if (user := record.latest())}
            tickets = [one for record in self._store.tickets.values() if (one := record.latest())]
        return {
            "agent": {"id": app.agent_id, "name": users[app.agent_id].name},
            "users": [{"id": user.id, "name": user.name, "email": user.email} for user in users.values()],
            "tickets": [
                {"id": one.id, "subject": one.subject, "status": one.status, "requester": one.requester_id}
                for one in sorted(tickets, key=lambda one: one.id)
                if one.status != "deleted"
            ],
        }

    def _opening(self, app: InstalledApp, location: str) -> dict[str, str]:
        now = int(self._now().timestamp())
        claims = {
            "iss": urlsplit(self.base).netloc,
            "aud": app.audience,
            "sub": f"{self.base}/api/v2/users/{app.agent_id}.json",
            "iat": now,
            "exp": now + TOKEN_LIFE_S,
            "context": {"product": "support", "location": location},
        }
        return {"url": app.url, "token": signed(claims, app.key)}


FILES = frozenset(path.name for path in PAGES.iterdir())
