"""How the stand-in lets an account be set up: test deliveries, apps, rights, and what an account refuses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from sandbox.zendesk.rest.webhooks import PUBLIC_TEST_SECRET
from tests.sandbox.conftest import HandClock, Receiver

Rest = Callable[..., requests.Response]


def hook(rest: Rest, endpoint: str, *types: str) -> dict[str, Any]:
    asked = {"name": "h", "status": "inactive", "endpoint": endpoint, "subscriptions": list(types)}
    reply = rest("POST", "webhooks", json={"webhook": asked})
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()["webhook"]
    return made


def signed_with(secret: str, headers: dict[str, str], body: bytes) -> bool:
    stamp = headers["x-zendesk-webhook-signature-timestamp"].encode()
    mac = hmac.new(secret.encode(), stamp + body, hashlib.sha256).digest()
    return base64.b64encode(mac).decode() == headers["x-zendesk-webhook-signature"]


def test_a_test_is_signed_with_the_webhooks_secret_once_there_is_one(rest: Rest, receiver: Receiver) -> None:
    made = hook(rest, receiver.url, "zen:event-type:user.created")
    secret = rest("GET", f"webhooks/{made['id']}/signing_secret").json()["signing_secret"]["secret"]
    asked = {"request": {"endpoint": receiver.url, "http_method": "POST", "payload": '{"a": 1}'}}
    for query in ({"webhook_id": made["id"]}, {}):
        reply = rest("POST", "webhooks/test", params=query, json=asked)
        assert reply.json()["response"]["status_code"] == 202
    (first, body), (second, _) = receiver.received
    assert body == b'{"a": 1}'
    assert signed_with(secret, first, body)
    assert signed_with(PUBLIC_TEST_SECRET, second, body)


def test_a_test_tells_that_nobody_answered(rest: Rest) -> None:
    made = hook(rest, "http://127.0.0.1:9/", "zen:event-type:user.created")
    asked = {"request": {"endpoint": made["endpoint"], "payload": "{}"}}
    reply = rest("POST", "webhooks/test", params={"webhook_id": made["id"]}, json=asked)
    assert (reply.status_code, reply.json()["response"]["status_code"]) == (200, 504)


def test_a_webhook_that_is_switched_off_tells_nothing(box: Sandbox, rest: Rest, receiver: Receiver) -> None:
    made = hook(rest, receiver.url, "zen:event-type:user.created")
    box.zendesk.create_user()
    assert rest("PATCH", f"webhooks/{made['id']}", json={"webhook": {"status": "active"}}).status_code == 204
    box.zendesk.create_user()
    box.zendesk.wait_idle()
    assert len(receiver.received) == 1


def test_a_webhook_that_a_trigger_calls_cannot_be_deleted(rest: Rest) -> None:
    made = hook(rest, "http://127.0.0.1:9/", "conditional_ticket_events")
    action = {"field": "notification_webhook", "value": [made["id"], "{}"]}
    trigger = rest("POST", "triggers", json={"trigger": {"title": "t", "actions": [action]}}).json()
    assert rest("DELETE", f"webhooks/{made['id']}").status_code == 400
    assert rest("DELETE", f"triggers/{trigger['trigger']['id']}").status_code == 204
    assert rest("DELETE", f"webhooks/{made['id']}").status_code == 204


def test_what_an_account_does_not_take_cannot_be_subscribed(box: Sandbox, rest: Rest) -> None:
    def status(name: str) -> int:
        asked = {"endpoint": "http://127.0.0.1:9/", "subscriptions": [name]}
        return rest("POST", "webhooks", json={"webhook": asked}).status_code

    box.zendesk.oddities.ticket_events = False
    assert status("zen:event-type:ticket.created") == 400
    box.zendesk.oddities.subscribe_as = "slash"
    assert [status(f"zen:event-type{mark}user.merged") for mark in ":/"] == [400, 201]
    assert [status(f"zen:event-type{mark}user.created") for mark in ":/"] == [201, 201]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "webhooks"), ("POST", "triggers"), ("POST", "user_fields"), ("GET", "apps/owned"),
     ("GET", "incremental/users/cursor?start_time=0")],
)  # fmt: skip
def test_an_agent_may_not_manage_the_account(box: Sandbox, rest: Rest, method: str, path: str) -> None:
    box.zendesk.oddities.our_role = "agent"
    assert rest(method, path, json={}).status_code == 403
    assert rest("GET", "triggers").status_code == 200
    assert rest("GET", "users/me").json()["user"]["role"] == "agent"


def test_a_deleted_user_field_takes_its_values_along(box: Sandbox, rest: Rest) -> None:
    field = box.zendesk.add_user_field("health")
    user = box.zendesk.create_user()
    box.zendesk.set_user_field(user.id, "health", "good")
    assert rest("DELETE", f"user_fields/{field['id']}").status_code == 204
    assert box.zendesk.user(user.id).user_fields == {}
    assert rest("DELETE", f"user_fields/{field['id']}").status_code == 404


def package(url: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        places = {"support": {"ticket_sidebar": {"url": url}}}
        file.writestr("manifest.json", json.dumps({"location": places, "version": "1.0"}))
    return content.getvalue()


def test_an_app_is_uploaded_built_installed_and_opened_with_its_key(
    box: Sandbox, rest: Rest, clock: HandClock
) -> None:
    box.zendesk.oddities.app_job_s = 5.0
    root = box.zendesk.url
    upload = rest("POST", "apps/uploads.json", files={"uploaded_data": package("http://127.0.0.1:9/page")})
    asked = {"upload_id": upload.json()["id"], "name": "Sailthru"}
    job = rest("POST", "../apps.json", json=asked)
    job_id = job.json()["job_id"]
    assert rest("GET", f"apps/job_statuses/{job_id}").json()["status"] == "queued"
    clock.move(5)
    told = rest("GET", f"apps/job_statuses/{job_id}").json()
    assert told["status"] == "completed"
    assert rest("GET", f"apps/{told['app_id']}/public_key.pem").status_code == 404
    installed = {"app_id": told["app_id"], "settings": {"name": "Sailthru"}}
    assert rest("POST", "../support/apps/installations.json", json=installed).status_code == 201
    key = rest("GET", f"apps/{told['app_id']}/public_key.pem").text
    assert key.startswith("-----BEGIN PUBLIC KEY-----")
    opening = requests.get(f"{root}/agent/token", timeout=5).json()
    assert opening["url"] == "http://127.0.0.1:9/page"
    assert rest("DELETE", f"apps/{told['app_id']}.json").status_code == 204
    assert rest("GET", "../support/apps/installations.json").json()["installations"] == []


def test_a_package_that_is_none_fails_in_its_job(rest: Rest) -> None:
    upload = rest("POST", "apps/uploads.json", files={"uploaded_data": b"no zip"}).json()["id"]
    job = rest("POST", "../apps.json", json={"upload_id": upload, "name": "x"}).json()["job_id"]
    assert rest("GET", f"apps/job_statuses/{job}").json()["status"] == "failed"
