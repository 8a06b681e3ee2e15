"""Users and tickets as frozen records. A change is a new version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Identity:
    """One way to reach or recognise a user; `primary` is per type."""

    id: int
    value: str
    type: str = "email"
    primary: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class User:
    """One Zendesk user. A deleted or merged one is not active and has no identities."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    role: str = "end-user"
    active: bool = True
    suspended: bool = False
    external_id: str | None = None
    organization_id: int | None = None
    tags: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()
    user_fields: Mapping[str, Any] = field(default_factory=dict)
    merged_into: int | None = None

    @property
    def email(self) -> str | None:
        """The primary address."""
        return next((each.value for each in self.identities if each.type == "email" and each.primary), None)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket; status `deleted` is a soft-deleted one. `changed_at` moves on every change."""

    id: int
    requester_id: int
    created_at: datetime
    updated_at: datetime
    changed_at: datetime
    subject: str | None = None
    status: str = "open"
    priority: str | None = None
    type: str | None = None
    tags: tuple[str, ...] = ()
    channel: str = "web"
    is_public: bool = True
    description: str = ""
    external_id: str | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    status_before_deletion: str | None = None
