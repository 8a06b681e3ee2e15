"""The page's files: read once, served from memory under a name that changes with their content."""

from __future__ import annotations

import hashlib
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
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    content_type: str
    digest: str


class Assets:
    """The files of `static/` by their names, and those of `translations/` as `translations/<locale>.json`."""

    def __init__(self, folder: Path = HERE) -> None:
        self._files = {
            name: _asset(path)
            for name, path in [*_named(folder / "static"), *_named(folder / "translations", "translations/")]
        }

    def address(self, name: str) -> str:
        """Where the page finds a file; a changed file has another address."""
        return f"/sidebar/static/{name}?v={self._files[name].digest}"

    def translations(self) -> dict[str, str]:
        """Locale -> address of its texts."""
        names = sorted(name for name in self._files if name.startswith("translations/"))
        return {Path(name).stem: self.address(name) for name in names}

    def response(self, name: str) -> Response:
        """The answer to a request for a file; 404 for any other name."""
        asset = self._files.get(name)
        if asset is None:
            abort(404)
        # An address without the right digest may mean other content tomorrow.
        lasts = FOREVER if request.args.get("v") == asset.digest else "no-cache"
        headers = {"Content-Type": asset.content_type, "Cache-Control": lasts}
        response = Response(asset.content, headers=headers)
        response.set_etag(asset.digest)
        response.make_conditional(request.environ)
        return response


def _named(folder: Path, prefix: str = "") -> list[tuple[str, Path]]:
    return [(prefix + path.name, path) for path in sorted(folder.iterdir()) if path.suffix in TYPES]


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])
