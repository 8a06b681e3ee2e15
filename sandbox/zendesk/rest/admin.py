"""REST of webhooks and triggers, as the set-up of an account needs them."""

from __future__ import annotations

from typing import Any

from sandbox.moments import seconds
from sandbox.web.messages import Reply, Request
from sandbox.zendesk.rest.errors import RestError, invalid
from sandbox.zendesk.rest.paging import page
from sandbox.zendesk.rest.users import body_of
from sandbox.zendesk.webhooks import TEMPLATE, Trigger, Webhook, Webhooks

CATEGORIES = [{"id": "10026", "name": "Notifications", "position": 1}]
CHANGEABLE = ("name", "endpoint", "status")


class AdminApi:
    """Webhooks never show their secret but at `signing_secret`."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks
        self.base = ""

    def list_webhooks(self, request: Request) -> Reply:
        query = request.query
        part, status = query.get("filter[name_contains]", ""), query.get("filter[status]")
        found = [
            hook
            for hook in self._webhooks.hooks.values()
            if part in hook.name and status in (None, hook.status)
        ]
        url = f"{self.base}{request.path}"
        query = {"page[size]": "100", **query}
        return Reply(200, page("webhooks", found, webhook_json, url=url, query=query))

    def add_webhook(self, request: Request) -> Reply:
        asked = body_of(request, "webhook")
        try:
            hook = self._webhooks.add(asked["endpoint"], asked.get("subscriptions") or ())
        except (KeyError, ValueError) as error:
            body = {"errors": [{"code": "InvalidWebhook", "title": "Invalid webhook", "detail": str(error)}]}
            return Reply(400, body)
        hook.name = str(asked.get("name", hook.name))
        hook.status = str(asked.get("status", hook.status))
        return Reply(201, {"webhook": webhook_json(hook)})

    def get_webhook(self, _request: Request, hook_id: str) -> Reply:
        return Reply(200, {"webhook": webhook_json(self._webhooks.hooks[hook_id])})

    def change_webhook(self, request: Request, hook_id: str) -> Reply:
        hook = self._webhooks.hooks[hook_id]
        asked = body_of(request, "webhook")
        for name in CHANGEABLE:
            if name in asked:
                setattr(hook, name, asked[name])
        return Reply(204)

    def delete_webhook(self, _request: Request, hook_id: str) -> Reply:
        del self._webhooks.hooks[hook_id]
        return Reply(204)

    def secret(self, request: Request, hook_id: str) -> Reply:
        """GET shows the signing secret; POST makes a new one, and the old one stops at once."""
        hook = self._webhooks.hooks[hook_id]
        if request.method == "POST":
            hook.secret = self._webhooks.new_secret()
        shown = {"signing_secret": {"secret": hook.secret, "algorithm": "SHA256"}}
        return Reply(201 if request.method == "POST" else 200, shown)

    def list_triggers(self, request: Request) -> Reply:
        triggers = list(self._webhooks.triggers.values())
        url = f"{self.base}{request.path}"
        return Reply(200, page("triggers", triggers, trigger_json, url=url, query=request.query))

    def add_trigger(self, request: Request) -> Reply:
        asked = body_of(request, "trigger")
        hook_id, template = _notification(asked)
        if hook_id not in self._webhooks.hooks:
            raise invalid("actions", "The webhook does not exist")
        kinds = _update_types(asked.get("conditions") or {})
        trigger = self._webhooks.add_trigger(str(asked.get("title")), hook_id, template, update_types=kinds)
        trigger.raw = asked
        trigger.active = bool(asked.get("active", True))
        return Reply(201, {"trigger": trigger_json(trigger)})

    def get_trigger(self, _request: Request, trigger_id: str) -> Reply:
        return Reply(200, {"trigger": trigger_json(self._webhooks.triggers[int(trigger_id)])})

    def change_trigger(self, request: Request, trigger_id: str) -> Reply:
        trigger = self._webhooks.triggers[int(trigger_id)]
        asked = body_of(request, "trigger")
        trigger.raw = {**trigger.raw, **asked}
        trigger.title = str(asked.get("title", trigger.title))
        trigger.active = bool(asked.get("active", trigger.active))
        if "actions" in asked:
            trigger.webhook_id, trigger.template = _notification(asked)
        if "conditions" in asked:
            trigger.update_types = _update_types(asked["conditions"])
        return Reply(200, {"trigger": trigger_json(trigger)})

    def delete_trigger(self, _request: Request, trigger_id: str) -> Reply:
        del self._webhooks.triggers[int(trigger_id)]
        return Reply(204)

    def categories(self, request: Request) -> Reply:
        url = f"{self.base}{request.path}"
        return Reply(200, page("trigger_categories", CATEGORIES, dict, url=url, query=request.query))


def webhook_json(hook: Webhook) -> dict[str, Any]:
    names = sorted(hook.subscriptions)
    return {
        "id": hook.id,
        "name": hook.name,
        "status": hook.status,
        "subscriptions": [f"zen:event-type:{name}" if "." in name else name for name in names],
        "created_at": seconds(hook.created_at) if hook.created_at else None,
        "created_by": "1",
        "endpoint": hook.endpoint,
        "http_method": hook.http_method,
        "request_format": hook.request_format,
    }


def trigger_json(trigger: Trigger) -> dict[str, Any]:
    actions = [{"field": "notification_webhook", "value": [trigger.webhook_id, trigger.template]}]
    return {
        "actions": actions,
        "conditions": {"all": [], "any": []},
        **trigger.raw,
        "id": trigger.id,
        "title": trigger.title,
        "active": trigger.active,
    }


def _notification(asked: dict[str, Any]) -> tuple[str, str]:
    actions = asked.get("actions") or []
    value = next((each.get("value") for each in actions if each.get("field") == "notification_webhook"), None)
    if not isinstance(value, list) or not value:
        raise RestError(422, "RecordInvalid", "an action notification_webhook is needed")
    return str(value[0]), str(value[1]) if len(value) > 1 else TEMPLATE


def _update_types(conditions: dict[str, Any]) -> frozenset[str]:
    rows = [*(conditions.get("all") or []), *(conditions.get("any") or [])]
    named = frozenset(str(row.get("value")) for row in rows if row.get("field") == "update_type")
    return named or frozenset(("Create", "Change"))
