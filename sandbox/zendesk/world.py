"""Zendesk as a test sees it: domain verbs, deliveries, faults, and the server in front."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.agent_view import AgentView
from sandbox.courier import Delivery
from sandbox.quota import Quota
from sandbox.web.control import Control
from sandbox.web.front import Front
from sandbox.web.messages import Pending, Reply, Request
from sandbox.zendesk.account import ZendeskAccount, ZendeskOddities
from sandbox.zendesk.apps import Apps
from sandbox.zendesk.catalogue import bare
from sandbox.zendesk.desk import Desk
from sandbox.zendesk.events import ticket_detail, user_detail
from sandbox.zendesk.people import People
from sandbox.zendesk.records import Ticket, User
from sandbox.zendesk.rest.api import Api, Routes, read_params
from sandbox.zendesk.rest.apps import AppsApi
from sandbox.zendesk.rest.auth import Tokens
from sandbox.zendesk.rest.exports import ExportsApi
from sandbox.zendesk.rest.fields import UserFields
from sandbox.zendesk.rest.jobs import JobsApi
from sandbox.zendesk.rest.limits import LIMITS
from sandbox.zendesk.rest.routes import (
    route_apps,
    route_fields,
    route_tickets,
    route_users,
    route_webhooks,
)
from sandbox.zendesk.rest.tickets import TicketsApi
from sandbox.zendesk.rest.triggers import TriggersApi
from sandbox.zendesk.rest.users import UsersApi
from sandbox.zendesk.rest.webhooks import WebhooksApi
from sandbox.zendesk.store import Store
from sandbox.zendesk.webhooks import Rendered, Webhook, Webhooks

VERBS = (
    "create_user", "change_email", "add_identity", "make_primary", "remove_identity", "add_tags",
    "remove_tags", "set_tags", "set_role", "rename", "suspend", "unsuspend", "set_user_field", "delete_user",
    "permanently_delete_user", "reactivate", "merge_users", "create_ticket", "update_ticket", "solve",
    "change_requester", "set_ticket_tags", "add_comment", "delete_ticket", "undelete_ticket",
    "permanently_delete_ticket", "mark_as_spam", "merge_tickets", "subscribe", "add_user_field",
    "remove_user_field", "flush", "wait_idle", "expire_tokens", "fail_jobs", "forget_jobs", "set_latency",
    "set_limit", "set_oddity", "lift_quota", "forget_calls", "install_app",
)  # fmt: skip


HasBase = UsersApi | TicketsApi | ExportsApi | JobsApi | WebhooksApi | TriggersApi | AppsApi | UserFields


class Zendesk:
    """One Zendesk account. Verbs are things people do in Zendesk; all are thread-safe."""

    def __init__(self, now: Callable[[], datetime], *, port: int = 0, account: ZendeskAccount | None = None,
                 seed: int = 0) -> None:  # fmt: skip
        self.account = account or ZendeskAccount()
        self.oddities = ZendeskOddities(seed=seed)
        self.quota = Quota(now, LIMITS)
        self.user_fields = UserFields(self.oddities)
        self.webhooks = Webhooks(self.account, self.oddities, now, seed=seed)
        self._now = now
        self._store = Store(now)
        self._tokens = Tokens(self.account, now, seed)
        people = People(self._store, self.webhooks, self.user_fields, self.oddities)
        self._take_verbs(people)
        self.apps = Apps(self.oddities, now)
        self._agent_view = AgentView(self._store, people, now, self.apps)
        self.install_app = self._agent_view.install_app
        front = self._front(port)
        self.server = front.server
        self.calls = front.calls
        self.faults = front.faults
        self.hold = front.faults.hold

    def _take_verbs(self, people: People) -> None:  # noqa: PLR0915 - one line for each verb
        desk = Desk(self._store, self.webhooks, people, self.oddities)
        users = UsersApi(self._store, people, fields=self.user_fields, quota=self.quota,
                         oddities=self.oddities)  # fmt: skip
        self._desk, self._users = desk, users
        self._jobs = JobsApi(users, self._store, self.oddities)
        self.create_user = people.create_user
        self.change_email = people.change_email
        self.add_identity = people.add_identity
        self.make_primary = people.make_primary
        self.remove_identity = people.remove_identity
        self.add_tags = people.add_tags
        self.remove_tags = people.remove_tags
        self.set_tags = people.set_tags
        self.set_role = people.set_role
        self.rename = people.rename
        self.suspend = people.suspend
        self.unsuspend = people.unsuspend
        self.set_user_field = people.set_user_field
        self.delete_user = people.delete_user
        self.permanently_delete_user = people.permanently_delete_user
        self.reactivate = people.reactivate
        self.merge_users = people.merge_users
        self.create_ticket = desk.create_ticket
        self.update_ticket = desk.update_ticket
        self.solve = desk.solve
        self.change_requester = desk.change_requester
        self.set_ticket_tags = desk.set_ticket_tags
        self.add_comment = desk.add_comment
        self.delete_ticket = desk.delete_ticket
        self.undelete_ticket = desk.undelete_ticket
        self.permanently_delete_ticket = desk.permanently_delete_ticket
        self.mark_as_spam = desk.mark_as_spam
        self.merge_tickets = desk.merge_tickets
        self.subscribe = self.webhooks.subscribe
        self.add_user_field = self.user_fields.add
        self.fail_jobs = self._jobs.fail_jobs
        self.expire_tokens = self._tokens.expire
        self.lift_quota = self.quota.lift

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that was to be delivered so far, oldest first, with its attempts."""
        return list(self.webhooks.courier.log)

    @property
    def latency_s(self) -> float:
        """How long every answer takes; the request takes effect at once."""
        return self.server.latency_s

    @latency_s.setter
    def latency_s(self, value: float) -> None:
        self.server.latency_s = value

    def flush(self) -> None:
        """Every delivery and every bulk update that waits is due now."""
        with self._store.lock:
            self._jobs.finish()
        self.webhooks.courier.flush()

    def wait_idle(self, timeout_s: float = 10.0) -> None:
        """Returns when every delivery has ended. Raises TimeoutError."""
        self._settle()
        self.webhooks.courier.wait_idle(timeout_s)

    def _settle(self) -> None:
        with self._store.lock:
            self._jobs.settle()

    def forget_jobs(self) -> None:
        """Bulk updates are carried out, but nobody can ask about them any more."""
        with self._store.lock:
            self._jobs.forget_jobs()

    def remove_user_field(self, key: str) -> None:
        """An admin deletes a user field, and with it what users had in it."""
        with self._store.lock:
            self.user_fields.by_key.pop(key)
            for record in list(self._store.users.values()):
                user = record.latest()
                if user is not None and key in user.user_fields:
                    left = {name: value for name, value in user.user_fields.items() if name != key}
                    self._store.put_user(replace(user, user_fields=left))

    def user(self, user_id: int) -> User:
        """The user as it surely is now. Raises LookupError."""
        with self._store.lock:
            self._jobs.settle()
            return self._store.user(user_id)

    def user_at(self, address: str) -> User:
        """The user who has this address. Raises LookupError."""
        with self._store.lock:
            found = self._store.holder(address)
        if found is None:
            raise LookupError(f"nobody has {address}")
        return found

    def ticket(self, ticket_id: int) -> Ticket:
        """The ticket as it surely is now, deleted ones included. Raises LookupError."""
        with self._store.lock:
            return self._store.ticket(ticket_id)

    def tickets_of(self, user_id: int) -> list[Ticket]:
        """The tickets the user requested, deleted ones included."""
        with self._store.lock:
            return self._store.tickets_of(user_id)

    def render(self, name: str, subject_id: int, *, event: Mapping[str, Any] | None = None,  # noqa: PLR0913 - keyword-only, all but the first optional
               detail: Mapping[str, Any] | None = None, at: datetime | None = None,
               event_id: str | None = None, webhook: Webhook | None = None) -> Rendered:  # fmt: skip
        """The signed delivery of one event, unsent; nothing changes.

        `subject_id` may be unknown here: then a plausible record is invented. `detail` replaces single
        entries of it; without `event` an example of that type is used. `webhook` signs (default: the one
        that subscribed to the type).
        """
        at = at or self._now()
        shown = {**self._detail(bare(name), subject_id, at), **(detail or {})}
        return self.webhooks.render(name, shown, event, at=at, hook=webhook,
                                    event_id=event_id or self.webhooks.event_id())  # fmt: skip

    def render_trigger(self, body: bytes, webhook: Webhook) -> Rendered:
        """A signed delivery of any body to the webhook, unsent."""
        return Rendered(webhook.endpoint, self.webhooks.headers(webhook, body), body)

    def set_latency(self, seconds: float) -> None:
        self.latency_s = seconds

    def set_limit(self, name: str, per_minute: int | None) -> None:
        """`account` or `incremental`: requests per wall-clock minute; None: no limit."""
        self.quota.limits[name] = per_minute

    def set_oddity(self, name: str, value: Any) -> None:
        getattr(self.oddities, name)
        setattr(self.oddities, name, value)

    def forget_calls(self) -> None:
        self.calls.forget()

    def stop(self) -> None:
        self.webhooks.courier.stop()
        self.server.stop()

    def _detail(self, name: str, subject_id: int, at: datetime) -> dict[str, Any]:
        with self._store.lock:
            if name.startswith("user."):
                known = self._store.user_seen(subject_id, ago_s=0)
                user = known or User(subject_id, "Invented", at, at)
                return user_detail(user, self.oddities)
            seen = self._store.ticket_seen(subject_id, ago_s=0)
            ticket = seen or Ticket(subject_id, 6164069643162, at, at, at, "Invented")
            return ticket_detail(ticket, actor_id=None, oddities=self.oddities)

    def _front(self, port: int) -> Front:
        routes = Routes()
        apis = self._routed(routes)
        api = Api(self.account, self.oddities, store=self._store, quota=self.quota, tokens=self._tokens,
                  routes=routes)  # fmt: skip

        def answer(request: Request) -> Reply | Pending:
            self._settle()
            return self._agent_view.answer(request) or api.answer(request)

        control = Control({name: getattr(self, name) for name in VERBS}, self._state)
        front = Front(answer, read_params, now=self._now, control=control, port=port)
        self._agent_view.base = front.server.url
        for each in apis:
            each.base = front.server.url
        return front

    def _routed(self, routes: Routes) -> tuple[HasBase, ...]:
        tickets = TicketsApi(self._store, self._desk, quota=self.quota, oddities=self.oddities)
        exports = ExportsApi(self._store, self.user_fields, self.oddities)
        webhooks = WebhooksApi(self.webhooks, self.oddities, self._now)
        triggers = TriggersApi(self.webhooks, self.oddities)
        apps = AppsApi(self.apps)
        route_users(routes, self._users, self._jobs)
        route_tickets(routes, tickets, exports)
        route_webhooks(routes, webhooks, triggers)
        route_fields(routes, self.user_fields, self._delete_field)
        route_apps(routes, apps)
        return (self._users, tickets, exports, self._jobs, webhooks, triggers, apps, self.user_fields)

    def _delete_field(self, _request: Request, field_id: str) -> Reply:
        self.remove_user_field(self.user_fields.key_of(int(field_id)))
        return Reply(204)

    def _state(self) -> Any:
        with self._store.lock:
            self._jobs.settle()
            users = [user for record in self._store.users.values() if (user := record.latest()) is not None]
            tickets = [ticket for record in self._store.tickets.values()
                       if (ticket := record.latest()) is not None]  # fmt: skip
        return {"users": users, "tickets": tickets, "webhooks": list(self.webhooks.hooks.values()),
                "deliveries": len(self.deliveries), "refused": self.quota.refused,
                "user_fields": list(self.user_fields.by_key), "calls": len(self.calls),
                "calls_by_kind": self.calls.kinds()}  # fmt: skip
