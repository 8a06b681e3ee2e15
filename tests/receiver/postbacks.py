"""Sailthru's side of a postback, with its own few lines of signing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from urllib.parse import quote_plus

from werkzeug.test import TestResponse

from tests.receiver.door import Door

FORM = "application/x-www-form-urlencoded"
KEY, SECRET = "key", "secret"  # those of the door's installation
HOOK = "acme/sailthru/postbacks"
HEADERS = {"Content-Type": FORM}

Pair = tuple[str | bytes, str | bytes]


def raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def sig(values: Iterable[str | bytes], secret: str = SECRET) -> str:
    """The signature over these values."""
    return hashlib.md5(secret.encode() + b"".join(sorted(map(raw, values)))).hexdigest()


def encoded(pairs: Iterable[Pair]) -> bytes:
    """A form of these fields."""
    return "&".join(f"{quote_plus(raw(name))}={quote_plus(raw(value))}" for name, value in pairs).encode()


def signed_form(pairs: Iterable[Pair], secret: str = SECRET) -> bytes:
    """A form of these fields and their signature."""
    fields = list(pairs)
    return encoded([*fields, ("sig", sig((value for _, value in fields), secret))])


def postback(action: str, *, key: str = KEY, secret: str = SECRET, **fields: str | bytes) -> bytes:
    """The body of a postback. Brackets in names: pass `**{"lists[A]": "0"}`."""
    return signed_form([("action", action), ("api_key", key), *fields.items()], secret)


def send(door: Door, body: bytes, headers: Mapping[str, str] = HEADERS) -> TestResponse:
    """Send it to the door's installation."""
    return door.send(body, hook=HOOK, headers=dict(headers))
