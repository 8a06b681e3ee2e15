"""User fields: which exist, what they take, and how a user shows them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sandbox.web.messages import Reply, Request
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.rest.errors import RestError, invalid
from sandbox.zendesk.rest.paging import page

KEY = re.compile(r"[a-z0-9_]+")
TYPES = frozenset(
    (
        "text",
        "textarea",
        "checkbox",
        "date",
        "integer",
        "decimal",
        "regexp",
        "dropdown",
        "lookup",
        "multiselect",
    )
)


class UserFields:
    """The account's user fields by key."""

    def __init__(self, oddities: ZendeskOddities) -> None:
        self.by_key: dict[str, dict[str, Any]] = {}
        self.base = ""
        self._oddities = oddities
        self._ids = itertools.count(3601)

    def add(self, key: str, kind: str = "text", title: str | None = None, **more: Any) -> dict[str, Any]:
        """A new field. Raises RestError 422 when the key is taken or odd, or the type unknown."""
        if KEY.fullmatch(key) is None or kind not in TYPES:
            raise invalid("key", f"Key: {key} or type: {kind} is not valid")
        if key in self.by_key:
            raise invalid("key", f"Key: {key} has already been taken")
        field = {
            "active": True,
            **more,
            "id": next(self._ids),
            "key": key,
            "type": kind,
            "title": title or key,
        }
        self.by_key[key] = field
        return field

    def known(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as they are kept. Raises RestError 422 for one that its field does not take.

        Keys without a field are dropped, or refused when `unknown_fields` says so.
        """
        unknown = values.keys() - self.by_key.keys()
        if unknown and self._oddities.unknown_fields == "refused":
            raise invalid(min(unknown), f"User field {min(unknown)} does not exist")
        return {key: _taken(self.by_key[key], values[key]) for key in values if key in self.by_key}

    def about(self, key: str) -> dict[str, str]:
        """How an event names the field."""
        field = self.by_key.get(key, {"id": 3600, "title": key, "type": "text"})
        return {"id": str(field["id"]), "title": str(field["title"]), "type": str(field["type"])}

    def shown(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A user's `user_fields`: every field there is, null where nothing is set."""
        return {
            key: self._moment(values.get(key)) if field["type"] == "date" else values.get(key)
            for key, field in self.by_key.items()
        }

    def _moment(self, value: Any) -> Any:
        is_moment = self._oddities.dates_as == "moment" and value is not None
        return f"{value}T00:00:00Z" if is_moment else value

    def get(self, request: Request) -> Reply:
        fields = list(self.by_key.values())
        return Reply(200, page("user_fields", fields, dict, url=f"{self.base}{request.path}",
                               query=request.query))  # fmt: skip

    def post(self, request: Request) -> Reply:
        asked = (request.json() or {}).get("user_field")
        if not isinstance(asked, dict):
            raise RestError(400, "InvalidRequest", "user_field is missing")
        more = {name: value for name, value in asked.items() if name not in ("id", "key", "type", "title")}
        field = self.add(str(asked.get("key")), str(asked.get("type")), asked.get("title"), **more)
        return Reply(201, {"user_field": field})

    def key_of(self, field_id: int) -> str:
        """The key of the field with that number. Raises LookupError."""
        for key, field in self.by_key.items():
            if field["id"] == field_id:
                return key
        raise LookupError(field_id)


def _taken(field: Mapping[str, Any], value: Any) -> Any:
    """The value as the field keeps it; null clears. Raises RestError 422."""
    if value is None:
        return None
    try:
        return _converted(field, value)
    except (TypeError, ValueError):
        key = str(field["key"])
        raise invalid(key, f"{field['title']}: {value!r} is not a valid {field['type']}") from None


def _converted(field: Mapping[str, Any], value: Any) -> Any:
    kind = field["type"]
    if kind == "dropdown":
        return _option(field, value)
    if isinstance(value, bool | list | dict) and kind not in ("checkbox", "multiselect"):
        raise TypeError(kind)
    return CONVERTERS.get(kind, str)(value)


def _day(value: Any) -> str:
    text = str(value)
    return (date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()).isoformat()


def _option(field: Mapping[str, Any], value: Any) -> Any:
    if value not in [each.get("value") for each in field.get("custom_field_options", ())]:
        raise ValueError(value)
    return value


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "checkbox": bool,
    "integer": lambda value: int(str(value)),
    "decimal": lambda value: float(str(value)),
    "date": _day,
    "multiselect": list,
}
