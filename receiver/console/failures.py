"""What somebody at the console reads when a page cannot be shown, and what scripts are told."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from bridge.errors import Rejected, Unavailable
from bridge.ledger.hasty import TookTooLong
from receiver.answers import RETRY_AFTER_S, answer, code_of

API = "/console/api/"

# code -> what happened, what to do next
WORDS = {
    "bad_form": (
        "This form is too old",
        "It was opened before you signed in, or in another session. Go back, load the page anew, try again.",
    ),
    "not_allowed": (
        "You may look, but not act",
        "Your role is viewer. Ask whoever holds the server: bridge console users add NAME --role operator",
    ),
    "not_found": ("There is no such page", "It may have been kept no longer than RETENTION_DAYS."),
    "busy": ("Too many pages at once", "Others are being made. Load this one again in a few seconds."),
    "slow": (
        "That took too long and was stopped",
        "Ask for less: a shorter time, one installation, one customer.",
    ),
    "ledger_away": (
        "The ledger is away",
        "Look with: bridge check. Deliveries are kept while the broker is there.",
    ),
    "broker_away": (
        "The broker is away",
        "Look with: bridge check. Deliveries are kept in the spool meanwhile.",
    ),
    "unforeseen": (
        "Something failed that nobody foresaw",
        "It is in the receiver's log, with the action request_failed. The hooks go on.",
    ),
}
OTHERWISE = ("This cannot be done", "Go back, load the page anew, and try again.")

log = structlog.get_logger(__name__)


def install(pages: Blueprint) -> None:
    """Make the console answer in this way, whatever happens."""
    pages.register_error_handler(Rejected, _refused)
    pages.register_error_handler(Unavailable, _away)
    pages.register_error_handler(HTTPException, _http)
    pages.register_error_handler(Exception, _unforeseen)


def _refused(error: Exception) -> Response:
    assert isinstance(error, Rejected)
    return told(error.code, error.status, hint=error.hint)


def _away(error: Exception) -> Response:
    assert isinstance(error, Unavailable)
    response = told("slow" if isinstance(error, TookTooLong) else f"{error.part}_away", 503)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _http(error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.code or 500
    return (
        told(code_of(error), status)
        if status >= 400
        else Response(status=status, headers=error.get_headers())
    )


def _unforeseen(error: Exception) -> Response:
    log.error(
        "A page of the console failed in a way that nobody foresaw.",
        action="request_failed",
        method=request.method,
        endpoint=request.endpoint,
        exc_info=error,
    )
    return told("unforeseen", 500)


def told(code: str, status: int, *, hint: str = "") -> Response:
    """A page that says what happened and what to do next; JSON for scripts."""
    if request.path.startswith(API):
        return answer(status, error=code)
    title, advice = WORDS.get(code, OTHERWISE)
    page = render_template("console/failure.html", title=title, hint=hint, advice=advice)
    return make_response(page, status)
