"""Which requests are deliveries as they usually come, and may go past Flask to their hook. Pure.

Whatever is in doubt goes through Flask, which knows what a request may look like: strange paths, other
methods, a host that is none, a connection that wants to become another. Nothing is refused here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

NOWHERE = ("", "")
_ADDRESS = re.compile(r"/hooks/([A-Za-z0-9_-]+)/([a-z]+/[a-z]+)", re.ASCII)
_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?", re.ASCII)
_HOSTS_KEPT = 64


def hook_address(environ: WSGIEnvironment) -> tuple[str, str]:
    """The installation's name and the last part of the address; both empty for what Flask should see."""
    if environ["REQUEST_METHOD"] != "POST" or "HTTP_UPGRADE" in environ:
        return NOWHERE
    found = _ADDRESS.fullmatch(environ["PATH_INFO"])
    if found is None or not _is_plain(environ.get("HTTP_HOST", "")):
        return NOWHERE
    name, path = found.groups()
    return name, path


@lru_cache(_HOSTS_KEPT)
def _is_plain(host: str) -> bool:
    return _HOST.fullmatch(host) is not None
