"""Sailthru's error bodies: a number, a text, and the HTTP status that usually goes with it."""

from __future__ import annotations

STATUSES = {
    1: 405,
    2: 400,
    3: 401,
    5: 401,
    6: 400,
    9: 500,
    11: 400,
    12: 400,
    13: 400,
    15: 400,
    43: 429,
    99: 400,
}


class SailthruError(Exception):
    """A request is answered with `{"error": code, "errormsg": message}`."""

    def __init__(self, code: int, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or STATUSES.get(code, 400)


def body(code: int, message: str) -> dict[str, object]:
    return {"error": code, "errormsg": message}
