"""The page's own token: what it sends with each call once Zendesk's token has opened it.

No cookies: in a frame of another site browsers often block them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from bridge.clock import Clock
from bridge.errors import Rejected

SALT = "sailthru-zendesk-bridge/sidebar-page/1"
LIFE = timedelta(minutes=15)
RENEWABLE = timedelta(hours=12)
SKEW = timedelta(seconds=30)  # between the clocks of two receivers


class SessionExpired(Rejected):
    """A page token that is too old, not ours, or another installation's; the page is told no more."""

    def __init__(self, hint: str) -> None:
        super().__init__("session_expired", 401, hint)


@dataclass(frozen=True)
class PageToken:
    """What a page may say about itself.

    `installation_id` is the ledger's number, so that a name given away opens nothing. `agent` is the Zendesk
    id of who looks at the page, None while nobody said; `is_claimed` when the page said so instead of
    Zendesk's token. `opened_at` is when Zendesk's token opened the page.
    """

    installation_id: int
    agent: int | None
    is_claimed: bool
    opened_at: datetime


class PageTokens:
    """Makes and reads page tokens. The newest of `secret_keys` (the first) signs, every one reads."""

    def __init__(self, secret_keys: Sequence[str], clock: Clock) -> None:
        self._clock = clock
        self._serializer = URLSafeTimedSerializer(
            list(reversed(secret_keys)),  # the library wants the newest last
            salt=SALT,
            signer=_Signer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256, "clock": clock},
        )

    def opened(self, installation_id: int, agent: int | None) -> PageToken:
        """The token of a page that was opened now."""
        now = self._clock.now().replace(microsecond=0)
        return PageToken(installation_id, agent, is_claimed=False, opened_at=now)

    def sealed(self, token: PageToken) -> str:
        """The token as the page holds it, issued now."""
        opened = int(token.opened_at.timestamp())
        said = {"i": token.installation_id, "a": token.agent, "c": token.is_claimed, "t": opened}
        return str(self._serializer.dumps(said))

    def read(self, sealed: str, *, installation_id: int) -> PageToken:
        """A token that may be used now. Raises `SessionExpired`."""
        token, issued_at = self._opened(sealed, installation_id)
        if self._clock.now() - issued_at > LIFE:
            raise SessionExpired("The page's token has expired; the page renews it by itself.")
        return token

    def renewable(self, sealed: str, *, installation_id: int) -> PageToken:
        """A token that may be renewed: of a page that slept, it may have expired. Raises `SessionExpired`."""
        return self._opened(sealed, installation_id)[0]

    def claimed(self, token: PageToken, agent: int) -> PageToken:
        """The token of a page that said who looks at it."""
        return replace(token, agent=agent, is_claimed=True)

    def _opened(self, sealed: str, installation_id: int) -> tuple[PageToken, datetime]:
        try:
            said, issued_at = self._serializer.loads(sealed, return_timestamp=True)
            token = _token(said)
        except (BadData, ValueError, TypeError, KeyError, OverflowError) as error:
            raise SessionExpired(f"The page's token is not ours ({type(error).__name__}).") from None
        now = self._clock.now()
        if token.installation_id != installation_id:
            raise SessionExpired("The page's token is another installation's.")
        if now - token.opened_at > RENEWABLE or issued_at > now + SKEW:
            raise SessionExpired("The page is open for too long; it must be loaded anew.")
        return token, issued_at


class _Signer(TimestampSigner):
    """The library's signer, on the clock that was handed in."""

    def __init__(self, *args: Any, clock: Clock, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock.now().timestamp())


def _token(said: Any) -> PageToken:
    opened_at = datetime.fromtimestamp(said["t"], tz=UTC)
    return PageToken(said["i"], said["a"], is_claimed=said["c"], opened_at=opened_at)
