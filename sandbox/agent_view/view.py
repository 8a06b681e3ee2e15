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

    def __init__(self, store: Store, people: People, now: Callable[[], datetime]) -> None:
        self.base = ""
        self._store = store
        self._people = people
        self._now = now
        self._app: InstalledApp | None = None

    def install_app(self, url: str, agent: str = "Robin Larsen") -> dict[str, str]:
        """Installs an app whose page is at `url`, and seats an agent. What its maker is to know."""
        audience = f"{self.base}/api/v2/apps/installations/{INSTALLATION}.json"
        address = f"{agent.lower().replace(' ', '.')}@zendesk.example"
        agent_id = self._people.create_user(address, name=agent, role="agent").id
        self._app = InstalledApp(url, audience, new_key(), agent_id)
        return {"app_public_key": public_pem(self._app.key), "app_audience": audience}

    def answer(self, request: Request) -> Reply | None:
        """The answer to a request for anything under `/agent/`; None: not ours."""
        if self._app is None or request.method != "GET" or not request.path.startswith(PREFIX):
            return None
        name = request.path.removeprefix(PREFIX)
        if name == "desk":
            return Reply(200, self._desk(self._app))
        if name == "token":
            return Reply(200, self._opening(self._app, request.query.get("location", "ticket_sidebar")))
        file = PAGES / name if name in FILES else PAGES / "agent.html"
        headers = {"Content-Type": TYPES[file.suffix], "Cache-Control": "no-store"}
        return Reply(200, file.read_bytes(), headers)

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
