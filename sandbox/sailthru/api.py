"""Sailthru's HTTP API: form and signature first, then the quota, then the endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from sandbox.quota import Allowance, Quota
from sandbox.sailthru import errors
from sandbox.sailthru.account import SailthruAccount, SailthruOddities
from sandbox.sailthru.book import Book
from sandbox.sailthru.errors import SailthruError
from sandbox.sailthru.reading import show
from sandbox.sailthru.signing import is_signed
from sandbox.sailthru.writing import EMAIL, identify, not_found
from sandbox.web.messages import Reply, Request

Asked = Mapping[str, Any]
OUTER = ("api_key", "sig", "format")


def parameters(request: Request) -> dict[str, str]:
    """The outer parameters: of a POST from its form, else from the query. Raises SailthruError 6."""
    if request.method != "POST":
        return request.query
    try:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise SailthruError(6, "Invalid UTF-8") from None


def asked_for(outer: Mapping[str, str]) -> Asked:
    """The request object: the json parameter, else the plain parameters. Raises SailthruError."""
    if "json" not in outer:
        return {name: value for name, value in outer.items() if name not in OUTER}
    try:
        asked = json.loads(outer["json"])
    except ValueError:
        raise SailthruError(99, "Invalid JSON") from None
    if isinstance(asked, dict):
        return asked
    if asked == []:
        return {}
    raise SailthruError(99, "Invalid JSON: an object is needed")


def read_params(request: Request) -> Any:
    """What the call log shows of a request: its request object, or nothing when it is unreadable."""
    try:
        return asked_for(parameters(request))
    except SailthruError:
        return None


class Api:
    """Answers one request at a time, under the world's lock."""

    def __init__(
        self, account: SailthruAccount, oddities: SailthruOddities, quota: Quota, *, book: Book
    ) -> None:
        self._account = account
        self._oddities = oddities
        self._quota = quota
        self._book = book
        self._profiles = book.profiles
        lists, mailings = book.lists, book.mailings
        self._endpoints: dict[tuple[str, str], Callable[[Asked], Any]] = {
            ("GET", "/user"): self._get_user,
            ("POST", "/user"): self._post_user,
            ("DELETE", "/user"): self._delete_user,
            ("GET", "/list"): lists.get,
            ("POST", "/list"): lists.post,
            ("DELETE", "/list"): lists.delete,
            ("GET", "/send"): mailings.get_send,
            ("GET", "/blast"): mailings.get_blast,
            ("GET", "/settings"): self._get_settings,
        }

    def answer(self, request: Request) -> Reply:
        headers: dict[str, str] = {}
        try:
            asked = self._admitted(request)
            allowance = self._quota.take(
                limit_name(request.method, request.path), f"{request.method} {request.path}"
            )
            headers = _rate_headers(allowance)
            if allowance is not None and not allowance.granted:
                raise SailthruError(43, "Too many requests this minute. Try again next minute.")
            with self._book.lock:
                return Reply(200, self._endpoint(request)(asked), headers)
        except SailthruError as error:
            status = self._oddities.errors_status or error.status
            return Reply(status, errors.body(error.code, error.message), headers)

    def _admitted(self, request: Request) -> Asked:
        outer = parameters(request)
        if outer.get("api_key") != self._account.api_key:
            raise SailthruError(3, "Invalid API key")
        if not is_signed(self._account.api_secret, outer):
            raise SailthruError(5, "Signature hash does not match")
        if outer.get("format", "json") != "json":
            raise SailthruError(99, "Unsupported format", status=406)
        return asked_for(outer)

    def _endpoint(self, request: Request) -> Callable[[Asked], Any]:
        endpoint = self._endpoints.get((request.method, request.path.rstrip("/")))
        if endpoint is None:
            raise SailthruError(1, f"Unsupported method: {request.method} {request.path}")
        return endpoint

    def _get_user(self, asked: Asked) -> Any:
        key, value = identify(asked)
        if key == "email" and EMAIL.fullmatch(value.strip()) is None:
            raise SailthruError(99, f"Invalid email: {value}", status=200)
        profile = self._profiles.seen(key, value)
        if profile is None:
            raise not_found(key, value)
        return show(profile, asked.get("fields"), account=self._account, oddities=self._oddities)

    def _post_user(self, asked: Asked) -> Any:
        before = self._profiles.find(*identify(asked))
        profile = self._book.writing.post(asked)
        if self._oddities.echo:
            self._book.postbacks.echo(before, profile, asked, page="api")
        fields = asked.get("fields")
        shown = show(profile, fields, account=self._account, oddities=self._oddities) if fields else {}
        return {"ok": True, **shown}

    def _delete_user(self, asked: Asked) -> Any:
        key, value = identify(asked)
        profile = self._profiles.find(key, value)
        if profile is None:
            raise not_found(key, value)
        self._profiles.remove(profile)
        return {"ok": True}

    def _get_settings(self, _asked: Asked) -> Any:
        return {
            "id": 1,
            "customer_id": 1,
            "name": self._account.name,
            "domains": ["example.com"],
            "from_emails": ["news@example.com"],
            "lists_primary": sorted(self._book.lists.names),
            "timezone": self._account.timezone,
            "features": {"predictions": False, "spm_enabled": False},
        }


def limit_name(method: str, path: str) -> str:
    """The limit for an endpoint and method; each endpoint and method is counted by itself."""
    return f"{method} {path}" if (method, path) == ("POST", "/user") else method


def _rate_headers(allowance: Allowance | None) -> dict[str, str]:
    if allowance is None:
        return {}
    return {
        "X-Rate-Limit-Limit": str(allowance.limit),
        "X-Rate-Limit-Remaining": str(allowance.remaining),
        "X-Rate-Limit-Reset": str(allowance.reset_epoch),
    }
