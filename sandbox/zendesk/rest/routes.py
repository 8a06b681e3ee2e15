"""Which address of the REST API is answered by what."""

from __future__ import annotations

from sandbox.zendesk.rest.api import Endpoint, Routes
from sandbox.zendesk.rest.apps import AppsApi
from sandbox.zendesk.rest.exports import ExportsApi
from sandbox.zendesk.rest.fields import UserFields
from sandbox.zendesk.rest.jobs import JobsApi
from sandbox.zendesk.rest.tickets import TicketsApi
from sandbox.zendesk.rest.triggers import TriggersApi
from sandbox.zendesk.rest.users import UsersApi
from sandbox.zendesk.rest.webhooks import WebhooksApi


def route_users(routes: Routes, users: UsersApi, jobs: JobsApi) -> None:
    one = "/api/v2/users/{id}"
    routes.add("GET", "/api/v2/users/show_many", users.show_many)
    routes.add("GET", "/api/v2/users/search", users.search)
    routes.add("PUT", "/api/v2/users/update_many", jobs.update_many)
    routes.add("GET", "/api/v2/job_statuses/{key}", jobs.get)
    routes.add("GET", one, users.get)
    routes.add("PUT", one, users.put)
    routes.add("DELETE", one, users.delete)
    routes.add("GET", f"{one}/identities", users.identities)
    routes.add("POST", f"{one}/identities", users.add_identity)
    routes.add("PUT", f"{one}/identities/{{id}}/make_primary", users.make_primary)
    routes.add("DELETE", f"{one}/identities/{{id}}", users.remove_identity)
    routes.add("GET", f"{one}/related", users.related)
    routes.add("GET", f"{one}/tickets/requested", users.requested)
    routes.add("GET POST PUT DELETE", f"{one}/tags", users.tags)


def route_tickets(routes: Routes, tickets: TicketsApi, exports: ExportsApi) -> None:
    one = "/api/v2/tickets/{id}"
    routes.add("GET", "/api/v2/tickets/count", tickets.count)
    routes.add("GET", one, tickets.get)
    routes.add("PUT", one, tickets.put)
    routes.add("DELETE", one, tickets.delete)
    routes.add("GET POST PUT DELETE", f"{one}/tags", tickets.tags)
    routes.add("GET", "/api/v2/incremental/users/cursor", exports.users)
    routes.add("GET", "/api/v2/incremental/tickets/cursor", exports.tickets)


def route_webhooks(routes: Routes, webhooks: WebhooksApi, triggers: TriggersApi) -> None:
    hook, trigger = "/api/v2/webhooks/{key}", "/api/v2/triggers/{id}"
    routes.add("GET", "/api/v2/webhooks", webhooks.all)
    routes.add("POST", "/api/v2/webhooks", webhooks.add)
    routes.add("POST", "/api/v2/webhooks/test", webhooks.test)
    routes.add("GET", hook, webhooks.get)
    routes.add("PUT PATCH", hook, webhooks.change)
    routes.add("DELETE", hook, webhooks.delete)
    routes.add("GET POST", f"{hook}/signing_secret", webhooks.secret)
    routes.add("GET", "/api/v2/triggers", triggers.all)
    routes.add("POST", "/api/v2/triggers", triggers.add)
    routes.add("GET", trigger, triggers.get)
    routes.add("PUT", trigger, triggers.change)
    routes.add("DELETE", trigger, triggers.delete)
    routes.add("GET", "/api/v2/trigger_categories", triggers.categories)


def route_fields(routes: Routes, fields: UserFields, delete: Endpoint) -> None:
    routes.add("GET", "/api/v2/user_fields", fields.get)
    routes.add("POST", "/api/v2/user_fields", fields.post)
    routes.add("DELETE", "/api/v2/user_fields/{id}", delete)


def route_apps(routes: Routes, apps: AppsApi) -> None:
    installations = "/api/support/apps/installations"
    routes.add("POST", "/api/v2/apps/uploads", apps.upload)
    routes.add("POST", "/api/apps", apps.build)
    routes.add("PUT", "/api/v2/apps/{id}", apps.rebuild)
    routes.add("DELETE", "/api/v2/apps/{id}", apps.delete)
    routes.add("GET", "/api/v2/apps/job_statuses/{key}", apps.job)
    routes.add("GET", "/api/v2/apps/owned", apps.owned)
    routes.add("GET", "/api/v2/apps/{id}/public_key.pem", apps.key)
    routes.add("GET", "/api/v2/apps/installations", apps.installed)
    routes.add("GET", installations, apps.installed)
    routes.add("POST", installations, apps.install)
    routes.add("DELETE", f"{installations}/{{id}}", apps.uninstall)
