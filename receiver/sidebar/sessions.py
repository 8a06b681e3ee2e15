"""The page calling its API: which installation, and who looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from bridge.ledger.installations import Installation
from receiver.answers import answer
from receiver.doorkeeper import Doorkeeper
from receiver.sidebar.page_tokens import LIFE, PageToken, PageTokens, SessionExpired

SCHEME = "Bearer "


@dataclass(frozen=True)
class Session:
    """One call: the installation in its address, and the page's token, which is that installation's."""

    installation: Installation
    token: PageToken


@dataclass(frozen=True)
class Sessions:
    """Reads the `Authorization` header of calls to the API."""

    doorkeeper: Doorkeeper
    tokens: PageTokens

    def current(self, name: str) -> Session:
        """The session of this request. Raises `SessionExpired`, which a page answers by renewing."""
        installation = self._installation(name)
        return Session(installation, self.tokens.read(_bearer(), installation_id=installation.id))

    def renewal(self, name: str) -> Response:
        """A new token for one that may have expired while the page slept."""
        token = self.tokens.renewable(_bearer(), installation_id=self._installation(name).id)
        return self.grant(token)

    def grant(self, token: PageToken) -> Response:
        """The answer that hands the page its next token."""
        return answer(200, token=self.tokens.sealed(token), expires_in_s=int(LIFE.total_seconds()))

    def _installation(self, name: str) -> Installation:
        found = self.doorkeeper.known(name) or self.doorkeeper.asked(name)
        if found is None:
            # To a page of an installation that was removed it is the same as a token of another one.
            raise SessionExpired("No installation has the name in this address.")
        return found


def _bearer() -> str:
    given = request.headers.get("Authorization", "")
    return given.removeprefix(SCHEME) if given.startswith(SCHEME) else ""
