"""REST of webhooks: what the set-up of an account needs of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.courier import Attempt, Delivery, Road
from sandbox.moments import seconds
from sandbox.web.messages import Pending, Reply, Request
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.catalogue import CONDITIONAL, SLASHED, bare
from sandbox.zendesk.rest.paging import page
from sandbox.zendesk.rest.users import body_of
from sandbox.zendesk.webhooks import Webhook, Webhooks, known_types

CHANGEABLE = ("name", "endpoint", "status")
# What a test is signed with as long as there is no webhook.
PUBLIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - public


class WebhooksApi:
    """Webhooks never show their secret but at `signing_secret`."""

    def __init__(self, webhooks: Webhooks, oddities: ZendeskOddities, now: Callable[[], datetime]) -> None:
        self._webhooks = webhooks
        self._now = now
        self._oddities = oddities
        self.base = ""

    def all(self, request: Request) -> Reply:
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

    def add(self, request: Request) -> Reply:
        asked = body_of(request, "webhook")
        try:
            subscriptions = self._subscriptions(asked)
            hook = self._webhooks.add(asked["endpoint"], subscriptions)
        except (KeyError, ValueError) as error:
            return _refused(str(error))
        hook.name = str(asked.get("name", hook.name))
        hook.status = str(asked.get("status", hook.status))
        return Reply(201, {"webhook": webhook_json(hook)})

    def get(self, _request: Request, hook_id: str) -> Reply:
        return Reply(200, {"webhook": webhook_json(self._webhooks.hooks[hook_id])})

    def change(self, request: Request, hook_id: str) -> Reply:
        """PUT and PATCH; of which kind a webhook is stays as it was made."""
        hook = self._webhooks.hooks[hook_id]
        asked = body_of(request, "webhook")
        if "subscriptions" in asked:
            try:
                written = self._subscriptions(asked)
                names = known_types(written)
            except ValueError as error:
                return _refused(str(error))
            if (CONDITIONAL in names) != (CONDITIONAL in hook.subscriptions):
                return _refused("the kind of a webhook cannot be changed")
            hook.subscriptions, hook.written = names, written
        for name in CHANGEABLE:
            if name in asked:
                setattr(hook, name, asked[name])
        return Reply(204)

    def delete(self, _request: Request, hook_id: str) -> Reply:
        """Refused as long as an active trigger calls it."""
        hook = self._webhooks.hooks[hook_id]
        if any(one.webhook_id == hook.id and one.active for one in self._webhooks.triggers.values()):
            return _refused("the webhook is connected to a trigger")
        del self._webhooks.hooks[hook_id]
        return Reply(204)

    def secret(self, request: Request, hook_id: str) -> Reply:
        """GET shows the signing secret; POST makes a new one, and the old one stops at once."""
        hook = self._webhooks.hooks[hook_id]
        if request.method == "POST":
            hook.secret = self._webhooks.new_secret()
        shown = {"signing_secret": {"secret": hook.secret, "algorithm": "SHA256"}}
        return Reply(201 if request.method == "POST" else 200, shown)

    def test(self, request: Request) -> Pending:
        """Sends what is asked for now, signed with the webhook's secret if one is named. Raises LookupError.

        The answer tells what the receiver answered; one that does not answer in time counts as 504.
        """
        asked = body_of(request, "request")
        named = request.query.get("webhook_id")
        endpoint, body = str(asked["endpoint"]), str(asked.get("payload", "")).encode()
        hook = self._webhooks.hooks[named] if named else _unsaved(self._webhooks.ulid(), endpoint)
        pending = Pending()
        delivery = Delivery(
            endpoint, body, lambda: self._webhooks.headers(hook, body), "test", webhook_id=hook.id
        )
        threading.Thread(target=self._carry, args=(delivery, pending), daemon=True).start()
        return pending

    def _carry(self, delivery: Delivery, pending: Pending) -> None:
        road = Road()
        try:
            attempt = road.carry(delivery, self._now(), self._oddities.timeout_s)
        finally:
            road.close()
        pending.answer(Reply(200, {"response": _response(attempt)}))

    def _subscriptions(self, asked: dict[str, Any]) -> tuple[str, ...]:
        """What is asked for, if this account takes it. Raises ValueError."""
        written = tuple(str(name) for name in asked.get("subscriptions") or ())
        for name in written:
            if bare(name).startswith("ticket.") and not self._oddities.ticket_events:
                raise ValueError(f"{name} is not supported for this account")
            if bare(name) in SLASHED and not self._is_spelled(name):
                raise ValueError(f"{name} is not a valid event type")
        return written

    def _is_spelled(self, name: str) -> bool:
        marks = {"colon": "zen:event-type:", "slash": "zen:event-type/", "either": "zen:event-type"}
        return name.startswith(marks[self._oddities.subscribe_as])


def webhook_json(hook: Webhook) -> dict[str, Any]:
    names = [name if "." not in name or name.startswith("zen:") else f"zen:event-type:{name}"
             for name in hook.written]  # fmt: skip
    return {
        "id": hook.id,
        "name": hook.name,
        "status": hook.status,
        "subscriptions": sorted(names),
        "created_at": seconds(hook.created_at) if hook.created_at else None,
        "created_by": "1",
        "endpoint": hook.endpoint,
        "http_method": hook.http_method,
        "request_format": hook.request_format,
    }


def _refused(detail: str) -> Reply:
    return Reply(400, {"errors": [{"code": "InvalidWebhook", "title": "Invalid webhook", "detail": detail}]})


def _unsaved(hook_id: str, endpoint: str) -> Webhook:
    return Webhook(hook_id, endpoint, frozenset(), PUBLIC_TEST_SECRET)


def _response(attempt: Attempt) -> dict[str, Any]:
    headers = [{"key": name, "value": value} for name, value in attempt.reply_headers.items()]
    payload = attempt.reply.decode("utf-8", "replace") or attempt.error
    return {"status_code": attempt.status or 504, "headers": headers, "payload": payload}
