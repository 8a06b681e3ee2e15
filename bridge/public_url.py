"""The address at which the vendors, and an agent's browser, reach the receiver."""

from __future__ import annotations

from urllib.parse import urlsplit

from bridge.errors import BadSettings
from schemas.installation_values import is_loopback


def public_url(text: str, option: str) -> str:
    """The address alone, without a slash at its end; `option` is what a fault names. Raises `BadSettings`."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise BadSettings([f"{option}: {url} is not an address"]) from None
    is_secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or not is_secure:
        raise BadSettings([f"{option}: must begin with https://, for Zendesk opens no other page: {url}"])
    if parts.path or parts.query or parts.fragment or parts.username or not host.isascii():
        raise BadSettings([f"{option}: must be the address alone, as in https://bridge.example.com: {url}"])
    return url
