"""The files of the sidebar's page: one script, one style sheet, and the texts of each language."""

from __future__ import annotations

import json
from pathlib import Path

from receiver.sidebar.script import joined

HERE = Path(__file__).parent
SCRIPT = "page.js"


def page_files() -> dict[str, bytes]:
    """All of them, by their names; texts are `<language>.json`."""
    modules = {path.name: path.read_text() for path in (HERE / "static").glob("*.js")}
    styles = {path.name: path.read_bytes() for path in (HERE / "static").glob("*.css")}
    texts = {path.name: _grouped(path.read_text()) for path in (HERE / "translations").glob("*.json")}
    return {SCRIPT: joined(modules, "main.js").encode(), **styles, **texts}


def languages() -> list[str]:
    """The languages in which there are texts."""
    return sorted(path.stem for path in (HERE / "translations").glob("*.json"))


def _grouped(source: str) -> bytes:
    """The texts of a language, grouped by the first word of their keys, which is then said only once."""
    file = json.loads(source)
    grouped: dict[str, dict[str, str]] = {}
    for key, text in file["texts"].items():
        group, _, rest = key.partition(".")
        grouped.setdefault(group, {})[rest] = text
    return json.dumps({**file, "texts": grouped}, ensure_ascii=False, separators=(",", ":")).encode()
