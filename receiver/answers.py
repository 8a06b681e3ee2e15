"""How this receiver answers: short JSON, the headers of every answer, and what each error becomes in HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES

from bridge.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

# Zendesk tries again on 409, and on 429 and 503 that name less than 60 s; never on 500 or 502.
RETRY_AFTER_S = 30
JSON = "application/json"
POLICY = "Content-Security-Policy"
HEADERS = (
    (POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    413: "too_large",
    415: "wrong_content_type",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """An answer that is whole: the status line, the headers and the body."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def to_wsgi(self, start_response: StartResponse) -> Iterable[bytes]:
        """Give it to the server."""
        start_response(self.status, list(self.headers))
        return (self.body,)

    def to_flask(self) -> Response:
        """As a response that a view returns, or changes first."""
        return Response(self.body, status=self.status, headers=list(self.headers))


def short(status: int, *more: tuple[str, str], **content: Any) -> Answer:
    """A JSON answer; `more` are headers."""
    body = json.dumps(content).encode()
    return Answer(
        status=f"{status} {HTTP_STATUS_CODES[status].upper()}",
        headers=(("Content-Type", JSON), *HEADERS, *more, ("Content-Length", str(len(body)))),
        body=body,
    )


def answer(status: int, **content: Any) -> Response:
    """A JSON answer of a view."""
    return short(status, **content).to_flask()


@cache
def accepted(status: int, count: int, ignored: int) -> Answer:
    """The answer to a delivery of which `count` events were taken; there are but a few different ones."""
    return short(status, accepted=count, ignored=ignored)


def try_again(code: str) -> Answer:
    """503 in the form that makes Zendesk send the same again."""
    return short(503, ("Retry-After", str(RETRY_AFTER_S)), error=code)


def refusal(error: Exception, *, method: str, endpoint: str | None) -> Answer:
    """What the sender is told of an error, foreseen or not; never a 500."""
    if isinstance(error, Rejected):
        return short(error.status, error=error.code)
    if isinstance(error, Unavailable):
        return try_again(f"{error.part}_away")
    if isinstance(error, HTTPException):
        return _http_error(error)
    # The one broad handler of this process: a 500 would not be sent again, so it is a 503.
    log.error(
        "A request failed in a way that nobody foresaw.",
        action="request_failed",
        method=method,
        endpoint=endpoint,
        exc_info=error,
    )
    return try_again("unforeseen")


def install(app: Flask) -> None:
    """Make the app answer in this way, whatever happens."""
    app.after_request(_with_headers)
    for kind in (Rejected, Unavailable, HTTPException, Exception):
        app.register_error_handler(kind, _refused)


def code_of(error: HTTPException) -> str:
    """The short word for an HTTP error that Flask raised."""
    return CODES.get(error.code or 0, "bad_request")


def _with_headers(response: Response) -> Response:
    if POLICY not in response.headers:
        for name, value in HEADERS:
            response.headers.setdefault(name, value)
    return response


def _refused(error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return Response(status=error.code, headers=error.get_headers())
    return refusal(error, method=request.method, endpoint=request.endpoint).to_flask()


def _http_error(error: HTTPException) -> Answer:
    status = error.code or 500
    if status >= 500:
        return try_again("unavailable")
    allowed = sorted(error.valid_methods or ()) if isinstance(error, MethodNotAllowed) else []
    return short(status, *([("Allow", ", ".join(allowed))] if allowed else []), error=code_of(error))
