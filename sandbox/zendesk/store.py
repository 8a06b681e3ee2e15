"""Where users and tickets are kept, with their past, and the numbers new ones get."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, TypeVar

from sandbox.moments import History
from sandbox.zendesk.records import Ticket, User

T = TypeVar("T")
FIRST_USER = 6164069643162
FIRST_TICKET = 1001
FIRST_IDENTITY = 7301


class Store:
    """Users and tickets by id. `lock` is held around every verb and every REST answer."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.lock = RLock()
        self.users: dict[int, History[User]] = {}
        self.tickets: dict[int, History[Ticket]] = {}
        self.version = 0
        self._addresses: dict[str, int] = {}
        self._requested: dict[int, set[int]] = {}
        self._user_ids = itertools.count(FIRST_USER)
        self._ticket_ids = itertools.count(FIRST_TICKET)
        self._identity_ids = itertools.count(FIRST_IDENTITY)

    def new_user_id(self) -> int:
        return next(self._user_ids)

    def new_ticket_id(self) -> int:
        return next(self._ticket_ids)

    def new_identity_id(self) -> int:
        return next(self._identity_ids)

    def user(self, user_id: int) -> User:
        """The user as it is now. Raises LookupError."""
        record = self.users.get(user_id)
        user = record.latest() if record else None
        if user is None:
            raise LookupError(f"no user {user_id}")
        return user

    def ticket(self, ticket_id: int) -> Ticket:
        """The ticket as it is now, deleted ones included. Raises LookupError."""
        record = self.tickets.get(ticket_id)
        ticket = record.latest() if record else None
        if ticket is None:
            raise LookupError(f"no ticket {ticket_id}")
        return ticket

    def user_seen(self, user_id: int, *, ago_s: float) -> User | None:
        return _seen(self.users.get(user_id), self.now, ago_s)

    def ticket_seen(self, ticket_id: int, *, ago_s: float) -> Ticket | None:
        return _seen(self.tickets.get(ticket_id), self.now, ago_s)

    def holder(self, address: str) -> User | None:
        """The user who has this address, as primary or not."""
        user_id = self._addresses.get(address.strip().lower())
        return None if user_id is None else self.user(user_id)

    def tickets_of(self, user_id: int) -> list[Ticket]:
        """All tickets the user requested, deleted ones included, by id."""
        return [self.ticket(ticket_id) for ticket_id in sorted(self._requested.get(user_id, ()))]

    def put_user(self, user: User) -> User:
        record = self.users.setdefault(user.id, History())
        before = record.latest()
        for identity in before.identities if before else ():
            if identity.type == "email":
                self._addresses.pop(identity.value.lower(), None)
        for identity in user.identities:
            if identity.type == "email":
                self._addresses[identity.value.lower()] = user.id
        record.put(user, self.now())
        self.version += 1
        return user

    def change_user(self, user_id: int, **fields: Any) -> User:
        return self.put_user(replace(self.user(user_id), updated_at=self.now(), **fields))

    def erase_user(self, user_id: int) -> None:
        self.users[user_id].put(None, self.now())
        self.version += 1

    def put_ticket(self, ticket: Ticket) -> Ticket:
        record = self.tickets.setdefault(ticket.id, History())
        before = record.latest()
        if before is not None:
            self._requested[before.requester_id].discard(ticket.id)
        self._requested.setdefault(ticket.requester_id, set()).add(ticket.id)
        record.put(ticket, self.now())
        self.version += 1
        return ticket

    def change_ticket(self, ticket_id: int, **fields: Any) -> Ticket:
        at = self.now()
        return self.put_ticket(replace(self.ticket(ticket_id), updated_at=at, changed_at=at, **fields))

    def erase_ticket(self, ticket_id: int) -> None:
        ticket = self.ticket(ticket_id)
        self._requested[ticket.requester_id].discard(ticket_id)
        self.tickets[ticket_id].put(None, self.now())
        self.version += 1


def _seen(record: History[T] | None, now: Callable[[], datetime], ago_s: float) -> T | None:
    if record is None:
        return None
    return record.at(now() - timedelta(seconds=ago_s)) if ago_s else record.latest()
