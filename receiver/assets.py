"""The files of pages: read once, served from memory under an address that changes with their content.

The version is a folder of the address, not a query: scripts import each other by relative addresses, which
keep the folder. What only a reader of the source needs is not sent: comments and indentation.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from flask import Response, abort, request

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
    """The files of a folder, served under `prefix`, such as `/sidebar/static`.

    Those of its `static/` have their names, those of `translations/` are `translations/<locale>.json`.
    """

    def __init__(self, folder: Path, prefix: str) -> None:
        self._prefix = prefix
        self._files = {
            name: _asset(path)
            for name, path in [*_named(folder / "static"), *_named(folder / "translations", "translations/")]
        }
        digests = "".join(f"{name} {asset.digest}\n" for name, asset in sorted(self._files.items()))
        self._version = _digest(digests.encode())

    def address(self, name: str) -> str:
        """Where the page finds a file; when one changes, all have other addresses. KeyError: no such file."""
        if name not in self._files:
            raise KeyError(name)
        return f"{self._prefix}/{self._version}/{name}"

    def weight(self, *names: str) -> int:
        """The bytes that are sent for these files."""
        return sum(len(self._files[name].content) for name in names)

    def scripts(self) -> list[str]:
        """The names of all scripts."""
        return [name for name in self._files if name.endswith(".js")]

    def translations(self) -> dict[str, str]:
        """Locale -> address of its texts."""
        names = sorted(name for name in self._files if name.startswith("translations/"))
        return {Path(name).stem: self.address(name) for name in names}

    def response(self, version: str, name: str) -> Response:
        """The answer to a request for a file; 404 for any other name."""
        asset = self._files.get(name)
        if asset is None:
            abort(404)
        # An address of another version may mean other content tomorrow: two receivers answer in an upgrade.
        lasts = FOREVER if version == self._version else "no-cache"
        headers = {"Content-Type": asset.content_type, "Cache-Control": lasts}
        response = Response(asset.content, headers=headers)
        response.set_etag(asset.digest)
        response.make_conditional(request.environ)
        return response


def _named(folder: Path, prefix: str = "") -> list[tuple[str, Path]]:
    if not folder.is_dir():
        return []
    return [(prefix + path.name, path) for path in sorted(folder.iterdir()) if path.suffix in TYPES]


def _asset(path: Path) -> Asset:
    content = SENT.get(path.suffix, _as_it_is)(path.read_bytes())
    return Asset(content, TYPES[path.suffix], _digest(content))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _as_it_is(source: bytes) -> bytes:
    return source


def _without_comments(source: bytes) -> bytes:
    """A script or style sheet without indentation and without comments that have lines of their own."""
    lines = (line.strip() for line in COMMENT.sub(b"", source).splitlines())
    return b"\n".join(line for line in lines if line)


def _without_spaces(source: bytes) -> bytes:
    return MARK.sub(rb"\1", _without_comments(source))


def _compact(source: bytes) -> bytes:
    return json.dumps(json.loads(source), ensure_ascii=False, separators=(",", ":")).encode()


COMMENT = re.compile(rb"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)
MARK = re.compile(rb"\s*([{};,])\s*")
SENT = {".js": _without_comments, ".css": _without_spaces, ".json": _compact}
