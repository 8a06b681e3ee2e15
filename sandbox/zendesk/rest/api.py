"""Zendesk's HTTP API: credentials, quota, then the address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.quota import Quota
from sandbox.web.messages import Pending, Reply, Request
from sandbox.zendesk.account import ZendeskAccount, ZendeskOddities
from sandbox.zendesk.rest.auth import Tokens
from sandbox.zendesk.rest.errors import RestError, not_found
from sandbox.zendesk.rest.limits import charge
from sandbox.zendesk.rest.rights import require_rights
from sandbox.zendesk.store import Store

Endpoint = Callable[..., Reply | Pending]


def read_params(request: Request) -> Any:
    """What the call log shows of a request: its JSON, else its query."""
    try:
        return request.json() if request.body else dict(request.query)
    except ValueError:
        return None


class Routes:
    """Addresses with `{id}` places and who answers them."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Endpoint] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Endpoint]] = []

    def add(self, methods: str, path: str, endpoint: Endpoint) -> None:
        """`methods` is space separated; `{id}` matches digits, `{key}` one part of the path."""
        for method in methods.split():
            if "{" not in path:
                self._exact[method, path] = endpoint
                continue
            pattern = path.replace("{id}", "([0-9]+)").replace("{key}", "([^/]+)")
            self._patterns.append((method, re.compile(pattern), endpoint))

    def find(self, method: str, path: str) -> tuple[Endpoint, tuple[str, ...]]:
        """The endpoint and the parts of the path that fill its places. Raises RestError 404."""
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, ()
        for wanted, pattern, endpoint in self._patterns:
            if wanted == method and (match := pattern.fullmatch(path)):
                return endpoint, match.groups()
        raise RestError(404, "InvalidEndpoint", "Not found")


class Api:
    """Answers one request, under the store's lock."""

    def __init__(self, account: ZendeskAccount, oddities: ZendeskOddities, *, store: Store, quota: Quota,
                 tokens: Tokens, routes: Routes) -> None:  # fmt: skip
        self._account = account
        self._oddities = oddities
        self._store = store
        self._quota = quota
        self._tokens = tokens
        self._routes = routes
        routes.add("GET", "/api/v2/users/me", self._me)
        routes.add("GET", "/api/v2/account/settings", self._settings)
        routes.add("GET", "/api/v2/oauth/tokens/current", lambda request: Reply(200, tokens.current(request)))

    def answer(self, request: Request) -> Reply | Pending:
        headers: dict[str, str] = {}
        path = request.path.removesuffix(".json").rstrip("/")
        try:
            if (request.method, path) == ("POST", "/oauth/tokens"):
                return self._tokens.grant(request)
            self._tokens.check(request)
            headers = charge(self._quota, path, self._oddities)
            require_rights(request.method, path, self._oddities)
            return self._routed(request, path, headers)
        except RestError as error:
            return Reply(error.status, error.body, {**headers, **error.headers})

    def _routed(self, request: Request, path: str, headers: dict[str, str]) -> Reply | Pending:
        endpoint, places = self._routes.find(request.method, path)
        try:
            with self._store.lock:
                reply = endpoint(request, *places)
        except LookupError:
            raise not_found() from None
        if isinstance(reply, Pending):
            return reply
        return Reply(reply.status, reply.body, {**headers, **reply.headers})

    def _me(self, _request: Request) -> Reply:
        ours = {"id": 1, "name": "Sandbox Admin", "email": self._account.email,
                "role": self._oddities.our_role, "active": True, "verified": True,
                "suspended": False}  # fmt: skip
        return Reply(200, {"user": ours})

    def _settings(self, _request: Request) -> Reply:
        tagging = {"tagging": {"users_and_organizations": self._oddities.user_tagging}}
        return Reply(200, {"settings": {"active_features": {"user_tagging": self._oddities.user_tagging},
                                        **tagging}})  # fmt: skip
