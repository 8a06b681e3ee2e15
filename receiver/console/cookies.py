"""The console's cookies: never read by scripts, never sent from other sites, only encrypted where pages are.

Browsers take a cookie whose name begins with `__Host-` only over https, for one host and all of its paths:
no other host of the domain can set one.
"""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

PATH = "/console/"


def read(name: str) -> str:
    """A cookie of this request; empty when it has none."""
    return request.cookies.get(_full(name), "")


def put(response: Response, name: str, value: str, *, life_s: int) -> None:
    """Have the browser keep it for so many seconds."""
    response.set_cookie(
        _full(name),
        value,
        max_age=life_s,
        path=_path(),
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def take_away(response: Response, name: str) -> None:
    """Have the browser forget it."""
    response.delete_cookie(
        _full(name), path=_path(), secure=request.is_secure, httponly=True, samesite="Strict"
    )


def _full(name: str) -> str:
    return f"__Host-bridge-{name}" if request.is_secure else f"bridge-{name}"


def _path() -> str:
    return "/" if request.is_secure else PATH
