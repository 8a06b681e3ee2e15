"""The tiny control API of the standalone mode: POST /sandbox/<verb> calls a domain verb by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.web.messages import Reply, Request

Verb = Callable[..., Any]


class Control:
    """Domain verbs by name, and the state to show. Loopback only, because the server is."""

    def __init__(self, verbs: Mapping[str, Verb], state: Callable[[], Any]) -> None:
        self._verbs = dict(verbs)
        self._state = state

    def answer(self, request: Request) -> Reply:
        """GET /sandbox/state, or POST /sandbox/<verb> with the verb's arguments as a JSON object."""
        name = request.path.removeprefix("/sandbox/")
        if request.method == "GET" and name == "state":
            return Reply(200, as_json(self._state()))
        verb = self._verbs.get(name)
        if request.method != "POST" or verb is None:
            return Reply(404, {"error": f"no such verb: {name}", "verbs": sorted(self._verbs)})
        try:
            return Reply(200, {"result": as_json(verb(**_arguments(request)))})
        except (TypeError, ValueError, LookupError, TimeoutError) as error:
            return Reply(400, {"error": f"{type(error).__name__}: {error}"})


def _arguments(request: Request) -> dict[str, Any]:
    arguments = request.json() or {}
    if not isinstance(arguments, dict):
        raise TypeError("the body must be a JSON object of arguments")
    return {name: _moment(value) if name.endswith("_at") else value for name, value in arguments.items()}


def _moment(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def as_json(value: Any) -> Any:  # noqa: PLR0911 - one answer for each kind
    """Any value of the sandbox as plain JSON: records as objects, moments as ISO 8601, bytes as text."""
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return value.decode("utf-8", "replace")
        case Mapping():
            return {str(name): as_json(entry) for name, entry in value.items()}
        case str() | int() | float() | bool() | None:
            return value
        case _ if dataclasses.is_dataclass(value):
            return {entry.name: as_json(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
        case Iterable():
            return [as_json(entry) for entry in value]
    return str(value)
