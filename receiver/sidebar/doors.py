"""Who gets in: the signed token with which Zendesk opens the page. Pure.

Zendesk signs RS256 with a key of the app's own, for one account and one installation of the app. No other
algorithm is ever read: beside RS256 an HS256 token could be signed with the public key, which is no secret.
https://developer.zendesk.com/documentation/apps/app-developer-guide/making-api-requests-from-a-zendesk-app/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import jwt

from bridge.errors import Rejected
from schemas.installation import ZendeskAccount

ALGORITHM = "RS256"
LEEWAY_S = 30
OLDEST_S = 600  # the page is opened when the token is made; one that is older was kept by somebody
LONGEST_TOKEN = 8 * 1024
LAST_MOMENT = 253_402_300_799  # the end of year 9999: what is later is no moment

_USER = re.compile(r"(?:^|/)(\d{1,18})(?:\.json)?$", re.ASCII)
# PyJWT asks the machine's clock; ours is handed in, so the times are looked at here.
_OPTIONS: Any = {
    "require": ["exp", "iat", "aud", "iss"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_sub": False,
    "verify_jti": False,
}


class NotLetIn(Rejected):
    """A token that does not open the page.

    `code` is one of `no_token`, `no_app_key`, `bad_token`, `wrong_app`, `expired`.
    """

    def __init__(self, code: str, hint: str) -> None:
        super().__init__(code, 401, hint)


@dataclass(frozen=True)
class Opened:
    """A token that was found good. `agent` is the Zendesk id of its `sub`, None when it names nobody."""

    agent: int | None


def check_token(token: str, account: ZendeskAccount, *, now: datetime) -> Opened:
    """Return if Zendesk signed this token for this account and app a moment ago; else raise `NotLetIn`.

    Nothing a stranger sends makes it raise anything else.
    """
    if not token:
        raise NotLetIn("no_token", "The page was not opened by Zendesk.")
    if not account.app_public_key or not account.app_audience:
        raise NotLetIn(
            "no_app_key",
            "app_public_key and app_audience are not set: see the sidebar in docs/getting-started.md.",
        )
    claims = _signed_claims(token, account)
    _check_times(claims, int(now.timestamp()))
    return Opened(_agent(claims.get("sub"), account))


def _signed_claims(token: str, account: ZendeskAccount) -> Mapping[str, Any]:
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise NotLetIn("bad_token", "The token is no token.")
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            account.app_public_key,
            algorithms=[ALGORITHM],
            audience=account.app_audience,
            issuer=_issuers(account.url),
            options=_OPTIONS,
        )
    except (jwt.InvalidAudienceError, jwt.InvalidIssuerError) as error:
        raise NotLetIn("wrong_app", f"{error}: compare app_audience and zendesk.url with the app.") from None
    except jwt.InvalidKeyError as error:
        raise NotLetIn("no_app_key", f"app_public_key cannot be used: {error}") from None
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise NotLetIn(
            "bad_token", f"{type(error).__name__}: app_public_key may be of another app."
        ) from None
    return claims


def _issuers(url: str) -> list[str]:
    """How Zendesk may name the account: its host, with or without the scheme."""
    return [urlsplit(url).netloc, url]


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    expires, issued = _seconds(claims["exp"]), _seconds(claims["iat"])
    starts = _seconds(claims.get("nbf", issued))
    if now > expires + LEEWAY_S or now - issued > OLDEST_S + LEEWAY_S:
        raise NotLetIn("expired", "The token is too old: check this machine's clock, or load the page anew.")
    if max(issued, starts) > now + LEEWAY_S:
        raise NotLetIn("bad_token", "The token is from the future: check this machine's clock.")


def _seconds(value: Any) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= LAST_MOMENT:
        raise NotLetIn("bad_token", "A time in the token is no time.")
    return int(value)


def _agent(sub: Any, account: ZendeskAccount) -> int | None:
    """The id in `sub`, the API address of a user; of another account's, or in another form, it is nobody."""
    text = str(sub) if isinstance(sub, str | int) and not isinstance(sub, bool) else ""
    if "/" in text and not text.startswith(f"{account.url}/api/v2/users/"):
        return None
    found = _USER.search(text)
    return int(found.group(1)) if found else None
