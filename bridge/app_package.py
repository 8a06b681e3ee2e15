"""The sidebar app as Zendesk takes it: a zip, made of the sources and one installation's address."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bridge.errors import BadSettings

SOURCE = Path(__file__).parents[1] / "zendesk_app"
PACKED = ("manifest.json", "assets/*.png", "translations/*.json")
# The same sources make the same bytes, whenever they are packed: the oldest time that a zip can hold.
PACKED_AT = (1980, 1, 1, 0, 0, 0)
READABLE = 0o100644 << 16


def packed(base: str, name: str) -> bytes:
    """The package of one installation whose receiver is at `base`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package_file:
        for path, content in sorted(_files(base, name).items()):
            entry = zipfile.ZipInfo(path, date_time=PACKED_AT)
            entry.external_attr = READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            package_file.writestr(entry, content)
    return buffer.getvalue()


def manifest(template: Mapping[str, Any], base: str, name: str) -> dict[str, Any]:
    """The manifest with what is this installation's own filled in."""
    author = {**template["author"], "email": f"bridge@{urlsplit(base).hostname}", "url": base}
    places = template["location"]["support"]
    page = f"{base}/sidebar/{name}"
    support = {place: {**settings, "url": page} for place, settings in places.items()}
    filled = {
        "author": author,
        "version": version("sailthru-zendesk-bridge"),
        "location": {"support": support},
    }
    return {**template, **filled}


def _files(base: str, name: str) -> dict[str, bytes]:
    found = {
        str(path.relative_to(SOURCE)): path.read_bytes()
        for pattern in PACKED
        for path in SOURCE.glob(pattern)
    }
    if "manifest.json" not in found:
        raise BadSettings([f"{SOURCE} is missing: run the command in a checkout of the bridge"])
    filled = manifest(json.loads(found["manifest.json"]), base, name)
    found["manifest.json"] = json.dumps(filled, ensure_ascii=False, indent=2).encode() + b"\n"
    return found
