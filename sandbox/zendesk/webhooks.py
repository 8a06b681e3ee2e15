"""Webhooks and triggers: who is told, with which signature, and when Zendesk tries again."""

from __future__ import annotations

import base64
import itertools
import random
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.courier import Attempt, Courier, Delivery
from sandbox.moments import seconds
from sandbox.zendesk import events, signing
from sandbox.zendesk.account import ZendeskAccount, ZendeskOddities
from sandbox.zendesk.catalogue import CONDITIONAL, EVENT_TYPES, bare
from sandbox.zendesk.records import Ticket, User

TEMPLATE = (
    '{"ticket_id": "{{ticket.id}}", "requester_id": "{{ticket.requester.id}}", "status": "{{ticket.status}}",'
    ' "updated_at": "{{ticket.updated_at_with_timestamp}}"}'
)
ULID_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RETRIES_OF_409 = 3
RETRIES_OF_TIMEOUT = 5
RETRIES_OF_BUSY = 5
LONGEST_RETRY_AFTER_S = 60


@dataclass(slots=True)
class Webhook:
    """Where deliveries go. `subscriptions` are bare event names, or `conditional_ticket_events` alone."""

    id: str
    endpoint: str
    subscriptions: frozenset[str]
    secret: str
    name: str = "webhook"
    status: str = "active"
    created_at: datetime | None = None
    request_format: str = "json"
    http_method: str = "POST"
    written: tuple[str, ...] = ()  # the subscriptions as they were asked for


