"""What a vendor said, made fit for a log line: short, one line, and nobody's address in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 120
MASK = "***"

_ADDRESS = re.compile(r"\S*@\S*")
# without a digit it is a long word, such as the name of an error
_TOKEN = re.compile(r"(?=[A-Za-z+/_\-]*\d)[A-Za-z0-9+/_\-]{20,}={0,2}")
_NUMBER = re.compile(r"\d{7,}")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def redact(text: object, hidden: Iterable[str] = ()) -> str:
    """One short line without email addresses, long tokens or long numbers, nor any of the `hidden` texts.

    Vendors quote back what they were sent ("User not found with email: …"), so what was sent is hidden by
    name and the rest by its looks. Anything that is not text is left out.
    """
    if not isinstance(text, str):
        return ""
    text = text[: LONGEST * 8]
    for secret in hidden:
        if secret:
            text = re.sub(re.escape(secret), MASK, text, flags=re.IGNORECASE)
    for pattern in (_ADDRESS, _TOKEN, _NUMBER):
        text = pattern.sub(MASK, text)
    text = _BLANK.sub(" ", text).strip().encode("ascii", "replace").decode("ascii")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
