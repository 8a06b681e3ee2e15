"""Users and tickets as Zendesk's REST API answers them, in the very spelling of the events.

A fact read from the API and the same fact told by an event are equal, or they would look like a change.
Characters that no ledger can store are left out here: a whole reply must not be lost for one of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas import spelling
from schemas.errors import Unreadable

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class UserRecord:
    """One Zendesk user. `active` is false once deleted; `tags` is None where the account has no user tags.

    `created_at` is ISO 8601, as the vars hold it; `updated_at` an aware moment, for comparing.
    """

    id: int
    email: str | None
    role: str | None
    active: bool
    created_at: str | None
    updated_at: datetime | None
    tags: tuple[str, ...] | None
    suspended: bool = False

    def as_fact(self) -> dict[str, Any]:
        """What a user event holds under `user`."""
        return {
            "id": self.id,
            "email": self.email,
            "role": self.role,
            "created_at": self.created_at,
            "updated_at": _iso(self.updated_at),
        }


@dataclass(frozen=True)
class TicketRecord:
    """One ticket. `subject` is empty unless the ticket is public. Times as in `UserRecord`."""

    id: int
    requester_id: int | None
    status: str | None
    subject: str
    channel: str
    created_at: str | None
    updated_at: datetime | None
    public: bool

    def as_fact(self) -> dict[str, Any]:
        """What a ticket event holds under `ticket`."""
        return {
            "id": self.id,
            "requester_id": self.requester_id,
            "status": self.status,
            "subject": self.subject,
            "channel": self.channel,
            "created_at": self.created_at,
            "updated_at": _iso(self.updated_at),
            "public": self.public,
        }


def user(record: Any) -> UserRecord:
    """Read one user. Raises `Unreadable`."""
    known = _object(record)
    tags = known.get("tags")
    return UserRecord(
        id=_id(known),
        email=spelling.address(_clean(known.get("email"))),
        role=spelling.role(_clean(known.get("role"))),
        active=known.get("active") is not False,
        created_at=spelling.iso_time(known.get("created_at")),
        updated_at=_moment(known.get("updated_at")),
        tags=None if tags is None else tuple(spelling.tags(_clean(tags))),
        suspended=known.get("suspended") is True,
    )


def ticket(record: Any) -> TicketRecord:
    """Read one ticket. Raises `Unreadable`."""
    known = _object(record)
    # what is not said to be public is private: its subject must not get into anybody's mail
    public = known.get("is_public") is True
    via = known.get("via")
    return TicketRecord(
        id=_id(known),
        requester_id=spelling.zendesk_id(known.get("requester_id")),
        status=spelling.status(_clean(known.get("status"))),
        subject=spelling.plain_text(_clean(known.get("subject"))) if public else "",
        channel=spelling.channel(_clean(via.get("channel"))) if isinstance(via, Mapping) else "",
        created_at=spelling.iso_time(known.get("created_at")),
        updated_at=_moment(known.get("updated_at")),
        public=public,
    )


def _object(record: Any) -> Mapping[str, Any]:
    if not isinstance(record, Mapping):
        raise Unreadable(f"{spelling.shown(record)} stands where a record belongs.")
    return record


def _id(record: Mapping[str, Any]) -> int:
    number = spelling.zendesk_id(record.get("id"))
    if number is None:
        raise Unreadable("The record has no id.")
    return number


def _moment(value: Any) -> datetime | None:
    return None if value is None or value == "" else spelling.moment(value)


def _iso(time: datetime | None) -> str | None:
    return None if time is None else spelling.iso(time)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return value
