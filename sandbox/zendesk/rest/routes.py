"""Which address of the REST API is answered by what."""

from __future__ import annotations

from sandbox.zendesk.rest.admin import AdminApi
from sandbox.zendesk.rest.api import Routes
from sandbox.zendesk.rest.exports import ExportsApi
from sandbox.zendesk.rest.fields import UserFields
from sandbox.zendesk.rest.jobs import JobsApi
from sandbox.zendesk.rest.tickets import TicketsApi
from sandbox.zendesk.rest.users import UsersApi


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


def route_admin(routes: Routes, admin: AdminApi, fields: UserFields) -> None:
    hook, trigger = "/api/v2/webhooks/{key}", "/api/v2/triggers/{id}"
    routes.add("GET", "/api/v2/webhooks", admin.list_webhooks)
    routes.add("POST", "/api/v2/webhooks", admin.add_webhook)
    routes.add("GET", hook, admin.get_webhook)
    routes.add("PUT PATCH", hook, admin.change_webhook)
    routes.add("DELETE", hook, admin.delete_webhook)
    routes.add("GET POST", f"{hook}/signing_secret", admin.secret)
    routes.add("GET", "/api/v2/triggers", admin.list_triggers)
    routes.add("POST", "/api/v2/triggers", admin.add_trigger)
    routes.add("GET", trigger, admin.get_trigger)
    routes.add("PUT", trigger, admin.change_trigger)
    routes.add("DELETE", trigger, admin.delete_trigger)
    routes.add("GET", "/api/v2/trigger_categories", admin.categories)
    routes.add("GET", "/api/v2/user_fields", fields.get)
    routes.add("POST", "/api/v2/user_fields", fields.post)
