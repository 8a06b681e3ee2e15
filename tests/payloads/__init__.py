"""Deliveries as Zendesk sends them: headers and raw body side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent / "zendesk"
SECRET = "YnJpZGdlLXRlc3QtcGF5bG9hZHMtc2VjcmV0LTAwMDE="
SIGNED_AT = datetime(2026, 11, 22, 9, 55, 18, tzinfo=UTC)
NAMES = sorted(folder.name for folder in FOLDER.iterdir())
FORMS = Path(__file__).parent / "sailthru"
POSTBACKS = sorted(file.stem for file in FORMS.glob("*.form"))
EVENTS = [name for name in NAMES if name != "trigger"]


@dataclass(frozen=True)
class Payload:
    """One recorded delivery."""

    headers: dict[str, str]
    body: bytes


def payload(name: str) -> Payload:
    """The delivery in that folder."""
    lines = (FOLDER / name / "headers").read_text().splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    return Payload(headers, (FOLDER / name / "body").read_bytes())


def form(name: str) -> bytes:
    """The body of the postback in that file."""
    return (FORMS / f"{name}.form").read_bytes()
