"""The token with which Zendesk opens an app's page: RS256, signed with a key of the app's own."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def new_key() -> RSAPrivateKey:
    """A key pair."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: RSAPrivateKey) -> str:
    """The half that everybody may have."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()


def signed(claims: Mapping[str, Any], key: RSAPrivateKey) -> str:
    """A JSON web token."""
    text = _part({"alg": "RS256", "typ": "JWT"}) + b"." + _part(claims)
    return (text + b"." + _encoded(key.sign(text, PKCS1v15(), SHA256()))).decode()


def _part(content: Mapping[str, Any]) -> bytes:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
