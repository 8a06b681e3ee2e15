"""Cursor and offset pages over rows that are sorted by id."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.zendesk.rest.errors import RestError

T = TypeVar("T")
PAGE = 100
OFFSET_ROWS = 10_000


def number(query: dict[str, str], name: str, default: int, *, highest: int) -> int:
    """A whole number of the query, cut to `highest`. Raises RestError."""
    try:
        value = int(query.get(name, default))
    except ValueError:
        raise RestError(400, "InvalidPaginationParameter", f"{name} must be an integer") from None
    if value < 1:
        raise RestError(400, "InvalidPaginationParameter", f"{name} must be positive")
    return min(value, highest)


def encode(text: str) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode(cursor: str) -> str:
    """What `encode` was given. Raises RestError."""
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:
        raise RestError(400, "InvalidPaginationParameter", "the cursor is not valid") from None


def page(name: str, rows: Sequence[T], show: Callable[[T], Any], *, url: str,
         query: dict[str, str]) -> dict[str, Any]:  # fmt: skip
    """One page of the rows: by cursor when `page[size]` or `page[after]` is asked for, else by offset."""
    if "page[size]" in query or "page[after]" in query:
        return _cursor_page(name, rows, show, url, query)
    return _offset_page(name, rows, show, url, query)


def _cursor_page(name: str, rows: Sequence[T], show: Callable[[T], Any], url: str,
                 query: dict[str, str]) -> dict[str, Any]:  # fmt: skip
    size = number(query, "page[size]", PAGE, highest=PAGE)
    start = _start(query)
    shown = rows[start : start + size]
    more = start + size < len(rows)
    after = encode(f"o{start + len(shown)}") if shown else None
    before = encode(f"o{start}") if shown else None
    following = urlencode({**query, "page[size]": size, "page[after]": after}) if more else None
    return {
        name: [show(row) for row in shown],
        "meta": {"has_more": more, "after_cursor": after, "before_cursor": before},
        "links": {"next": f"{url}?{following}" if following else None, "prev": None},
    }


def _start(query: dict[str, str]) -> int:
    text = decode(query["page[after]"]) if query.get("page[after]") else "o0"
    if not text.startswith("o") or not text[1:].isdigit():
        raise RestError(400, "InvalidPaginationParameter", "the cursor is not valid")
    return int(text[1:])


def _offset_page(name: str, rows: Sequence[T], show: Callable[[T], Any], url: str,
                 query: dict[str, str]) -> dict[str, Any]:  # fmt: skip
    size = number(query, "per_page", PAGE, highest=PAGE)
    which = number(query, "page", 1, highest=OFFSET_ROWS)
    if which * size > OFFSET_ROWS and which > 1:
        raise RestError(400, "InvalidPaginationDepth", "Number of search results exceeds 10000")
    start = (which - 1) * size
    more = start + size < len(rows)
    following = urlencode({**query, "page": which + 1})
    return {
        name: [show(row) for row in rows[start : start + size]],
        "count": len(rows),
        "next_page": f"{url}?{following}" if more else None,
        "previous_page": None,
    }
