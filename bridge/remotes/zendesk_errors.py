"""What Zendesk's answers mean for us: the one table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.errors import BadCredentials, BridgeError, Refused, SendAgain, TryLater
from bridge.remotes.rates import wait_s
from bridge.remotes.redaction import redact
from bridge.remotes.replies import NotJson, read_json
from bridge.remotes.transport import Answer, unclear

SYSTEM = "zendesk"

FORBIDDEN = "forbidden"
_LATER = {408: "timeout", 409: "conflict", 425: "rate_limited", 429: "rate_limited"}
_REFUSED = {403: FORBIDDEN, 413: "too_large", 414: "too_large", 422: "invalid"}
# with these, a 403 speaks of who asks and not of what was asked
_CREDENTIAL_ERRORS = {"invalid_token", "invalid_client", "invalid_grant", "unauthorized_client"}


class NotFound(Refused):
    """Zendesk has no such record. A reader asks for it; for a writer it is one of the refusals."""


def checked(answer: Answer, method: str, hidden: tuple[str, ...] = ()) -> Any:
    """The JSON in a good reply, None when it has no body. Raises what `bridge.errors` names for any other.

    The texts in `hidden` are not quoted in errors, should Zendesk quote them.
    """
    if 200 <= answer.status < 300:
        return _read(answer, method)
    raise of_status(answer, method, hidden)


def _read(answer: Answer, method: str) -> Any:
    if answer.status == 204 or (method != "GET" and not answer.body.strip()):
        return None
    try:
        return read_json(answer.body)
    except NotJson:
        raise unclear(SYSTEM, method, "garbled", "the reply is not JSON") from None


def of_status(answer: Answer, method: str, hidden: tuple[str, ...] = ()) -> BridgeError:
    """What follows from a status other than 2xx."""
    record = _record(answer)
    code, text = _code(record, hidden), _words(record, hidden)
    detail = f"HTTP {answer.status}" + (f": {text}" if text else "")
    if answer.status == 401 or (answer.status == 403 and code in _CREDENTIAL_ERRORS):
        return BadCredentials(SYSTEM, detail)
    if answer.status in _LATER or answer.status >= 500:
        return _later(answer, method, detail)
    if answer.status < 400:
        return TryLater(SYSTEM, "redirected", detail=f"{detail}; is the address in the settings right?")
    return _refusal(answer, record, code, detail)


def _later(answer: Answer, method: str, detail: str) -> TryLater:
    reason = _LATER.get(answer.status, "server_error")
    # a gateway that gave up waiting does not know whether the write was applied
    kind = SendAgain if answer.status in (502, 504) and method != "GET" else TryLater
    after_s = wait_s(answer.headers, server_at=answer.server_at or answer.received_at)
    return kind(SYSTEM, reason, after_s=after_s, detail=detail)


def _refusal(answer: Answer, record: Any, code: str, detail: str) -> BridgeError:
    if answer.body.strip() and not isinstance(record, Mapping):
        # somebody's page, not Zendesk's word: no verdict on this customer
        return TryLater(SYSTEM, "garbled", detail=f"HTTP {answer.status} without JSON")
    if answer.status != 404 or code == "InvalidEndpoint":  # the address is wrong, not the record missing
        return Refused(SYSTEM, _REFUSED.get(answer.status, "bad_request"), code=code, detail=detail)
    if isinstance(record, Mapping) and isinstance(record.get("error"), Mapping):
        # "no help desk at this address": nothing is known of the record that was asked for
        return TryLater(SYSTEM, "no_account", detail=f"{detail}; is the address in the settings right?")
    return NotFound(SYSTEM, "not_found", code=code, detail=detail)


def _record(answer: Answer) -> Any:
    try:
        return read_json(answer.body)
    except NotJson:
        return None


def _code(record: Any, hidden: tuple[str, ...]) -> str:
    """The vendor's own short word: `RecordInvalid` and the like."""
    if not isinstance(record, Mapping):
        return ""
    errors = record.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], Mapping):
        return redact(errors[0].get("code"), hidden)
    return redact(record.get("error"), hidden)


def _words(record: Any, hidden: tuple[str, ...]) -> str:
    """All that is said in words, in one short line. Zendesk has four forms for it."""
    return redact(" ".join(_texts(record, 0)), hidden) if isinstance(record, Mapping) else ""


_SPOKEN = (
    "error",
    "errors",
    "code",
    "title",
    "message",
    "description",
    "error_description",
    "detail",
    "details",
)


def _texts(value: Any, depth: int) -> list[str]:
    if isinstance(value, str):
        return [value]
    if depth > 5:
        return []
    return [text for part in _parts(value) for text in _texts(part, depth + 1)]


def _parts(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value[:5]
    if not isinstance(value, Mapping):
        return []
    details = value.get("details")
    if isinstance(details, Mapping):  # which field was refused says more than "Record validation errors"
        return [part for name in list(details)[:5] for part in (name, details[name])]
    return [value[name] for name in _SPOKEN if name in value]
