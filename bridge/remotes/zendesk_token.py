"""How we sign in to Zendesk: an OAuth token that is renewed in time, or the legacy API token."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from bridge.clock import Clock
from bridge.errors import BadCredentials, BridgeError, Refused, SendAgain, TryLater
from bridge.remotes.transport import Request, Transport
from bridge.remotes.zendesk_errors import SYSTEM, checked
from schemas.installation import ZendeskAccount

RENEW_BEFORE_S = 60.0
UNTOLD_LIFE_S = 1800.0
SCOPE = "read write"

_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": "sailthru-zendesk-bridge",
}

log = structlog.get_logger(__name__)


class TokenKeeper(Protocol):
    """Keeps what stands in the `Authorization` header."""

    def header(self) -> str:
        """The header's value. May call Zendesk, and raises what such a call raises."""

    def renewed(self, refused: str) -> bool:
        """The server said 401 to the header `refused`. True when there is another one to try."""

    def secrets(self) -> tuple[str, ...]:
        """What must not be quoted anywhere, beyond the account's own settings."""


def token_keeper(account: ZendeskAccount, *, transport: Transport, clock: Clock) -> TokenKeeper:
    """The keeper for the way of signing in that the account has."""
    if account.oauth_client_id and account.oauth_client_secret:
        return OAuthToken(account, transport=transport, clock=clock)
    return ApiToken(account)


class ApiToken:
    """The legacy way in. Says once that it will end."""

    def __init__(self, account: ZendeskAccount) -> None:
        self._account = account
        self._warned = False

    def header(self) -> str:
        account = self._account
        if not (account.email and account.api_token):
            raise BadCredentials(SYSTEM, "neither an OAuth client nor an API token is set")
        if not self._warned:
            self._warned = True
            log.warning(
                "Zendesk ends API tokens on 2027-04-30: set an OAuth client in the installation instead.",
                action="api_token_used",
                zendesk=account.url,
            )
        pair = f"{account.email}/token:{account.api_token}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"

    def renewed(self, refused: str) -> bool:  # noqa: ARG002 - an API token has no successor
        return False

    def secrets(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True)
class _Token:
    header: str
    renew_at: float  # on the monotonic clock


class OAuthToken:
    """A token of the client_credentials grant, kept in memory only and renewed before its end.

    One renewal at a time: threads that come while one is under way share its outcome, good or bad, so that an
    outage of the token's address costs one time-out and not one for each thread.
    """

    def __init__(self, account: ZendeskAccount, *, transport: Transport, clock: Clock) -> None:
        self._account = account
        self._transport = transport
        self._clock = clock
        self._lock = threading.Lock()
        self._renewals = 0
        self._token: _Token | None = None
        self._error: BridgeError | None = None

    def header(self) -> str:
        seen = self._renewals  # counted first: a renewal that ends in between is then not repeated
        token = self._token
        if token is not None and self._clock.monotonic() < token.renew_at:
            return token.header
        return self._renew(seen)

    def renewed(self, refused: str) -> bool:
        seen = self._renewals
        token = self._token
        if token is not None and token.header != refused:
            return True  # another thread has been quicker
        self._renew(seen)
        return True

    def secrets(self) -> tuple[str, ...]:
        token = self._token
        return () if token is None else (token.header.removeprefix("Bearer "),)

    def _renew(self, seen: int) -> str:
        """Fetch a token, unless somebody did since the caller counted `seen` renewals."""
        with self._lock:
            if self._renewals == seen:
                self._token, self._error = None, None
                try:
                    self._token = self._fetched()
                except BridgeError as error:
                    self._error = error
                self._renewals += 1
            if self._token is None:
                raise self._error or TryLater(SYSTEM, "garbled", detail="no token")
            return self._token.header

    def _fetched(self) -> _Token:
        asked_at = self._clock.monotonic()
        record = self._asked()
        token = record.get("access_token") if isinstance(record, dict) else None
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise TryLater(SYSTEM, "garbled", detail="the reply to the token request holds no token")
        return _Token(f"Bearer {token}", asked_at + _good_for_s(record))

    def _asked(self) -> Any:
        try:
            return checked(
                self._transport.send(self._request()), "POST", (self._account.oauth_client_secret,)
            )
        except SendAgain as error:  # nothing is lost by asking twice, and what the token is for was not sent
            raise TryLater(SYSTEM, error.reason, after_s=error.after_s, detail=error.detail) from None
        except Refused as error:  # not the customer's fault, nor an answer about the record that was wanted
            raise BadCredentials(SYSTEM, f"the OAuth client is refused: {error.detail}") from None

    def _request(self) -> Request:
        asked = {
            "grant_type": "client_credentials",
            "client_id": self._account.oauth_client_id,
            "client_secret": self._account.oauth_client_secret,
            "scope": SCOPE,
        }
        url = f"{self._account.url.rstrip('/')}/oauth/tokens"
        return Request(SYSTEM, "POST", url, _HEADERS, json.dumps(asked).encode("ascii"))


def _good_for_s(record: dict[str, Any]) -> float:
    life = record.get("expires_in")
    if isinstance(life, bool) or not isinstance(life, (int, float)) or not 0 < life < 10**9:
        life = UNTOLD_LIFE_S
    # a token that lives less than two minutes is used for half its life rather than never
    return max(life - RENEW_BEFORE_S, life / 2)
