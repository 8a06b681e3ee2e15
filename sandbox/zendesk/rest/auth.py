"""Who may ask: OAuth tokens by client_credentials, or Basic with an API token."""

from __future__ import annotations

import base64
import binascii
import hmac
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.web.messages import Reply, Request
from sandbox.zendesk.account import ZendeskAccount
from sandbox.zendesk.rest.errors import RestError

SHORTEST_LIFE_S = 300
LONGEST_LIFE_S = 172_800


class Tokens:
    """Access tokens given out and until when they are good."""

    def __init__(self, account: ZendeskAccount, now: Callable[[], datetime], seed: int = 0) -> None:
        self._account = account
        self._now = now
        self._random = random.Random(seed)  # noqa: S311 - tokens of a stand-in
        self._until: dict[str, datetime] = {}

    def expire(self) -> None:
        """Every token given out so far is bad from now on."""
        self._until.clear()

    def grant(self, request: Request) -> Reply:
        """POST /oauth/tokens. Raises RestError."""
        asked = _object(request)
        if asked.get("grant_type") != "client_credentials":
            raise RestError(400, "unsupported_grant_type", "The grant type is not supported here")
        if not self._is_client(asked):
            raise RestError(401, "invalid_client", "Client authentication failed")
        life_s = self._life(asked)
        token = f"{self._random.getrandbits(256):064x}"
        self._until[token] = self._now() + timedelta(seconds=life_s)
        granted = {
            "access_token": token,
            "token_type": "bearer",
            "scope": asked.get("scope", "read write"),
            "expires_in": life_s,
        }
        return Reply(200, granted)

    def current(self, request: Request) -> dict[str, Any]:
        """When the token in use expires."""
        token = request.headers.get("authorization", "").partition(" ")[2]
        until = self._until.get(token)
        return {"token": {"id": 1, "expires_at": until.isoformat() if until else None}}

    def check(self, request: Request) -> None:
        """Raises RestError 401 unless the request carries good credentials."""
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        good = (scheme.lower() == "bearer" and self._is_token(credentials)) or (
            scheme.lower() == "basic" and self._is_basic(credentials)
        )
        if not good:
            error = "invalid_token" if scheme.lower() == "bearer" else "Couldn't authenticate you"
            raise RestError(401, error)

    def _is_client(self, asked: dict[str, Any]) -> bool:
        return asked.get("client_id") == self._account.oauth_client_id and hmac.compare_digest(
            str(asked.get("client_secret")).encode(), self._account.oauth_client_secret.encode()
        )

    def _life(self, asked: dict[str, Any]) -> int:
        life_s = asked.get("expires_in")
        if life_s is None:
            return self._account.token_life_s
        return max(SHORTEST_LIFE_S, min(LONGEST_LIFE_S, int(life_s)))

    def _is_token(self, token: str) -> bool:
        until = self._until.get(token)
        return until is not None and self._now() < until

    def _is_basic(self, credentials: str) -> bool:
        try:
            given = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            return False
        return hmac.compare_digest(given, f"{self._account.email}/token:{self._account.api_token}".encode())


def _object(request: Request) -> dict[str, Any]:
    try:
        asked = request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise RestError(400, "invalid_request", "A JSON object is needed")
    return asked