@dataclass(slots=True)
class Trigger:
    """Sends a webhook's body when a ticket is created or changed."""

    id: int
    title: str
    webhook_id: str
    template: str = TEMPLATE
    update_types: frozenset[str] = frozenset(("Create", "Change"))
    active: bool = True
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A signed delivery that was not sent."""

    url: str
    headers: dict[str, str]
    body: bytes


def retry_wait(delivery: Delivery, attempt: Attempt) -> float | None:
    """Seconds until Zendesk tries again; None: it does not. A 500 or 502 is not tried again."""
    tried = len(delivery.attempts)
    if attempt.status == 409 and tried <= RETRIES_OF_409:
        return 1.0
    if attempt.error == "timeout" and tried <= RETRIES_OF_TIMEOUT:
        return 1.0
    if attempt.status in (429, 503) and tried <= RETRIES_OF_BUSY:
        asked = {name.lower(): value for name, value in attempt.reply_headers.items()}.get("retry-after", "")
        return float(asked) if asked.isdigit() and int(asked) < LONGEST_RETRY_AFTER_S else None
    return None


class Webhooks:
    """Registered webhooks and triggers; turns what happened into signed deliveries."""

    def __init__(self, account: ZendeskAccount, oddities: ZendeskOddities, now: Callable[[], datetime], *,
                 seed: int = 0) -> None:  # fmt: skip
        self.hooks: dict[str, Webhook] = {}
        self.triggers: dict[int, Trigger] = {}
        self.courier = Courier(oddities, retry_wait, now)
        self._account = account
        self._oddities = oddities
        self._now = now
        self._random = random.Random(seed)  # noqa: S311 - ids of a stand-in
        self._positions: dict[int, int] = {}
        self._trigger_ids = itertools.count(4201)

    def subscribe(self, endpoint: str, subscriptions: Iterable[str], *, secret: str | None = None,
                  template: str = TEMPLATE) -> Webhook:  # fmt: skip
        """A new active webhook; for `conditional_ticket_events` a trigger with this template comes along.

        Raises ValueError for a name that is no event type, or the two kinds mixed.
        """
        hook = self.add(endpoint, subscriptions, secret=secret)
        if CONDITIONAL in hook.subscriptions:
            self.add_trigger("Tell the webhook", hook.id, template)
        return hook

    def add(self, endpoint: str, subscriptions: Iterable[str], *, secret: str | None = None) -> Webhook:
        """A new active webhook and nothing else. Raises ValueError as `subscribe`."""
        written = tuple(subscriptions)
        hook = Webhook(self.ulid(), endpoint, known_types(written), secret or self.new_secret(),
                       created_at=self._now(), written=written)  # fmt: skip
        self.hooks[hook.id] = hook
        return hook

    def add_trigger(self, title: str, webhook_id: str, template: str = TEMPLATE, *,
                    update_types: frozenset[str] = frozenset(("Create", "Change"))) -> Trigger:  # fmt: skip
        trigger = Trigger(next(self._trigger_ids), title, webhook_id, template, update_types)
        self.triggers[trigger.id] = trigger
        return trigger

    def new_secret(self) -> str:
        """44 base64 characters, as Zendesk's secrets are."""
        return base64.b64encode(self._random.randbytes(32)).decode()

    def ulid(self) -> str:
        return "01" + "".join(self._random.choices(ULID_SIGNS, k=24))

    def tell_user(self, name: str, user: User, event: Mapping[str, Any] | None = None) -> None:
        """Something happened to a user."""
        self._tell(f"user.{name}", events.user_detail(user, self._oddities), event or {})

    def tell_ticket(self, name: str, ticket: Ticket, event: Mapping[str, Any] | None = None) -> None:
        """Something happened to a ticket."""
        detail = events.ticket_detail(ticket, actor_id=None, oddities=self._oddities)
        self._tell(f"ticket.{name}", detail, {**(event or {}), "meta": self._meta(ticket.id)})

    def fire_triggers(self, ticket: Ticket, update_type: str) -> None:
        """`Create` or `Change`: every active trigger for it sends its filled template."""
        for trigger in list(self.triggers.values()):
            hook = self.hooks.get(trigger.webhook_id)
            fires = trigger.active and update_type in trigger.update_types
            if fires and hook is not None and hook.status == "active":
                self._send(hook, fill(trigger.template, ticket).encode(), CONDITIONAL, "")

    def render(self, name: str, detail: Mapping[str, Any], event: Mapping[str, Any] | None, *,
               at: datetime, event_id: str, hook: Webhook | None = None) -> Rendered:  # fmt: skip
        """The signed delivery of an event, unsent; signed by `hook`, else by the first that subscribed."""
        name = bare(name)
        happened = EVENT_TYPES[name] if event is None else event
        if name.startswith("ticket."):
            happened = {**happened, "meta": self._meta(int(detail["id"]))}
        body = events.encode(self._envelope(name, detail, happened, at, event_id), self._oddities)
        hook = hook or self._subscribed(name) or Webhook(self.ulid(), "", frozenset(), self.new_secret())
        return Rendered(hook.endpoint, self.headers(hook, body), body)

    def headers(self, hook: Webhook, body: bytes, *, invocation_id: str | None = None) -> dict[str, str]:
        """Signed headers for a body sent now."""
        return signing.headers(
            hook.secret,
            body,
            timestamp=seconds(self._now()),
            webhook_id=hook.id,
            invocation_id=invocation_id or self.ulid(),
            account_id=self._account.account_id,
        )

    def event_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _tell(self, name: str, detail: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        hooks = [
            hook for hook in self.hooks.values() if name in hook.subscriptions and hook.status == "active"
        ]
        if not hooks:
            return
        event_id = self.event_id()
        body = events.encode(self._envelope(name, detail, event, self._now(), event_id), self._oddities)
        for hook in hooks:
            self._send(hook, body, name, event_id)

    def _envelope(self, name: str, detail: Mapping[str, Any], event: Mapping[str, Any], at: datetime,
                  event_id: str) -> dict[str, Any]:  # fmt: skip
        return events.envelope(name, detail, event, at=at, event_id=event_id,
                               account_id=self._account.account_id, oddities=self._oddities)  # fmt: skip

    def _send(self, hook: Webhook, body: bytes, name: str, event_id: str) -> None:
        invocation_id = self.ulid()
        self.courier.send(
            Delivery(
                hook.endpoint,
                body,
                lambda: self.headers(hook, body, invocation_id=invocation_id),
                name,
                event_id,
                hook.id,
            )
        )

    def _subscribed(self, name: str) -> Webhook | None:
        return next((hook for hook in self.hooks.values() if name in hook.subscriptions), None)

    def _meta(self, ticket_id: int) -> dict[str, Any]:
        position = self._positions[ticket_id] = self._positions.get(ticket_id, 0) + 1
        return {"sequence": {"id": f"{ticket_id:026x}", "position": position}}


def known_types(subscriptions: Iterable[str]) -> frozenset[str]:
    """The bare names of what is subscribed. Raises ValueError as `Webhooks.subscribe`."""
    names = frozenset(bare(name) for name in subscriptions)
    if not names or (CONDITIONAL in names and len(names) > 1):
        raise ValueError("conditional_ticket_events stands alone, and something must be subscribed")
    if unknown := names - {CONDITIONAL} - EVENT_TYPES.keys():
        raise ValueError(f"unknown event types: {', '.join(sorted(unknown))}")
    return names


def fill(template: str, ticket: Ticket) -> str:
    """A trigger's template with its placeholders as plain, unescaped text."""
    values = {
        "ticket.id": str(ticket.id),
        "ticket.requester.id": str(ticket.requester_id),
        "ticket.status": ticket.status.title(),
        "ticket.title": ticket.subject or "",
        "ticket.updated_at_with_timestamp": seconds(ticket.updated_at),
        "ticket.created_at_with_timestamp": seconds(ticket.created_at),
    }
    for name, value in values.items():
        template = template.replace("{{" + name + "}}", value)
    return template
