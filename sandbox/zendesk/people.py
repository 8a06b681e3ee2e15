"""What happens to users: each verb changes the record and tells the webhooks, as Zendesk does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.events import identity_part
from sandbox.zendesk.records import Identity, User
from sandbox.zendesk.rest.fields import UserFields
from sandbox.zendesk.store import Store
from sandbox.zendesk.webhooks import Webhooks


class People:
    """Verbs about users. All are thread-safe; LookupError for an unknown user."""

    def __init__(
        self, store: Store, webhooks: Webhooks, fields: UserFields, oddities: ZendeskOddities
    ) -> None:
        self._store = store
        self._fields = fields
        self._tell = webhooks.tell_user
        self._tell_ticket = webhooks.tell_ticket
        self._oddities = oddities

    def create_user(self, email: str | None = None, *, name: str | None = None, tags: Iterable[str] = (),
                    role: str = "end-user", external_id: str | None = None,
                    created_at: datetime | None = None) -> User:  # fmt: skip
        """A new user; the address, if any, becomes the primary one. Raises ValueError when it is taken.

        `created_at` in the past also dates `updated_at`, so that exports show the user at once.
        """
        with self._store.lock:
            at = created_at or self._store.now()
            identities = () if email is None else (self._identity(email, primary=True),)
            user = self._store.put_user(
                User(self._store.new_user_id(), name or email or "Nameless", at, at, role,
                     external_id=external_id, tags=tuple(sorted(set(tags))), identities=identities)
            )  # fmt: skip
            self._tell("created", user)
            for identity in identities:
                self._tell("identity_created", user, {"identity": identity_part(identity)})
            return user

    def change_email(self, user_id: int, new: str) -> User:
        """The primary address becomes another one, and the old one is gone."""
        with self._store.lock:
            former = _primary(self._store.user(user_id))
            if former is not None and self._oddities.email_change == "edited":
                return self._edit_identity(user_id, former, new)
            added = self.add_identity(user_id, new)
            user = self.make_primary(user_id, added.id)
            return self.remove_identity(user_id, former.id) if former is not None else user

    def add_identity(self, user_id: int, value: str, *, kind: str = "email") -> Identity:
        """A further address (or phone number, …), not primary. Raises ValueError when it is taken."""
        with self._store.lock:
            identity = self._identity(value, kind=kind)
            user = self._store.user(user_id)
            user = self._store.change_user(user_id, identities=(*user.identities, identity))
            self._tell("identity_created", user, {"identity": identity_part(identity)})
            return identity

    def make_primary(self, user_id: int, identity_id: int) -> User:
        with self._store.lock:
            before = self._store.user(user_id)
            chosen = _identity_of(before, identity_id)
            former = _primary(before, chosen.type)
            identities = tuple(
                replace(each, primary=each.id == identity_id) if each.type == chosen.type else each
                for each in before.identities
            )
            user = self._store.change_user(user_id, identities=identities)
            event = {"current": identity_part(replace(chosen, primary=True)),
                     "previous": identity_part(former or chosen)}  # fmt: skip
            self._tell("identity_changed", user, event)
            return user

    def remove_identity(self, user_id: int, identity_id: int) -> User:
        with self._store.lock:
            before = self._store.user(user_id)
            gone = _identity_of(before, identity_id)
            left = tuple(each for each in before.identities if each.id != identity_id)
            user = self._store.change_user(user_id, identities=left)
            self._tell("identity_deleted", user, {"identity": identity_part(replace(gone, primary=False))})
            return user

    def add_tags(self, user_id: int, tags: Iterable[str]) -> User:
        with self._store.lock:
            return self.set_tags(user_id, {*self._store.user(user_id).tags, *tags})

    def remove_tags(self, user_id: int, tags: Iterable[str]) -> User:
        with self._store.lock:
            return self.set_tags(user_id, {*self._store.user(user_id).tags} - {*tags})

    def set_tags(self, user_id: int, tags: Iterable[str]) -> User:
        with self._store.lock:
            before = self._store.user(user_id)
            after = tuple(sorted({tag.strip().lower() for tag in tags}))
            if after == before.tags:
                return before
            user = self._store.change_user(user_id, tags=after)
            added = [tag for tag in after if tag not in before.tags]
            removed = [tag for tag in before.tags if tag not in after]
            self._tell("tags_changed", user, {"added": {"tags": added}, "removed": {"tags": removed}})
            return user

    def set_role(self, user_id: int, role: str) -> User:
        return self.change(user_id, "role", role)

    def rename(self, user_id: int, name: str) -> User:
        return self.change(user_id, "name", name)

    def suspend(self, user_id: int) -> User:
        return self.change(user_id, "suspended", value=True)

    def unsuspend(self, user_id: int) -> User:
        return self.change(user_id, "suspended", value=False)

    def change(self, user_id: int, field: str, value: Any) -> User:
        """Sets one plain field; the event is `user.<field>_changed`. The same value changes nothing."""
        with self._store.lock:
            previous = getattr(self._store.user(user_id), field)
            if previous == value:
                return self._store.user(user_id)
            user = self._store.change_user(user_id, **{field: value})
            self._tell(f"{field}_changed", user, {"current": value, "previous": previous})
            return user

    def set_user_field(self, user_id: int, key: str, value: Any) -> User:
        """Sets one custom field."""
        with self._store.lock:
            before = self._store.user(user_id).user_fields
            if before.get(key) == value:
                return self._store.user(user_id)
            user = self._store.change_user(user_id, user_fields={**before, key: value})
            event = {"current": value, "previous": before.get(key), "field": self._fields.about(key)}
            self._tell("custom_field_changed", user, event)
            return user

    def delete_user(self, user_id: int) -> User:
        """Soft-deletes: no longer active, addresses gone, the record stays."""
        with self._store.lock:
            user = self._store.change_user(user_id, active=False, identities=())
            self._tell("active_changed", user, {"current": False, "previous": True})
            self._tell("deleted", user)
            return user

    def permanently_delete_user(self, user_id: int) -> None:
        """Erases the record; there is no event for that, only those of the soft deletion before."""
        with self._store.lock:
            if self._store.user(user_id).active:
                self.delete_user(user_id)
            self._store.erase_user(user_id)

    def reactivate(self, user_id: int, email: str | None = None) -> User:
        """A deleted user is active again, with this address."""
        with self._store.lock:
            identities = () if email is None else (self._identity(email, primary=True),)
            user = self._store.change_user(user_id, active=True, identities=identities)
            self._tell("active_changed", user, {"current": True, "previous": False})
            for identity in identities:
                self._tell("identity_created", user, {"identity": identity_part(identity)})
            return user

    def merge_users(self, loser_id: int, winner_id: int) -> User:
        """The loser's addresses and tickets go to the winner; the loser is no longer active. The winner."""
        with self._store.lock:
            moved = tuple(replace(each, primary=False) for each in self._store.user(loser_id).identities)
            loser = self._store.change_user(loser_id, active=False, identities=(), merged_into=winner_id)
            winner = self._store.user(winner_id)
            winner = self._store.change_user(winner_id, identities=(*winner.identities, *moved))
            self._move_tickets(loser_id, winner_id)
            about_loser = self._oddities.merged_subject == "loser"
            subject, other = (loser, winner) if about_loser else (winner, loser)
            self._tell("merged", subject, {"user": {"id": str(other.id)}})
            return winner

    def _move_tickets(self, loser_id: int, winner_id: int) -> None:
        for ticket in self._store.tickets_of(loser_id):
            moved = self._store.change_ticket(ticket.id, requester_id=winner_id)
            if self._oddities.merge_tells_tickets:
                event = {"current": str(winner_id), "previous": str(loser_id)}
                self._tell_ticket("requester_changed", moved, event)

    def _edit_identity(self, user_id: int, former: Identity, new: str) -> User:
        self._refuse_taken(new)
        edited = replace(former, value=new)
        identities = tuple(
            edited if each.id == former.id else each for each in self._store.user(user_id).identities
        )
        user = self._store.change_user(user_id, identities=identities)
        event = {"current": identity_part(edited), "previous": identity_part(former)}
        self._tell("identity_changed", user, event)
        return user

    def _identity(self, value: str, *, kind: str = "email", primary: bool = False) -> Identity:
        if kind == "email":
            self._refuse_taken(value)
        return Identity(self._store.new_identity_id(), value, kind, primary, self._store.now())

    def _refuse_taken(self, address: str) -> None:
        if self._store.holder(address) is not None:
            raise ValueError(f"{address} belongs to a user already")


def _primary(user: User, kind: str = "email") -> Identity | None:
    return next((each for each in user.identities if each.type == kind and each.primary), None)


def _identity_of(user: User, identity_id: int) -> Identity:
    identity = next((each for each in user.identities if each.id == identity_id), None)
    if identity is None:
        raise LookupError(f"user {user.id} has no identity {identity_id}")
    return identity
