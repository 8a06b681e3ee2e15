"""Zendesk's error bodies."""

from __future__ import annotations

from typing import Any


class RestError(Exception):
    """A request is answered with this status and body."""

    def __init__(self, status: int, error: str, description: str = "", *, details: Any = None,
                 headers: dict[str, str] | None = None) -> None:  # fmt: skip
        super().__init__(description or error)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {"error": error}
        if description:
            self.body["description"] = description
        if details is not None:
            self.body["details"] = details


def not_found() -> RestError:
    return RestError(404, "RecordNotFound", "Not found")


def invalid(field: str, description: str) -> RestError:
    details = {field: [{"description": description, "error": "InvalidValue"}]}
    return RestError(422, "RecordInvalid", "Record validation errors", details=details)
