"""The headers of everything under `/console/`, errors included."""

from __future__ import annotations

from flask import Flask, Response, request

from receiver.answers import POLICY

PREFIX = "/console"
# No script or style inside a page, nothing from elsewhere, in nobody's frame.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    POLICY: CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know `frame-ancestors`
}


def install(app: Flask) -> None:
    """Put the headers on every answer under the prefix, whoever made it."""

    @app.after_request
    def with_headers(response: Response) -> Response:
        if request.path.startswith(PREFIX):
            response.headers.update(HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
        return response
