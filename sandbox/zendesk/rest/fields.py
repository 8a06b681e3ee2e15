"""User fields that exist; values for others are dropped without a word."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from sandbox.web.messages import Reply, Request
from sandbox.zendesk.rest.errors import RestError, invalid

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

    def __init__(self) -> None:
        self.by_key: dict[str, dict[str, Any]] = {}
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
        """Only what belongs to a field; a dropdown takes the value of an option, else RestError 422."""
        kept = {key: value for key, value in values.items() if key in self.by_key}
        for key, value in kept.items():
            options = [each.get("value") for each in self.by_key[key].get("custom_field_options", ())]
            if self.by_key[key]["type"] == "dropdown" and value is not None and value not in options:
                raise invalid(key, f"{value} is not an option of {key}")
        return kept

    def get(self, _request: Request) -> Reply:
        fields = list(self.by_key.values())
        return Reply(200, {"user_fields": fields, "count": len(fields), "next_page": None})

    def post(self, request: Request) -> Reply:
        asked = (request.json() or {}).get("user_field")
        if not isinstance(asked, dict):
            raise RestError(400, "InvalidRequest", "user_field is missing")
        more = {name: value for name, value in asked.items() if name not in ("id", "key", "type", "title")}
        field = self.add(str(asked.get("key")), str(asked.get("type")), asked.get("title"), **more)
        return Reply(201, {"user_field": field})
