"""Whether this process lives, and whether a delivery that comes now could be kept."""

from __future__ import annotations

from flask import Blueprint, Response

from bridge.errors import Unavailable
from receiver.answers import answer
from receiver.parts import Parts


def health_pages(parts: Parts) -> Blueprint:
    """`/health/live` and `/health/ready`."""
    pages = Blueprint("health", __name__, url_prefix="/health")

    @pages.get("/live")
    def live() -> Response:
        return answer(200, alive=True)

    @pages.get("/ready")
    def ready() -> Response:
        away = _away(parts)
        if is_ready(parts, away):
            return answer(200, degraded=away)
        return answer(503, reasons=away)

    return pages


def is_ready(parts: Parts, away: list[str]) -> bool:
    """One of broker and ledger is enough to keep a delivery; the installations must have been read once."""
    return len(away) < 2 and _knows_installations(parts)


def _away(parts: Parts) -> list[str]:
    answers = {"broker": parts.broker_answers, "ledger": parts.ledger_answers}
    return [name for name, is_there in answers.items() if not is_there()]


def _knows_installations(parts: Parts) -> bool:
    try:
        parts.directory.get("")
    except Unavailable:
        return False
    return True
