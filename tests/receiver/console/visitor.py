"""Somebody at the console: opens pages and sends forms as a browser does, over a receiver of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.ledger import sessions
from bridge.ledger.sessions import Link
from bridge.people.signed_ids import LINK, SignedIds, new_id
from receiver.app import create_app
from tests.receiver.door import Door

KEYS = ["x" * 32]
LINK_LIFE_US = 600 * 1_000_000


@dataclass
class Visitor:
    """Speaks the domain: look at a page, send its form."""

    door: Door
    client: FlaskClient

    def look(self, path: str = "/", **how: Any) -> TestResponse:
        """Open a page; `path` begins after `/console`."""
        return self.client.get(f"/console{path}", **how)

    def send(self, path: str, *, page: str = "/", **fields: Any) -> TestResponse:
        """Send a form that stands on `page`."""
        token = form_token(self.look(page))
        return self.client.post(f"/console{path}", data={"form_token": token, **fields})

    def sign_in_by_link(self, role: str = "operator", name: str = "ann") -> TestResponse:
        """Use a link that was just made."""
        path = link_path(self.door, role=role, name=name)
        return self.send(path, page=path)


def form_token(page: TestResponse) -> str:
    """The token that a page's forms carry."""
    found = re.findall(r'name="form_token" value="([^"]*)"', page.text)
    assert found, page.text
    return unescape(found[0])


def link_path(door: Door, *, role: str = "operator", name: str = "ann") -> str:
    """The path (after `/console`) of a link that signs in once."""
    link = Link(new_id(), name, role, expires_at=door.ledger.micros() + LINK_LIFE_US)
    with door.ledger.writing() as connection:
        sessions.make_link(connection, link)
    return f"/link/{SignedIds(KEYS, LINK).signed(link.id)}"


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(door: Door) -> Visit:
    """Lend visitors: `visit("viewer")`, `visit("operator")`, or `visit()` who is not signed in."""

    def one(role: str = "") -> Visitor:
        visitor = Visitor(door, create_app(door.parts).test_client())
        if role:
            assert visitor.sign_in_by_link(role).status_code == 302
        return visitor

    return one
