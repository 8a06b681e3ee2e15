"""REST of triggers and their categories."""

from __future__ import annotations

from typing import Any

from sandbox.web.messages import Reply, Request
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.rest.errors import RestError, invalid
from sandbox.zendesk.rest.paging import page
from sandbox.zendesk.rest.users import body_of
from sandbox.zendesk.webhooks import TEMPLATE, Trigger, Webhooks

CATEGORIES = [{"id": "10026", "name": "Notifications", "position": 1}]


class TriggersApi:
    """Triggers that call a webhook; of others nothing is kept but what was asked."""

    def __init__(self, webhooks: Webhooks, oddities: ZendeskOddities) -> None:
        self._webhooks = webhooks
        self._oddities = oddities
        self.base = ""

    def all(self, request: Request) -> Reply:
        triggers = list(self._webhooks.triggers.values())
        url = f"{self.base}{request.path}"
        return Reply(200, page("triggers", triggers, trigger_json, url=url, query=request.query))

    def add(self, request: Request) -> Reply:
        asked = body_of(request, "trigger")
        hook_id, template = _notification(asked)
        self._require_category(asked)
        self._require_webhook(hook_id)
        kinds = _update_types(asked.get("conditions") or {})
        trigger = self._webhooks.add_trigger(str(asked.get("title")), hook_id, template, update_types=kinds)
        trigger.raw = asked
        trigger.active = bool(asked.get("active", True))
        return Reply(201, {"trigger": trigger_json(trigger)})

    def get(self, _request: Request, trigger_id: str) -> Reply:
        return Reply(200, {"trigger": trigger_json(self._webhooks.triggers[int(trigger_id)])})

    def change(self, request: Request, trigger_id: str) -> Reply:
        trigger = self._webhooks.triggers[int(trigger_id)]
        asked = body_of(request, "trigger")
        if "actions" in asked:
            hook_id, template = _notification(asked)
            self._require_webhook(hook_id)
            trigger.webhook_id, trigger.template = hook_id, template
        trigger.raw = {**trigger.raw, **asked}
        trigger.title = str(asked.get("title", trigger.title))
        trigger.active = bool(asked.get("active", trigger.active))
        if "conditions" in asked:
            trigger.update_types = _update_types(asked["conditions"])
        return Reply(200, {"trigger": trigger_json(trigger)})

    def delete(self, _request: Request, trigger_id: str) -> Reply:
        del self._webhooks.triggers[int(trigger_id)]
        return Reply(204)

    def categories(self, request: Request) -> Reply:
        url = f"{self.base}{request.path}"
        return Reply(200, page("trigger_categories", CATEGORIES, dict, url=url, query=request.query))

    def _require_category(self, asked: dict[str, Any]) -> None:
        if "category_id" not in asked and self._oddities.category_needed:
            raise invalid("category_id", "Category: cannot be blank")
        if "category_id" in asked and asked["category_id"] not in [one["id"] for one in CATEGORIES]:
            raise invalid("category_id", "Category: is invalid")

    def _require_webhook(self, hook_id: str) -> None:
        if hook_id not in self._webhooks.hooks:
            raise invalid("actions", "The webhook does not exist")


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
