"""One spelling for what Zendesk writes in several ways.

Events say `"7"`, `"0"` and `OPEN` where REST says `7`, null and `open`. Pure functions: they take what stands
in the JSON, and raise `Unreadable` for what cannot mean anything or what no ledger can store.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from schemas.errors import Unreadable

GREATEST_ID = 2**63 - 1
# Zendesk itself acts under this id; it is nobody's customer.
SYSTEM_USER = -1
_DIGITS = re.compile(r"-?[0-9]{1,40}", re.ASCII)
# PostgreSQL stores no NUL, and neither database half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LONGEST_SHOWN = 60
# Tags and addresses become part of keys; PostgreSQL indexes none over 2,704 bytes. Zendesk allows 255.
LONGEST_KEY = 500


def storable(text: str) -> str:
    """The text itself, if a ledger can store it."""
    if _UNSTORABLE.search(text):
        raise Unreadable(
            f"{shown(text)} holds a character that cannot be stored (NUL, or half a surrogate pair)."
        )
    return text


def plain_text(value: Any) -> str:
    """A text; null is the empty one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{shown(value)} stands where a text belongs.")
    return storable(value)


def word(value: Any) -> str | None:
    """A short value in lower case; null and empty are None."""
    return short(plain_text(value).strip().lower()) or None


def short(text: str) -> str:
    """The text itself, if it can be part of a key."""
    if len(text) > LONGEST_KEY:
        raise Unreadable(f"{shown(text)} is longer than {LONGEST_KEY} characters.")
    return text


def flag(value: Any) -> bool | None:
    """Yes or no; null is neither."""
    if value is None or isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise Unreadable(f"{shown(value)} stands where true or false belongs.")


def status(value: Any) -> str | None:
    """A ticket's status: `OPEN` and `open` are one."""
    return word(value)


def channel(value: Any) -> str:
    """The channel a ticket came by, lower case; empty when Zendesk names none."""
    return word(value) or ""


def role(value: Any) -> str | None:
    """A user's role: `END_USER` and `end-user` are one."""
    text = word(value)
    return text.replace("_", "-") if text else None


def address(value: Any) -> str | None:
    """An email address, trimmed and in lower case; null and empty are None."""
    return word(value)


def zendesk_id(value: Any) -> int | None:
    """An id, which REST writes as a number and events as a text; null, `""` and `"0"` are none."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value.strip()):
            raise Unreadable(f"{shown(value)} stands where an id belongs, and is no number.")
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unreadable(f"{shown(value)} stands where an id belongs, and is no number.")
    if value in (0, SYSTEM_USER):
        return None
    if not 0 < value <= GREATEST_ID:
        raise Unreadable(f"The id {shown(value)} does not fit into 63 bits.")
    return value


def moment(text: Any) -> datetime:
    """A time with an offset as an aware UTC datetime; digits beyond microseconds are cut off."""
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise Unreadable(f"The time {shown(text)} has no offset.")
        return time.astimezone(UTC)
    except Unreadable:
        raise
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(f"{shown(text)} stands where a time belongs, and is not ISO 8601.") from None


def iso(time: datetime) -> str:
    """An aware moment as we write it into data and vars: `2026-11-22T09:55:16Z`, whole seconds."""
    return time.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def iso_time(value: Any) -> str | None:
    """A vendor's time in our form, `2026-11-22T09:55:16Z`; null and empty are None."""
    if value is None or value == "":
        return None
    return iso(moment(value))


def tags(value: Any) -> list[str]:
    """Tags, which come as null, a list or one text with spaces between them; sorted, each once."""
    if value is None:
        return []
    if isinstance(value, str):
        value = value.split()
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise Unreadable(f"{shown(value)} stands where tags belong.")
    return sorted({short(storable(tag).strip()) for tag in value} - {""})


def shown(value: Any) -> str:
    """A value as an error's text may show it: printable ASCII, short, and never a mail address."""
    if isinstance(value, dict | list):
        return "A list" if isinstance(value, list) else "An object"
    if isinstance(value, int) and value.bit_length() > 256:
        return "A huge number"
    text = ascii(value)
    if "@" in text:
        return "An address"
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
