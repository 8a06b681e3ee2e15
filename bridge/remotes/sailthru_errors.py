"""What Sailthru's errors mean for us: the one table. Pure.

The body decides, for errors also come with HTTP 200; the status speaks only when the body says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bridge.errors import BadCredentials, BridgeError, Refused, SendAgain, TryLater
from bridge.remotes.rates import wait_s
from bridge.remotes.redaction import redact
from bridge.remotes.replies import NotJson, read_json
from bridge.remotes.transport import Answer, unclear

SYSTEM = "sailthru"
ANYTHING_ELSE = 99

LATER = {9: "server_error", 43: "rate_limited"}
CREDENTIALS = {
    3: "the API key is not known",
    4: "this machine's address is not on the account's list of allowed ones",
    5: "the signature does not match: the API secret is wrong",
}
REFUSED = {
    1: "bad_request", 2: "bad_request",
    6: "bad_text", 42: "bad_text",
    11: "invalid_email",
    12: "unknown_send", 13: "unknown_blast", 14: "unknown_template", 15: "unknown_list",
    16: "bad_value", 17: "bad_value", 18: "bad_value",
    21: "not_allowed", 22: "not_allowed",
    32: "cannot_be_mailed", 33: "cannot_be_mailed", 34: "cannot_be_mailed",
    35: "cannot_be_mailed", 36: "cannot_be_mailed", 37: "cannot_be_mailed",
    41: "cannot_delete",
}  # fmt: skip

_NOT_FOUND = re.compile(r"\s*user not found", re.IGNORECASE)
_BAD_EMAIL = re.compile(r"\s*invalid email", re.IGNORECASE)
_CONFLICT = re.compile(
    r"conflict|already (exist|in use|taken|used|registered|assigned)|duplicate (key|email)", re.IGNORECASE
)


@dataclass(frozen=True)
class Fault:
    """An error in a body. `code` is the vendor's, `ANYTHING_ELSE` when it gave none that can be read."""

    code: int
    text: str


@dataclass(frozen=True)
class Call:
    """What had been asked. `key` is the kind of id, or empty; `hidden` are texts that must not be quoted."""

    method: str
    key: str = ""
    hidden: tuple[str, ...] = ()


class UserNotFound(Refused):
    """No profile has this id. A reader asks for it; for a writer it is one of the refusals."""


def checked(answer: Answer, call: Call) -> dict[str, Any]:
    """The object in a good reply. Raises what `bridge.errors` names for any other."""
    try:
        record = read_json(answer.body)
    except NotJson:
        raise _without_a_body(answer, call) from None
    fault = fault_in(record)
    if fault is not None:
        raise of_fault(fault, answer, call)
    if answer.status >= 300:
        raise of_status(answer, call, "")
    if not isinstance(record, dict):
        raise unclear(SYSTEM, call.method, "garbled", "the reply is not an object")
    return record


def fault_in(record: Any) -> Fault | None:
    """The error that a body speaks of: `{"error": 99, "errormsg": "…"}`; `error: null` or 0 is none."""
    if not isinstance(record, dict) or not record.get("error"):
        return None
    error, text = record["error"], record.get("errormsg")
    return Fault(code=_code(error), text=_text(text) or _text(error))


def of_fault(fault: Fault, answer: Answer, call: Call) -> BridgeError:
    """What follows from an error in the body."""
    text = redact(fault.text, call.hidden)
    if fault.code in LATER:
        return TryLater(
            SYSTEM, LATER[fault.code], after_s=_wait_s(answer), detail=f"code {fault.code}: {text}"
        )
    if fault.code in CREDENTIALS:
        return BadCredentials(SYSTEM, f"{CREDENTIALS[fault.code]} (code {fault.code}: {text})")
    if fault.code in REFUSED:
        return Refused(SYSTEM, REFUSED[fault.code], code=str(fault.code), detail=text)
    return _by_its_words(fault, answer, call, text)


def _by_its_words(fault: Fault, answer: Answer, call: Call, text: str) -> BridgeError:
    code = str(fault.code)
    if _NOT_FOUND.match(fault.text):
        reason = "profile_gone" if call.key == "sid" else "not_found"
        return UserNotFound(SYSTEM, reason, code=code, detail=text)
    if answer.status in _SPEAKS or answer.status >= 500:
        return of_status(answer, call, text)
    if answer.status == 409 or (call.method == "POST" and _CONFLICT.search(fault.text)):
        return Refused(SYSTEM, "email_conflict", code=code, detail=text)
    if _BAD_EMAIL.match(fault.text):
        return Refused(SYSTEM, "invalid_email", code=code, detail=text)
    return Refused(SYSTEM, "vendor_error", code=code, detail=text)


_SPEAKS = (401, 408, 425, 429)  # statuses that say more than "some error"


def of_status(answer: Answer, call: Call, text: str) -> BridgeError:
    """What follows when only the HTTP status says anything."""
    status = answer.status
    detail = f"HTTP {status}" + (f": {text}" if text else "")
    if status == 401:
        return BadCredentials(SYSTEM, detail)
    if status in (502, 504) and call.method != "GET":
        return SendAgain(
            SYSTEM, "server_error", after_s=_wait_s(answer), detail=detail
        )  # a gateway gave up waiting
    if status in _LATER_STATUSES or status >= 500:
        reason = _LATER_STATUSES.get(status, "server_error")
        return TryLater(SYSTEM, reason, after_s=_wait_s(answer), detail=detail)
    if status < 400:
        return TryLater(SYSTEM, "redirected", detail=f"{detail}; is the address in the settings right?")
    reason = "email_conflict" if status == 409 else "bad_request"
    return Refused(SYSTEM, reason, code=str(status), detail=detail)


_LATER_STATUSES = {403: "blocked", 408: "timeout", 425: "rate_limited", 429: "rate_limited"}


def _without_a_body(answer: Answer, call: Call) -> BridgeError:
    if 200 <= answer.status < 300:
        return unclear(SYSTEM, call.method, "garbled", "the reply is not JSON")
    error = of_status(answer, call, "")
    if isinstance(error, Refused):  # a proxy's page, or a wrong address: no verdict on this customer
        return TryLater(SYSTEM, "garbled", detail=f"HTTP {answer.status} without JSON")
    return error


def _wait_s(answer: Answer) -> float | None:
    return wait_s(answer.headers, server_at=answer.server_at or answer.received_at)


def _code(error: Any) -> int:
    if isinstance(error, str) and error.strip().isascii() and error.strip().isdigit():
        error = int(error.strip()[:9])
    return error if isinstance(error, int) and not isinstance(error, bool) else ANYTHING_ELSE


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
