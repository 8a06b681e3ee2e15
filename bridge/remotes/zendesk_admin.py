"""What setting up a Zendesk account takes: calls for webhooks, triggers, user fields and apps.

Each method raises what `Zendesk` raises. A list is always read to its end.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from bridge.errors import TryLater
from bridge.remotes.replies import NotJson, read_json
from bridge.remotes.zendesk import Zendesk
from bridge.remotes.zendesk_errors import SYSTEM
from bridge.remotes.zendesk_pages import page_of, page_query, part
from schemas import zendesk_admin as records
from schemas.errors import Unreadable
from schemas.zendesk_admin import (
    ACTION,
    AppJob,
    AppRecord,
    InstalledAppRecord,
    TriggerRecord,
    WebhookRecord,
    WebhookReply,
)
from schemas.zendesk_jobs import UserFieldRecord

MOST_PAGES = 50
# Zendesk gives the receiver 12 s to answer a delivery, and then tells us.
TEST_READ_S = 20.0
WEBHOOKS, TRIGGERS, FIELDS = "/api/v2/webhooks", "/api/v2/triggers", "/api/v2/user_fields"
APPS, INSTALLATIONS = "/api/v2/apps", "/api/support/apps/installations.json"

Value = TypeVar("Value")


@dataclass(frozen=True)
class WebhookForm:
    """A webhook as it is asked for. It is made switched off: nothing is sent before its secret is known."""

    name: str
    endpoint: str
    subscriptions: tuple[str, ...]


@dataclass(frozen=True)
class TriggerForm:
    """A trigger as it is asked for: `update_type` is `Create` or `Change`."""

    title: str
    description: str
    webhook_id: str
    body: str
    update_type: str

    @property
    def condition(self) -> tuple[str, str, str]:
        """Its one condition, as (field, operator, value)."""
        return ("update_type", "is", self.update_type)


class ZendeskAdmin:
    """Manages one account through its client."""

    def __init__(self, zendesk: Zendesk) -> None:
        self._zendesk = zendesk

    def webhooks(self, name_contains: str) -> tuple[WebhookRecord, ...]:
        """The webhooks whose name holds that text."""
        return self._all(WEBHOOKS, "webhooks", records.webhook, {"filter[name_contains]": name_contains})

    def add_webhook(self, form: WebhookForm) -> WebhookRecord:
        """Make a webhook, switched off. An event type that the account does not take is `Refused`."""
        asked = {
            "name": form.name,
            "status": "inactive",
            "endpoint": form.endpoint,
            "http_method": "POST",
            "request_format": "json",
            "subscriptions": list(form.subscriptions),
        }
        reply = self._zendesk.post(WEBHOOKS, {"webhook": asked})
        return _read(reply.value, lambda record: records.webhook(part(record, "webhook")))

    def change_webhook(self, id: str, changes: Mapping[str, Any]) -> None:  # noqa: A002 - the vendor's word
        """Change `endpoint`, `status` (active or inactive), `subscriptions`; the rest stays."""
        body = json.dumps({"webhook": dict(changes)}).encode()
        self._zendesk.exchange("PATCH", f"{WEBHOOKS}/{quote(id, safe='')}", body)

    def delete_webhook(self, id: str) -> None:  # noqa: A002 - the vendor's word
        """Delete a webhook; one that is gone raises `NotFound`."""
        self._zendesk.delete(f"{WEBHOOKS}/{quote(id, safe='')}")

    def signing_secret(self, webhook_id: str) -> str:
        """What the webhook's deliveries are signed with."""
        reply = self._zendesk.get(f"{WEBHOOKS}/{quote(webhook_id, safe='')}/signing_secret")
        return _read(reply.value, records.signing_secret)

    def test_webhook(self, webhook_id: str, endpoint: str, body: str) -> WebhookReply:
        """Let Zendesk send this body there now, signed as the webhook signs; what the receiver answered."""
        asked = {"endpoint": endpoint, "http_method": "POST", "request_format": "json", "payload": body}
        path = f"{WEBHOOKS}/test?{urlencode({'webhook_id': webhook_id})}"
        answer = self._zendesk.exchange(
            "POST", path, json.dumps({"request": asked}).encode(), read_s=TEST_READ_S
        )
        return _read(_json(answer.body), records.tested)

    def triggers(self) -> tuple[TriggerRecord, ...]:
        """All triggers."""
        return self._all(TRIGGERS, "triggers", records.trigger)

    def trigger_categories(self) -> tuple[str, ...]:
        """The ids of the categories that triggers are kept in."""
        return self._all("/api/v2/trigger_categories", "trigger_categories", lambda one: str(one["id"]))

    def add_trigger(self, form: TriggerForm, category_id: str | None = None) -> TriggerRecord:
        """Make a trigger. Whether an account wants a category is nobody's to know: `Refused` says so."""
        asked = _trigger(form) | ({"category_id": category_id} if category_id else {})
        reply = self._zendesk.post(TRIGGERS, {"trigger": asked})
        return _read(reply.value, lambda record: records.trigger(part(record, "trigger")))

    def change_trigger(self, id: int, form: TriggerForm) -> None:  # noqa: A002 - the vendor's word
        """Give a trigger the conditions and the action of the form, and switch it on."""
        self._zendesk.put(f"{TRIGGERS}/{int(id)}", {"trigger": _trigger(form) | {"active": True}})

    def delete_trigger(self, id: int) -> None:  # noqa: A002 - the vendor's word
        """Delete a trigger."""
        self._zendesk.delete(f"{TRIGGERS}/{int(id)}")

    def user_fields(self) -> tuple[UserFieldRecord, ...]:
        """All user fields."""
        return self._zendesk.user_fields()

    def add_user_field(self, key: str, type: str, title: str, description: str) -> int:  # noqa: A002
        """Make a user field; its number."""
        asked = {"key": key, "type": type, "title": title, "description": description, "active": True}
        reply = self._zendesk.post(FIELDS, {"user_field": asked})
        return _read(reply.value, lambda record: int(part(record, "user_field")["id"]))

    def delete_user_field(self, id: int) -> None:  # noqa: A002 - the vendor's word
        """Delete a user field, and with it what users have in it."""
        self._zendesk.delete(f"{FIELDS}/{int(id)}")

    def apps(self) -> tuple[AppRecord, ...]:
        """The apps that the account owns."""
        return self._all(f"{APPS}/owned.json", "apps", records.app)

    def installed_apps(self) -> tuple[InstalledAppRecord, ...]:
        """The apps in use."""
        return self._all(INSTALLATIONS, "installations", records.installed_app)

    def upload(self, package: bytes) -> str:
        """Hand over an app's package; the number under which it may be used once."""
        content_type, body = _form(package)
        answer = self._zendesk.exchange("POST", f"{APPS}/uploads.json", body, content_type=content_type)
        return _read(_json(answer.body), lambda record: str(_given(record, "id")))

    def build_app(self, upload_id: str, name: str) -> str:
        """Have an app made of an upload; the id of the job."""
        reply = self._zendesk.post("/api/apps.json", {"upload_id": upload_id, "name": name})
        return _read(reply.value, lambda record: str(_given(record, "job_id")))

    def rebuild_app(self, app_id: int, upload_id: str) -> str:
        """Give an app another package; the id of the job."""
        reply = self._zendesk.put(f"{APPS}/{int(app_id)}", {"upload_id": upload_id})
        return _read(reply.value, lambda record: str(_given(record, "job_id")))

    def app_job(self, id: str) -> AppJob:  # noqa: A002 - the vendor's word
        """How the making of an app stands."""
        reply = self._zendesk.get(f"{APPS}/job_statuses/{quote(id, safe='')}")
        return _read(reply.value, records.app_job)

    def install_app(self, app_id: int, name: str) -> None:
        """Put an app to use; `installed_apps` tells its number."""
        self._zendesk.post(INSTALLATIONS, {"app_id": app_id, "settings": {"name": name}})

    def app_public_key(self, app_id: int) -> str:
        """The key that proves who opens an installed app, PEM."""
        answer = self._zendesk.exchange("GET", f"{APPS}/{int(app_id)}/public_key.pem")
        return answer.body.decode("ascii", "replace").strip()

    def uninstall_app(self, installation_id: int) -> None:
        """Take an app out of use."""
        self._zendesk.delete(f"/api/support/apps/installations/{int(installation_id)}.json")

    def delete_app(self, app_id: int) -> None:
        """Delete an app of the account."""
        self._zendesk.delete(f"{APPS}/{int(app_id)}.json")

    def _all(
        self, path: str, name: str, read: Callable[[Any], Value], query: Mapping[str, str] | None = None
    ) -> tuple[Value, ...]:
        found: list[Value] = []
        after: str | None = None
        for _ in range(MOST_PAGES):
            reply = self._zendesk.get(path, {**(query or {}), **page_query(after)})
            page = _read(reply.value, partial(page_of, name=name, read=read, asked=after))
            found += page.items
            after = page.after
            if after is None:
                return tuple(found)
        raise TryLater(SYSTEM, "garbled", detail=f"{path} has no end")


