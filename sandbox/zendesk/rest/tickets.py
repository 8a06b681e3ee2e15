"""REST of tickets: reading, changing, tags."""

from __future__ import annotations

from sandbox.quota import Quota
from sandbox.web.messages import Reply, Request
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.desk import CHANGEABLE, Desk
from sandbox.zendesk.records import Ticket
from sandbox.zendesk.rest.errors import invalid, not_found
from sandbox.zendesk.rest.limits import charge_ticket
from sandbox.zendesk.rest.show import ticket_json
from sandbox.zendesk.rest.users import body_of
from sandbox.zendesk.store import Store


class TicketsApi:
    """Answers below /api/v2/tickets. Called under the store's lock; a deleted ticket is not found."""

    def __init__(self, store: Store, desk: Desk, *, quota: Quota, oddities: ZendeskOddities) -> None:
        self._store = store
        self._quota = quota
        self._desk = desk
        self._oddities = oddities
        self.base = ""

    def get(self, _request: Request, ticket_id: str) -> Reply:
        return Reply(200, {"ticket": ticket_json(self._seen(ticket_id), self.base)})

    def put(self, request: Request, ticket_id: str) -> Reply:
        self._open(ticket_id)
        asked = body_of(request, "ticket")
        changes = {name: value for name, value in asked.items() if name in CHANGEABLE}
        ticket = self._desk.update_ticket(int(ticket_id), **changes)
        if "requester_id" in asked:
            ticket = self._desk.change_requester(ticket.id, int(asked["requester_id"]))
        return Reply(200, {"ticket": ticket_json(ticket, self.base)})

    def delete(self, _request: Request, ticket_id: str) -> Reply:
        self._seen(ticket_id)
        self._desk.delete_ticket(int(ticket_id))
        return Reply(204)

    def count(self, _request: Request) -> Reply:
        live = sum(
            ticket.status != "deleted"
            for record in self._store.tickets.values()
            if (ticket := record.latest()) is not None
        )
        return Reply(200, {"count": {"value": live, "refreshed_at": self._store.now().isoformat()}})

    def tags(self, request: Request, ticket_id: str) -> Reply:
        """GET shows; POST replaces, PUT adds, DELETE removes."""
        ticket = self._seen(ticket_id) if request.method == "GET" else self._open(ticket_id)
        if request.method != "GET":
            asked = {str(tag) for tag in body_of(request, "tags", kind=list)}
            wanted = {
                "POST": asked,
                "PUT": asked | {*ticket.tags},
                "DELETE": {*ticket.tags} - asked,
            }[request.method]
            ticket = self._desk.set_ticket_tags(ticket.id, wanted)
        return Reply(201 if request.method == "POST" else 200, {"tags": list(ticket.tags)})

    def _open(self, ticket_id: str) -> Ticket:
        """The ticket, which may be changed. Raises RestError: 404, 429, or 422 for a closed one."""
        ticket = self._seen(ticket_id)
        charge_ticket(self._quota)
        if self._store.ticket(ticket.id).status == "closed":
            raise invalid("status", "Status: closed prevents ticket update")
        return ticket

    def _seen(self, ticket_id: str) -> Ticket:
        ticket = self._store.ticket_seen(int(ticket_id), ago_s=self._oddities.replica_lag_s)
        if ticket is None or ticket.status == "deleted":
            raise not_found()
        return ticket
