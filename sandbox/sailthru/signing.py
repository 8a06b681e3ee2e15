"""Sailthru's signature: MD5 over the secret and the sorted values. Parameter names are not part of it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping


def sign(secret: str, values: Iterable[str]) -> str:
    """The `sig` of these values, hexadecimal."""
    text = secret + "".join(sorted(values))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def is_signed(secret: str, parameters: Mapping[str, str]) -> bool:
    """Does the `sig` among the parameters belong to the others?"""
    wanted = sign(secret, (value for name, value in parameters.items() if name != "sig"))
    return hmac.compare_digest(wanted.encode(), parameters.get("sig", "").encode())
