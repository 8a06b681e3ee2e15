"""What helps against each reason of a dead letter, in a sentence. The operator's handbook says more."""

from __future__ import annotations

from collections.abc import Mapping

_REMOTE = "Look whether the remote answers (bridge check); then replay."
_REPORT = "Report it; replay after an upgrade."

ADVICE: Mapping[str, str] = {
    "unreadable": "Correct the webhook or trigger that sent it, then drop; replay after an upgrade.",
    "email_conflict": "Merge the two profiles in Sailthru or change one address, then replay.",
    "email_taken": "Correct one of the two users in Zendesk; the next event tries again.",
    "invalid_email": "Correct the address in Zendesk; the next event tries again.",
    "bad_request": _REPORT,
    "bad_text": _REPORT,
    "bad_value": _REPORT,
    "not_allowed": "The account lacks a feature: ask Sailthru, then replay.",
    "unknown_list": _REPORT,
    "unknown_send": _REPORT,
    "unknown_blast": _REPORT,
    "unknown_template": _REPORT,
    "cannot_be_mailed": _REPORT,
    "cannot_delete": _REPORT,
    "vendor_error": "Read what Sailthru says; replay once the cause is gone.",
    "not_found": "The record is gone: drop.",
    "profile_gone": "The profile vanished during a push: drop; it is looked for again by itself.",
    "forbidden": "Let an admin of Zendesk own the OAuth client, then replay.",
    "invalid": "Make the user field with the type that bridge check names, then replay.",
    "too_large": "Zendesk takes no more: report it.",
    "timeout": _REMOTE,
    "connection_lost": _REMOTE,
    "unreachable": _REMOTE,
    "server_error": _REMOTE,
    "rate_limited": _REMOTE,
    "garbled": _REMOTE,
    "redirected": _REMOTE,
    "blocked": _REMOTE,
    "conflict": _REMOTE,
    "no_account": _REMOTE,
    "job_failed": _REMOTE,
    "not_told": _REMOTE,
    "job_overdue": _REMOTE,
    "job_forgotten": _REMOTE,
    "consent_changed": "Drop; an agent who asks the customer again decides in the sidebar.",
    "unexpected_reply": "Look at the two profiles in Sailthru, then replay.",
    "given_up": "Report it with the log; replay after an upgrade.",
    "bug": "Report it with the traceback in the log; replay after an upgrade.",
}
OTHERWISE = "Read the error; replay once its cause is gone."


def advice(reason: str) -> str:
    """What to do about a letter of this reason."""
    return ADVICE.get(reason, OTHERWISE)
