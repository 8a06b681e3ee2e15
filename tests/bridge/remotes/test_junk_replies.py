"""Whatever a server answers, only errors with a name come out, and nothing secret is in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from requests_mock import ANY, Adapter

from bridge.errors import BridgeError
from bridge.remotes.sailthru import Sailthru
from bridge.remotes.transport import Transport
from bridge.remotes.zendesk import Zendesk
from schemas.installation import SailthruAccount, ZendeskAccount
from tests.bridge.remotes.still_clock import StillClock

SAILTHRU = SailthruAccount(url="https://s.test", api_key="api-k3y", api_secret="api-s3cret")
ZENDESK = ZendeskAccount(url="https://z.test", oauth_client_id="client", oauth_client_secret="client-s3cret")
OF_SAILTHRU = ("api-k3y", "api-s3cret", "jane.doe@example.com")
OF_ZENDESK = ("client-s3cret", "access-t0ken", "jane.doe@example.com")

words = st.text(max_size=20) | st.sampled_from(
    [*OF_SAILTHRU, *OF_ZENDESK, "User not found", "conflict", "7", "RecordNotFound"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda one: st.lists(one, max_size=3) | st.dictionaries(words, one, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([
    "error", "errormsg", "errors", "details", "description", "keys", "sid", "email", "vars", "lists", "user",
    "users", "ticket", "tickets", "meta", "id", "tags", "has_more", "after_cursor", "next_page",
    "smart_lists", "access_token", "expires_in", "created_at", "via", "is_public",
])  # fmt: skip
bodies = st.binary(max_size=50) | (values | st.dictionaries(names, values)).map(
    lambda one: json.dumps(one).encode()
)
statuses = st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 409, 418, 422, 429, 500, 502, 503, 504])


def answering(status: int, body: bytes) -> tuple[Transport, StillClock]:
    wire, clock = Adapter(), StillClock()
    wire.register_uri(ANY, ANY, status_code=status, content=body)
    wire.register_uri("POST", "https://z.test/oauth/tokens", json={"access_token": "access-t0ken"})
    return Transport(clock, wire), clock


def only_named_errors(secrets: tuple[str, ...], calls: list[Callable[[], Any]]) -> None:
    for call in calls:
        said = ""
        try:
            call()
        except BridgeError as error:
            said = str(error)
        assert not [word for word in secrets if word in said]


@settings(deadline=None)
@given(status=statuses, body=bodies)
def test_sailthrus_junk_ends_in_a_named_error(status: int, body: bytes) -> None:
    transport, clock = answering(status, body)
    client = Sailthru(SAILTHRU, clock=clock, on_rate=lambda _reading: None, transport=transport)
    only_named_errors(
        OF_SAILTHRU,
        [
            lambda: client.profile("jane.doe@example.com", "email", fields=["keys"]),
            lambda: client.write("jane.doe@example.com", "email", vars={}, email="jane.doe@example.com"),
            client.lists,
            client.settings,
        ],
    )


@settings(deadline=None)
@given(status=statuses, body=bodies)
def test_zendesks_junk_ends_in_a_named_error(status: int, body: bytes) -> None:
    transport, clock = answering(status, body)
    client = Zendesk(ZENDESK, clock=clock, on_rate=lambda _reading: None, transport=transport)
    only_named_errors(
        OF_ZENDESK,
        [
            lambda: client.user(7),
            lambda: client.users([7, 8]),
            lambda: client.tickets_of(7),
            lambda: client.ticket(991),
            client.me,
            lambda: client.put("/api/v2/users/7", {"user": {}}),
        ],
    )


@settings(deadline=None)
@given(status=statuses, body=bodies)
def test_junk_in_the_place_of_a_token_ends_in_a_named_error(status: int, body: bytes) -> None:
    wire, clock = Adapter(), StillClock()
    wire.register_uri(ANY, ANY, status_code=status, content=body)
    client = Zendesk(ZENDESK, clock=clock, on_rate=lambda _reading: None, transport=Transport(clock, wire))
    only_named_errors(("client-s3cret",), [lambda: client.user(7), lambda: client.delete("/api/v2/users/7")])
