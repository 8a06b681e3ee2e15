"""Zendesk as it opens the sidebar: a key of the app's own, and a signed token in a form.

Signs with its own few lines and the bare algorithms, so that a misunderstanding in ours cannot hide.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.ledger import installations
from receiver.app import create_app
from tests.receiver.door import Door

AUDIENCE = "https://acme.zendesk.com/api/v2/apps/installations/1.json"
KEY = generate_private_key(public_exponent=65537, key_size=2048)
PAGE = "/sidebar/acme?origin=https%3A%2F%2Facme.zendesk.com&app_guid=4711"


def public_pem(key: RSAPrivateKey) -> str:
    """The key that Zendesk shows to everybody."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()


def part(content: bytes | Mapping[str, Any]) -> bytes:
    """One part of a token."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def rs256(claims: Mapping[str, Any], key: RSAPrivateKey = KEY, **header: Any) -> str:
    """A token as Zendesk signs it."""
    text = part({"alg": "RS256", "typ": "JWT", **header}) + b"." + part(claims)
    return (text + b"." + part(key.sign(text, PKCS1v15(), SHA256()))).decode()


def hs256(claims: Mapping[str, Any], secret: bytes) -> str:
    """A token signed with a secret."""
    text = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    return (text + b"." + part(hmac.digest(secret, text, hashlib.sha256))).decode()


def unsigned(claims: Mapping[str, Any]) -> str:
    """A token that says it needs no signature."""
    return (part({"alg": "none", "typ": "JWT"}) + b"." + part(claims) + b".").decode()


@dataclass
class Desk:
    """Speaks the domain: open the page, call its API."""

    door: Door
    client: FlaskClient
    key: RSAPrivateKey = field(default_factory=lambda: KEY)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What Zendesk says when it opens the page now; a claim of None is left out."""
        now = int(self.door.clock.now().timestamp())
        said = {
            "aud": AUDIENCE,
            "iss": "acme.zendesk.com",
            "iat": now,
            "exp": now + 120,
            "context": {"product": "support", "location": "ticket_sidebar"},
            **changed,
        }
        return {name: value for name, value in said.items() if value is not None}

    def open(self, token: str | None = None, *, page: str = PAGE, **claims: Any) -> TestResponse:
        """Zendesk opens the page."""
        signed = rs256(self.claims(**claims)) if token is None else token
        return self.client.post(page, data={"token": signed})

    def page(self, *, page: str = PAGE, **claims: Any) -> dict[str, Any]:
        """What the opened page knows."""
        return about(self.open(page=page, **claims))

    def call(self, method: str, path: str, token: str, *, name: str = "acme", **how: Any) -> TestResponse:
        """The page calls its API."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.open(f"/sidebar/{name}/api/{path}", method=method, headers=headers, **how)

    def let_in(self, name: str, **zendesk: Any) -> None:
        """Give an installation the app's key and audience, and what else belongs to its Zendesk account."""
        given = {"app_public_key": public_pem(self.key), "app_audience": AUDIENCE, **zendesk}
        with self.door.ledger.writing() as connection:
            found = installations.by_name(connection, self.door.vault, name=name)
            assert found is not None
            changed = replace(found.settings, zendesk=replace(found.settings.zendesk, **given))
            installations.replace(
                connection, self.door.vault, id=found.id, settings=changed, at=self.door.clock.now()
            )
        self.door.clock.pass_by(3)

    def with_keys(self, *secret_keys: str) -> FlaskClient:
        """A receiver on the same ledger with other secret keys, newest first."""
        sidebar = replace(self.door.parts.sidebar, secret_keys=secret_keys)
        return create_app(replace(self.door.parts, sidebar=sidebar)).test_client()


def about(response: TestResponse) -> dict[str, Any]:
    """What a page holds in its `bridge-page`."""
    assert response.status_code == 200, response.text
    (content,) = re.findall(r'<meta name="bridge-page" content="([^"]*)">', response.text)
    known: dict[str, Any] = json.loads(unescape(content))
    return known


@pytest.fixture
def desk(door: Door) -> Iterator[Desk]:
    """Lend a receiver whose installation `acme` has an app in Zendesk."""
    opened = Desk(door, door.client)
    opened.let_in("acme")
    yield opened
    door.parts.sidebar.remotes.close()
