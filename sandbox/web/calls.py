"""The log of what was asked: every request with what it said and how it was answered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

# A part of a path that is a number, or a job's long hexadecimal name.
ID = re.compile(r"(?<=/)([0-9]+|[0-9a-f]{32}|01[0-9A-Z]{24})(?=/|$)")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `params` is the JSON that came (of Sailthru the json parameter), else the query.

    `status` is 0 when the connection was cut or left without an answer.
    """

    method: str
    path: str
    params: Any
    at: datetime
    status: int


class Calls:
    """All calls since the start or the last `forget`, oldest first."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self.watchers: list[Callable[[Call], None]] = []

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int) -> Call:
        return self._calls[index]

    def add(self, call: Call) -> None:
        self._calls.append(call)
        for watch in self.watchers:
            watch(call)

    def matching(self, method: str | None = None, path: str | None = None) -> list[Call]:
        """The calls with this method and path; a path may hold `*`."""
        return [
            call
            for call in self
            if (method is None or call.method == method) and (path is None or fnmatchcase(call.path, path))
        ]

    def count(self, method: str | None = None, path: str | None = None) -> int:
        """How many calls match, as `matching`."""
        return len(self.matching(method, path))

    def kinds(self) -> dict[str, int]:
        """How often each kind was asked: `PUT /api/v2/users/{id}/tags` -> 3. Ids are left out."""
        return dict(
            Counter(f"{call.method} {ID.sub('{id}', call.path.removesuffix('.json'))}" for call in self)
        )

    def forget(self) -> None:
        self._calls.clear()
