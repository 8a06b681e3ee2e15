"""Lists as Zendesk pages them: one page, and where the next one is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from schemas.errors import Unreadable

PAGE_SIZE = 100
Value = TypeVar("Value")


@dataclass(frozen=True)
class Page(Generic[Value]):
    """One page of a list. `after` is the cursor of the next one; None with the last."""

    items: tuple[Value, ...]
    after: str | None


def page_query(after: str | None) -> dict[str, str]:
    """What asks for the page at a cursor; None for the first one."""
    return {"page[size]": str(PAGE_SIZE)} | ({"page[after]": after} if after else {})


def page_of(record: Any, name: str, read: Callable[[Any], Value], asked: str | None) -> Page[Value]:
    """The page in a reply; `asked` is the cursor that asked for it. Raises `Unreadable`."""
    return Page(tuple(read(one) for one in entries(record, name)), next_cursor(record, asked))


def part(record: Any, name: str) -> Mapping[str, Any]:
    """The object under a name. Raises `Unreadable`."""
    found = record.get(name) if isinstance(record, Mapping) else None
    if not isinstance(found, Mapping):
        raise Unreadable(f"The reply holds no {name}.")
    return found


def entries(record: Any, name: str) -> list[Any]:
    """The list under a name. Raises `Unreadable`."""
    found = record.get(name) if isinstance(record, Mapping) else None
    if not isinstance(found, list):
        raise Unreadable(f"The reply holds no {name}.")
    return found


def next_cursor(record: Mapping[str, Any], asked: str | None) -> str | None:
    """The cursor of the next page. A list that is not surely complete must never look so."""
    meta = record.get("meta")
    if not isinstance(meta, Mapping):
        if record.get("next_page"):
            raise Unreadable("The reply is paged by number although a cursor was asked for.")
        return None
    if not meta.get("has_more"):
        return None
    after = meta.get("after_cursor")
    if not isinstance(after, str) or not after or after == asked:
        raise Unreadable("The reply says that there is more, but not where.")
    return after
