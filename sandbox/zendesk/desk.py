"""What happens to tickets: each verb changes the record, tells the webhooks and fires the triggers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.events import upper
from sandbox.zendesk.people import People
from sandbox.zendesk.records import Ticket
from sandbox.zendesk.store import Store
from sandbox.zendesk.webhooks import Webhooks

ENUMS = frozenset(("status", "priority", "type"))
CHANGEABLE = frozenset(("status", "subject", "priority", "type", "external_id", "description"))


class Desk:
    """Verbs about tickets. All are thread-safe; LookupError for an unknown ticket or user."""

    def __init__(self, store: Store, webhooks: Webhooks, people: People, oddities: ZendeskOddities) -> None:
        self._store = store
        self._oddities = oddities
        self._webhooks = webhooks
        self._people = people

    def create_ticket(self, requester_id: int, *, subject: str | None = "Where is my order?",  # noqa: PLR0913 - keyword-only, all but the first optional
                      status: str = "open", public: bool = True, channel: str = "web",
                      tags: Iterable[str] = (), priority: str | None = None,
                      created_at: datetime | None = None) -> Ticket:  # fmt: skip
        """A new ticket, which gets its requester's tags too; `created_at` also dates its other times."""
        with self._store.lock:
            requester = self._store.user(requester_id)
            at = created_at or self._store.now()
            tags = sorted({*tags, *(requester.tags if self._oddities.user_tagging else ())})
            ticket = Ticket(self._store.new_ticket_id(), requester_id, at, at, at, subject, status, priority,
                            tags=tuple(tags), channel=channel, is_public=public)  # fmt: skip
            self._store.put_ticket(ticket)
            self._webhooks.tell_ticket("created", ticket)
            self._webhooks.fire_triggers(ticket, "Create")
            return ticket

    def update_ticket(self, ticket_id: int, **changes: Any) -> Ticket:
        """Changes status, subject, priority, type, external_id or description: one event for each."""
        if unknown := changes.keys() - CHANGEABLE:
            raise ValueError(f"not changed here: {', '.join(sorted(unknown))}")
        with self._store.lock:
            before = self._store.ticket(ticket_id)
            changes = {name: value for name, value in changes.items() if getattr(before, name) != value}
            if not changes:
                return before
            ticket = self._store.change_ticket(ticket_id, **changes)
            for name, value in changes.items():
                self._tell_change(name, ticket, value, getattr(before, name))
            self._webhooks.fire_triggers(ticket, "Change")
            return ticket

    def solve(self, ticket_id: int) -> Ticket:
        return self.update_ticket(ticket_id, status="solved")

    def change_requester(self, ticket_id: int, requester_id: int) -> Ticket:
        with self._store.lock:
            self._store.user(requester_id)
            before = self._store.ticket(ticket_id)
            ticket = self._store.change_ticket(ticket_id, requester_id=requester_id)
            self._tell_change("requester", ticket, str(requester_id), str(before.requester_id))
            self._webhooks.fire_triggers(ticket, "Change")
            return ticket

    def set_ticket_tags(self, ticket_id: int, tags: Iterable[str]) -> Ticket:
        with self._store.lock:
            before = self._store.ticket(ticket_id)
            after = tuple(sorted({tag.strip().lower() for tag in tags}))
            if after == tuple(sorted(before.tags)):
                return before
            ticket = self._store.change_ticket(ticket_id, tags=after)
            event = {"tags_added": [tag for tag in after if tag not in before.tags],
                     "tags_removed": [tag for tag in before.tags if tag not in after]}  # fmt: skip
            self._webhooks.tell_ticket("tags_changed", ticket, event)
            self._webhooks.fire_triggers(ticket, "Change")
            return ticket

    def add_comment(self, ticket_id: int, body: str, *, public: bool = True) -> Ticket:
        with self._store.lock:
            ticket = self._store.change_ticket(ticket_id)
            author = {"id": str(ticket.requester_id), "is_staff": False, "name": "Requester"}
            comment = {"id": str(8801), "body": body, "is_public": public, "author": author}
            self._webhooks.tell_ticket("comment_added", ticket, {"comment": comment})
            self._webhooks.fire_triggers(ticket, "Change")
            return ticket

    def delete_ticket(self, ticket_id: int) -> Ticket:
        """Soft-deletes: no trigger fires, REST answers 404, exports show status `deleted`."""
        return self._remove(ticket_id, "soft_deleted")

    def undelete_ticket(self, ticket_id: int) -> Ticket:
        with self._store.lock:
            before = self._store.ticket(ticket_id)
            status = before.status_before_deletion or "open"
            ticket = self._store.change_ticket(ticket_id, status=status, status_before_deletion=None)
            self._webhooks.tell_ticket("undeleted", ticket)
            return ticket

    def permanently_delete_ticket(self, ticket_id: int) -> None:
        with self._store.lock:
            ticket = replace(self._store.ticket(ticket_id), status="deleted", subject="SCRUBBED")
            self._webhooks.tell_ticket("permanently_deleted", ticket)
            self._store.erase_ticket(ticket_id)

    def mark_as_spam(self, ticket_id: int) -> Ticket:
        """The ticket goes and its requester is suspended."""
        with self._store.lock:
            ticket = self._remove(ticket_id, "marked_as_spam")
            self._people.suspend(ticket.requester_id)
            return ticket

    def merge_tickets(self, source_id: int, target_id: int) -> Ticket:
        """The source is closed and points to the target. The target."""
        with self._store.lock:
            before = self._store.ticket(source_id)
            source = self._store.change_ticket(source_id, status="closed")
            self._webhooks.tell_ticket("merged", source, {"target_ticket_id": str(target_id)})
            self._tell_change("status", source, "closed", before.status)
            return self.add_comment(target_id, f"Ticket {source_id} was merged into this one", public=False)

    def _remove(self, ticket_id: int, event: str) -> Ticket:
        with self._store.lock:
            before = self._store.ticket(ticket_id)
            ticket = self._store.change_ticket(
                ticket_id, status="deleted", status_before_deletion=before.status
            )
            self._webhooks.tell_ticket(event, ticket)
            return ticket

    def _tell_change(self, name: str, ticket: Ticket, current: Any, previous: Any) -> None:
        if name in ENUMS:
            current, previous = upper(current), upper(previous)
        self._webhooks.tell_ticket(f"{name}_changed", ticket, {"current": current, "previous": previous})
