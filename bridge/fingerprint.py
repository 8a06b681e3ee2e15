"""What went wrong, whoever it hit: letters with the same fingerprint are one trouble. Pure."""

from __future__ import annotations

import hashlib
import re

SAILTHRU, ZENDESK, BRIDGE = "sailthru", "zendesk", "bridge"

LONGEST_SHAPE = 200
# A shape is looked for in so much of a message: what follows quotes the remote at length.
LONGEST_READ = 2_000

# What differs from customer to customer, in the order in which it is taken out.
_PARTICULAR = (
    (re.compile(r"[^\s<>\"'(),;]+@[^\s<>\"'(),;]+"), "<address>"),
    (re.compile(r"https?://[^\s\"'<>]+"), "<url>"),
    (re.compile(r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d(:\d\d(\.\d+)?)?(z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b(?=[0-9a-f-]*\d)[0-9a-f][0-9a-f-]{11,}\b"), "<id>"),
    (re.compile(r"\"[^\"]*\"|“[^”]*”|(?<!\w)'[^']*'(?!\w)"), "<text>"),
    (re.compile(r"\d+"), "<n>"),
)
_BLANKS = re.compile(r"\s+")

# Letters about a customer's own word on the mail it gets.
_CONSENT_TYPES = ("agent.optout", "agent.list_", "postback.optout")
_CONSENT_FIELDS = ("sailthru_optout", "sailthru_lists")


def shape(message: str) -> str:
    """A message with everything taken out that differs from customer to customer."""
    text = message[:LONGEST_READ].lower()
    for pattern, name in _PARTICULAR:
        text = pattern.sub(name, text)
    return _BLANKS.sub(" ", text).strip()[:LONGEST_SHAPE]


def system_of(type_: str, lane: str, reason: str) -> str:
    """Whose no it was: `sailthru`, `zendesk`, or our own `bridge`. By the letter's type, lane and reason."""
    kind, _, action = type_.partition(".")
    if reason in ("bug", "unreadable") or kind not in ("push", "read", "agent"):
        return BRIDGE
    if kind == "read":
        return lane
    if kind == "push" and (action.startswith("zendesk_") or action == "check_holder"):
        return ZENDESK
    return SAILTHRU


def fingerprint(reason: str, system: str, error: str) -> str:
    """Twelve letters and digits for a code, a system and the shape of a message."""
    told = "\n".join((reason, system, shape(error)))
    return hashlib.blake2b(told.encode(), digest_size=6).hexdigest()


def is_about_consent(type_: str, fields: tuple[str, ...] = ()) -> bool:
    """Whether a letter holds up what a customer wants of mail: an opt-out, or being on a list."""
    return type_.startswith(_CONSENT_TYPES) or any(name in _CONSENT_FIELDS for name in fields)
