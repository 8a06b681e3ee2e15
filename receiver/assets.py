"""The files of pages: read once, served from memory under an address that changes with their content.

The version is a folder of the address, one for all files of a page: they change together, and scripts that
import each other by relative addresses keep it. What only a reader of the source needs is not sent: comments
and spaces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Response, abort, request
from rcssmin import cssmin
from rjsmin import jsmin

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    content_type: str
    digest: str


class Assets:
    """Files by their names, served under `prefix`, such as `/sidebar/static`."""

    def __init__(self, files: Mapping[str, bytes], prefix: str) -> None:
        self._files = {name: _asset(name, source) for name, source in sorted(files.items())}
        digests = "".join(f"{name} {asset.digest}\n" for name, asset in self._files.items())
        self._folder = f"{prefix}/{_digest(digests.encode())}"

    def address(self, name: str) -> str:
        """Where the page finds a file; when one changes, all have other addresses. KeyError: no such file."""
        if name not in self._files:
            raise KeyError(name)
        return f"{self._folder}/{name}"

    def response(self, version: str, name: str) -> Response:
        """The answer to a request for a file; 404 for any other name."""
        asset = self._files.get(name)
        if asset is None:
            abort(404)
        # An address of another version may mean other content tomorrow: two receivers answer in an upgrade.
        lasts = FOREVER if self._folder.endswith(f"/{version}") else "no-cache"
        headers = {"Content-Type": asset.content_type, "Cache-Control": lasts}
        response = Response(asset.content, headers=headers)
        response.set_etag(asset.digest)
        response.make_conditional(request.environ)
        return response


def files_in(folder: Path) -> dict[str, bytes]:
    """The files of a folder that pages load, by their names."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in TYPES}


def _asset(name: str, source: bytes) -> Asset:
    kind = Path(name).suffix
    content = SENT[kind](source.decode()).encode() if kind in SENT else source
    return Asset(content, TYPES[kind], _digest(content))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


SENT: dict[str, Callable[[str], str]] = {".js": jsmin, ".css": cssmin}