def _trigger(form: TriggerForm) -> dict[str, Any]:
    field, operator, value = form.condition
    return {
        "title": form.title,
        "description": form.description,
        "conditions": {"all": [{"field": field, "operator": operator, "value": value}], "any": []},
        "actions": [{"field": ACTION, "value": [form.webhook_id, form.body]}],
    }


def _form(package: bytes) -> tuple[str, bytes]:
    """A form with one file, and its content type. https://www.rfc-editor.org/rfc/rfc7578"""
    boundary = secrets.token_hex(16)
    head = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="uploaded_data"; filename="app.zip"\r\n'
        "Content-Type: application/zip\r\n\r\n"
    )
    body = head.encode() + package + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def _read(record: Any, read: Callable[[Any], Value]) -> Value:
    try:
        return read(record)
    except (Unreadable, KeyError, TypeError, ValueError) as error:
        raise TryLater(
            SYSTEM, "garbled", detail=getattr(error, "fault", "a reply of another shape")
        ) from None


def _json(body: bytes) -> Any:
    try:
        return read_json(body)
    except NotJson:
        raise TryLater(SYSTEM, "garbled", detail="the reply is not JSON") from None


def _given(record: Any, name: str) -> str | int:
    value = record.get(name) if isinstance(record, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise Unreadable(f"The reply holds no {name}.")
    return value
