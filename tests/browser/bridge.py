"""The bridge as the page sees it: the API's answers, over real HTTP, with state that a test sets.

The page, its files and its headers are the real ones; what a remote would say is a test's to decide.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.serving import WSGIRequestHandler, make_server

from receiver.assets import Assets
from receiver.sidebar import headers
from receiver.sidebar.files import languages
from receiver.sidebar.routes import sidebar_assets
from tests.browser.customers import AGENT, LISTS, Customer

HOLD_S = 5.0
LIFE_S = 900


class Handler(WSGIRequestHandler):
    """Keeps connections open, and its peace."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Bridge:
    """One installation, `acme`, with customers, actions and faults. Use as a context manager."""

    def __init__(self) -> None:
        self.customers: dict[int, Customer] = {}
        self.actions: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.about: dict[str, Any] = {}
        self.lock = threading.RLock()
        self.reset()
        app = Flask(__name__, template_folder="../../receiver/sidebar/templates")
        self._route(app)
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="bridge", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def reset(self) -> None:
        """As if newly started."""
        with self.lock:
            self.customers.clear()
            self.actions.clear()
            self.asked.clear()
            self.about = {"agent": "35"}
            self.token = "first"
            self.faults: dict[str, tuple[int, Any]] = {}
            self.gates: dict[str, threading.Event] = {}
            #: what becomes of an accepted action: `saved`, `failed: <reason>`, or `saving` until finished
            self.becomes = "saved"

    def fail(self, what: str, status: int, **content: Any) -> None:
        """Let calls of `customer`, `actions`, `agent` or `token` fail until `heal`."""
        self.faults[what] = (status, content)

    def heal(self) -> None:
        self.faults.clear()

    def hold(self, what: str) -> threading.Event:
        """Let calls wait until the returned event is set."""
        self.gates[what] = threading.Event()
        return self.gates[what]

    def finish(self, how: str = "saved") -> None:
        """Settle every action that is being saved."""
        with self.lock:
            for action in self.actions.values():
                if action["state"] == "saving":
                    self._settle(action, how)

    def calls(self, method: str, what: str) -> list[Any]:
        """The bodies (or queries) of the calls so far."""
        return [content for verb, name, content in self.asked if (verb, name) == (method, what)]

    def taken(self) -> list[dict[str, Any]]:
        """The actions that were sent, without what differs in each run."""
        return [
            {name: one[name] for name in ("user", "kind", "value", "confirmed")}
            for one in self.calls("POST", "actions")
        ]

    def __enter__(self) -> Bridge:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for gate in self.gates.values():
            gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _route(self, app: Flask) -> None:
        assets = sidebar_assets()
        app.context_processor(lambda: {"asset": assets.address})
        app.after_request(self._with_headers)
        app.add_url_rule("/sidebar/static/<version>/<path:name>", view_func=assets.response)
        app.add_url_rule("/sidebar/acme", view_func=lambda: self._page(assets))
        api = "/sidebar/acme/api"
        for method, path, view in (
            ("GET", "customer", self._customer),
            ("GET", "actions", self._actions),
            ("GET", "lists", self._lists),
            ("POST", "actions", self._act),
            ("POST", "token", self._token),
            ("POST", "agent", self._agent),
        ):
            self._add(app, f"{api}/{path}", path, method, view)
        self._add(app, f"{api}/actions/<key>/undo", "undo", "POST", self._undo)
        self._add(app, f"{api}/actions/<key>/retry", "retry", "POST", self._retry)

    def _add(self, app: Flask, path: str, what: str, method: str, view: Callable[..., Response]) -> None:
        def answer(**arguments: str) -> Response:
            return self._answer(what, method, view, arguments)

        app.add_url_rule(path, endpoint=f"{method} {what}", view_func=answer, methods=[method])

    def _answer(
        self, what: str, method: str, view: Callable[..., Response], arguments: Mapping[str, str]
    ) -> Response:
        if what != "token" and request.headers.get("Authorization") != f"Bearer {self.token}":
            return said(401, error="session_expired")
        with self.lock:
            self.asked.append((method, what, request.get_json() if method == "POST" else {**request.args}))
        gate = self.gates.get(what)
        if gate is not None:
            gate.wait(20)
        if what in self.faults:
            status, content = self.faults[what]
            return said(status, **content)
        with self.lock:
            return view(**arguments)

    def _with_headers(self, response: Response) -> Response:
        response.headers["Content-Security-Policy"] = headers.policy("https://acme.zendesk.com")
        return response

    def _page(self, assets: Assets) -> str:
        about = {
            "token": self.token,
            "expires_in_s": LIFE_S,
            "installation": "acme",
            "api": "/sidebar/acme/api",
            "texts": assets.address("en.json").removesuffix("en.json"),
            "languages": languages(),
            **self.about,
        }
        return render_template(
            "sidebar/sidebar.html", about=json.dumps(about), sdk=headers.SDK, has_link=True
        )

    def _customer(self) -> Response:
        customer = self.customers.get(int(request.args["user"]))
        if customer is None:
            return said(404, error="unknown_customer")
        mine = [one for one in self.actions.values() if one["user"] == customer.user]
        return jsonify({**customer.view(), "actions": [shown(one) for one in reversed(mine)]})

    def _lists(self) -> Response:
        return jsonify(names=LISTS)

    def _actions(self) -> Response:
        asked = [self.actions[key] for key in request.args["ids"].split(",")]
        for action in asked:
            if action["state"] == "held" and now() >= datetime.fromisoformat(action["hold_until"]):
                self._send(action)
        return jsonify({"actions": [shown(one) for one in asked]})

    def _act(self) -> Response:
        given = request.get_json()
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, given["key"]))
        if key not in self.actions:
            self._accept(key, given)
            # The answer says what was accepted; what came of it is asked for.
            return said(202, action={**shown(self.actions[key]), **self._accepted(key)})
        return said(202, action=shown(self.actions[key]))

    def _accepted(self, key: str) -> dict[str, Any]:
        held = self.actions[key]["hold_until"]
        return {"state": "held" if held else "saving", "reason": None}

    def _accept(self, key: str, given: Mapping[str, Any]) -> None:
        action = self.actions[key] = {
            **given,
            "id": key,
            "state": "saving",
            "reason": None,
            "hold_until": None,
            "at": now().isoformat(),
            "agent": AGENT,
            "is_claimed": False,
        }
        if given["kind"] == "list_remove":
            until = now() + timedelta(seconds=HOLD_S)
            action.update(state="held", hold_until=until.isoformat())
        else:
            self._send(action)

    def _send(self, action: dict[str, Any]) -> None:
        action["state"] = "saving"
        if self.becomes != "saving":
            self._settle(action, self.becomes)

    def _settle(self, action: dict[str, Any], how: str) -> None:
        state, _, reason = how.partition(": ")
        action.update(state=state, reason=reason or None)
        if state == "saved":
            self.customers[action["user"]].apply(action)

    def _undo(self, key: str) -> Response:
        action = self.actions[key]
        if action["state"] != "held":
            return said(409, error="sent")
        action["state"] = "undone"
        return said(200, action=shown(action))

    def _retry(self, key: str) -> Response:
        new = str(uuid.uuid4())
        self._accept(new, {**self.actions[key], "key": new})
        return said(202, action=shown(self.actions[new]))

    def _token(self) -> Response:
        self.token = f"renewed {len(self.asked)}"
        return said(200, token=self.token, expires_in_s=LIFE_S)

    _agent = _token


def shown(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action as the API shows it."""
    names = ("id", "kind", "value", "state", "reason", "hold_until", "at", "agent", "is_claimed")
    return {name: action[name] for name in names}


def said(status: int, **content: Any) -> Response:
    response = jsonify(content)
    response.status_code = status
    return response


def now() -> datetime:
    return datetime.now(UTC)
