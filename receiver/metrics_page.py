"""`/metrics` for Prometheus: for this machine, or with the token; for others there is no such page."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from flask import Blueprint, Request, Response, abort, request

from bridge import metrics
from receiver.parts import Parts

# Whoever comes through a proxy comes from the proxy's address: then loopback proves nothing.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")


def metrics_page(parts: Parts) -> Blueprint:
    """The page, with `parts.collectors` read at each scrape."""
    pages = Blueprint("metrics", __name__)

    @pages.get("/metrics")
    def exposition() -> Response:
        if not (_is_local(request) or _has_token(request, parts.metrics_token)):
            abort(404)
        body, content_type = metrics.exposition(*parts.collectors)
        return Response(body, content_type=content_type)

    return pages


def _is_local(incoming: Request) -> bool:
    if any(name in incoming.headers for name in FORWARDED):
        return False
    try:
        return ip_address(incoming.remote_addr or "").is_loopback
    except ValueError:
        return False


def _has_token(incoming: Request, token: str) -> bool:
    given = incoming.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode())
