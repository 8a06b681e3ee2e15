"""Credentials and limits of the REST API, and how accounts are set up through it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from sandbox import Sandbox
from tests.sandbox.conftest import HandClock, Receiver

Rest = Callable[..., requests.Response]


def granted(box: Sandbox, **changed: str) -> requests.Response:
    account = box.zendesk.account
    asked = {"grant_type": "client_credentials", "client_id": account.oauth_client_id,
             "client_secret": account.oauth_client_secret, "scope": "read write"}  # fmt: skip
    return requests.post(f"{box.zendesk.url}/oauth/tokens", json={**asked, **changed}, timeout=5)


def asks(box: Sandbox, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{box.zendesk.url}/api/v2/users/me", headers=headers, timeout=5).status_code


def test_a_token_is_good_until_it_expires(box: Sandbox, clock: HandClock) -> None:
    reply = granted(box).json()
    assert (reply["token_type"], reply["expires_in"]) == ("bearer", 7200)
    clock.move(7199)
    assert asks(box, reply["access_token"]) == 200
    clock.move(1)
    assert asks(box, reply["access_token"]) == 401


def test_tokens_can_be_made_bad_at_once(box: Sandbox) -> None:
    token = granted(box).json()["access_token"]
    box.zendesk.expire_tokens()
    assert asks(box, token) == 401


def test_a_wrong_secret_gets_no_token(box: Sandbox) -> None:
    assert granted(box, client_secret="wrong").status_code == 401
    assert granted(box, grant_type="password").status_code == 400


@pytest.mark.parametrize("header", ["", "Basic !!", "Basic YTpi", "Bearer x", "Digest y"])
def test_bad_credentials_are_a_401(box: Sandbox, header: str) -> None:
    reply = requests.get(f"{box.zendesk.url}/api/v2/users/me", headers={"Authorization": header}, timeout=5)
    assert reply.status_code == 401
    assert "error" in reply.json()


def test_beyond_the_quota_comes_429_with_a_retry_after(box: Sandbox, rest: Rest, clock: HandClock) -> None:
    box.zendesk.quota.limits["account"] = 2
    first, second, third = (rest("GET", "users/me") for _ in range(3))
    assert [first.headers["X-Rate-Limit-Remaining"], second.headers["X-Rate-Limit-Remaining"]] == ["1", "0"]
    assert (third.status_code, third.headers["Retry-After"]) == (429, "44")
    assert box.zendesk.quota.refused == 1
    clock.move(44)
    assert rest("GET", "users/me").status_code == 200


def test_the_rate_headers_have_several_spellings(box: Sandbox, rest: Rest) -> None:
    assert {"X-Rate-Limit", "Rate-Limit", "RateLimit-Limit"} <= rest("GET", "users/me").headers.keys()
    box.zendesk.oddities.rate_headers = "ratelimit"
    headers = rest("GET", "users/me").headers
    assert "RateLimit-Remaining" in headers
    assert "X-Rate-Limit" not in headers
    box.zendesk.quota.lift()
    assert "RateLimit-Remaining" not in rest("GET", "users/me").headers


def test_a_webhook_set_up_through_rest_delivers_with_the_shown_secret(
    box: Sandbox, rest: Rest, receiver: Receiver
) -> None:
    asked = {"name": "bridge", "status": "active", "endpoint": receiver.url, "http_method": "POST",
             "request_format": "json", "subscriptions": ["zen:event-type:user.created"]}  # fmt: skip
    hook = rest("POST", "webhooks", json={"webhook": asked}).json()["webhook"]
    assert "secret" not in str(hook)
    shown = rest("GET", f"webhooks/{hook['id']}/signing_secret").json()["signing_secret"]
    assert shown["algorithm"] == "SHA256"
    reset = rest("POST", f"webhooks/{hook['id']}/signing_secret")
    assert reset.status_code == 201
    assert reset.json()["signing_secret"]["secret"] != shown["secret"]
    box.zendesk.create_user()
    box.zendesk.wait_idle()
    assert len(receiver.received) == 1
    found = rest("GET", "webhooks", params={"filter[name_contains]": "brid"}).json()["webhooks"]
    assert [each["id"] for each in found] == [hook["id"]]
    assert rest("DELETE", f"webhooks/{hook['id']}").status_code == 204


def test_a_trigger_set_up_through_rest_fires_only_for_its_kind(
    box: Sandbox, rest: Rest, receiver: Receiver
) -> None:
    asked = {"name": "t", "endpoint": receiver.url, "subscriptions": ["conditional_ticket_events"]}
    hook = rest("POST", "webhooks", json={"webhook": asked}).json()["webhook"]
    action = {"field": "notification_webhook", "value": [hook["id"], '{"ticket_id": "{{ticket.id}}"}']}
    is_change = {"field": "update_type", "operator": "is", "value": "Change"}
    trigger = {"title": "tell", "conditions": {"all": [is_change], "any": []}, "actions": [action]}
    assert rest("POST", "triggers", json={"trigger": trigger}).status_code == 201
    ticket = box.zendesk.create_ticket(box.zendesk.create_user().id)
    box.zendesk.solve(ticket.id)
    box.zendesk.wait_idle()
    assert [body for _, body in receiver.received] == [f'{{"ticket_id": "{ticket.id}"}}'.encode()]


def test_an_unknown_event_type_cannot_be_subscribed(rest: Rest) -> None:
    asked = {"endpoint": "http://127.0.0.1:9/", "subscriptions": ["zen:event-type:user.updated"]}
    assert rest("POST", "webhooks", json={"webhook": asked}).status_code == 400


def test_a_user_field_exists_after_it_was_made(rest: Rest) -> None:
    asked = {"user_field": {"type": "text", "key": "health", "title": "Health"}}
    assert rest("POST", "user_fields", json=asked).status_code == 201
    assert rest("POST", "user_fields", json=asked).status_code == 422
    assert [each["key"] for each in rest("GET", "user_fields").json()["user_fields"]] == ["health"]
