"""How this receiver answers: short JSON, the headers of every answer, and what each error becomes in HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from bridge.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

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


def answer(status: int, **content: Any) -> Response:
    """A JSON answer."""
    return Response(json.dumps(content), status=status, headers=[("Content-Type", JSON), *HEADERS])


class Standing(Response):
    """An answer that is given again and again, so nothing may change it; it is put together only once."""

    def __init__(self, status: int, **content: int) -> None:
        body = json.dumps(content).encode()
        super().__init__(body, status=status, headers=[("Content-Type", JSON), *HEADERS])
        self._head = self.headers.to_wsgi_list()
        self._body = (body,)

    def __call__(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(self.status, self._head)
        return self._body


@cache
def accepted(status: int, count: int, ignored: int) -> Response:
    """The answer to a delivery of which `count` events were taken; there are but a few different ones."""
    return Standing(status, accepted=count, ignored=ignored)


def try_again(code: str) -> Response:
    """503 in the form that makes Zendesk send the same again."""
    response = answer(503, error=code)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def install(app: Flask) -> None:
    """Make the app answer in this way, whatever happens."""
    app.after_request(_with_headers)
    app.register_error_handler(Rejected, _rejected)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unforeseen)


def code_of(error: HTTPException) -> str:
    """The short word for an HTTP error that Flask raised."""
    return CODES.get(error.code or 0, "bad_request")


def _with_headers(response: Response) -> Response:
    if POLICY not in response.headers:
        for name, value in HEADERS:
            response.headers.setdefault(name, value)
    return response


def _rejected(error: Rejected) -> Response:
    return answer(error.status, error=error.code)


def _unavailable(error: Unavailable) -> Response:
    return try_again(f"{error.part}_away")


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return try_again("unavailable")
    if status < 400:
        return Response(status=status, headers=error.get_headers())
    response = answer(status, error=code_of(error))
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def _unforeseen(error: Exception) -> Response:
    # The one broad handler of this process: a 500 would not be sent again, so it is a 503.
    log.error(
        "A request failed in a way that nobody foresaw.",
        action="request_failed",
        method=request.method,
        endpoint=request.endpoint,
        exc_info=error,
    )
    return try_again("unforeseen")
