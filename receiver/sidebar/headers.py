"""The headers of everything under `/sidebar/`, errors included: who may frame it, and what it may load."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from flask import Flask, Response, request

from bridge.errors import Unavailable
from receiver.answers import POLICY
from receiver.doorkeeper import Doorkeeper
from schemas.installation_values import is_loopback

PREFIX = "/sidebar/"
SDK = "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js"


def install(app: Flask, doorkeeper: Doorkeeper) -> None:
    """Put the headers on every answer under the prefix, whoever made it."""

    @app.after_request
    def with_headers(response: Response) -> Response:
        if request.path.startswith(PREFIX):
            _protect(response, _account_of(doorkeeper, request.path))
        return response


def policy(account_url: str) -> str:
    """The content security policy of one account's page; an empty `account_url` may frame nothing.

    The page of an account on this machine (demo, tests) may load a stand-in for Zendesk's SDK from there.
    """
    origin = _origin(account_url)
    framed_by = origin or "'none'"
    sdk_origins = " ".join(filter(None, (_origin(SDK), origin if may_stand_in(account_url) else "")))
    return (
        f"default-src 'none'; script-src 'self' {sdk_origins}; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {framed_by}"
    )


def may_stand_in(account_url: str) -> bool:
    """Whether a stand-in for Zendesk plays this account: only one on this machine."""
    return is_loopback(urlsplit(account_url).hostname or "")


def sdk_address(account_url: str, asked: str) -> str:
    """Where the page loads the SDK from: Zendesk's address, or that of the stand-in which opened the page."""
    is_of_account = bool(asked) and _origin(asked) == _origin(account_url)
    return asked if is_of_account and may_stand_in(account_url) else SDK


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _account_of(doorkeeper: Doorkeeper, path: str) -> str:
    name = path.removeprefix(PREFIX).partition("/")[0]
    with suppress(Unavailable):
        known = doorkeeper.known(name)
        return known.settings.zendesk.url if known else ""
    return ""


def _protect(response: Response, account_url: str) -> None:
    response.headers[POLICY] = policy(account_url)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.pop("X-Frame-Options", None)
