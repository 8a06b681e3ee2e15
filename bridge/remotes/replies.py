"""The JSON of a reply, or nothing. Pure."""

from __future__ import annotations

import json
from typing import Any


class NotJson(ValueError):
    """A body that is no JSON: a page of a proxy, a cut reply, an empty one."""


def read_json(body: bytes) -> Any:
    """The value in a body. Raises `NotJson`."""
    try:
        return json.loads(body, parse_constant=_nothing)
    except (ValueError, RecursionError):
        raise NotJson from None


def _nothing(_name: str) -> None:
    """NaN and Infinity are no JSON; other parsers answer with them all the same."""
