"""What each type of Zendesk event is to us: one table.

The names are those of Zendesk's published lists. An unlisted one (organizations, help center, what comes next
year) is ignored like those that the table ignores: Zendesk adds types without asking.
"""

from __future__ import annotations

import re
from enum import Enum


class Meaning(Enum):
    """What is made of an event of some type."""

    #: Its `detail` holds the user; some types add what changed.
    USER = "user"
    #: Its `detail` holds the whole ticket as we keep it, whatever it was that changed.
    TICKET = "ticket"
    #: Nothing that we keep can have changed.
    IGNORED = "ignored"


_USER_TYPES = {
    "created": Meaning.USER,
    "deleted": Meaning.USER,
    "active_changed": Meaning.USER,
    "merged": Meaning.USER,
    "identity_changed": Meaning.USER,
    "identity_created": Meaning.USER,
    "identity_deleted": Meaning.USER,
    "tags_changed": Meaning.USER,
    "role_changed": Meaning.USER,
    "suspended_changed": Meaning.USER,
    # No fact is taken from a custom field: those we fill ourselves flow the other way.
    "custom_field_changed": Meaning.IGNORED,
    "external_id_changed": Meaning.IGNORED,
    "name_changed": Meaning.IGNORED,
    "alias_changed": Meaning.IGNORED,
    "details_changed": Meaning.IGNORED,
    "notes_changed": Meaning.IGNORED,
    "photo_changed": Meaning.IGNORED,
    "custom_role_changed": Meaning.IGNORED,
    "default_group_changed": Meaning.IGNORED,
    "last_login_changed": Meaning.IGNORED,
    "time_zone_changed": Meaning.IGNORED,
    "only_private_comments_changed": Meaning.IGNORED,
    "password_changed": Meaning.IGNORED,
    "group_membership_created": Meaning.IGNORED,
    "group_membership_deleted": Meaning.IGNORED,
    "organization_membership_created": Meaning.IGNORED,
    "organization_membership_deleted": Meaning.IGNORED,
}

_TICKET_TYPES = {
    "created": Meaning.TICKET,
    "undeleted": Meaning.TICKET,
    "soft_deleted": Meaning.TICKET,
    "permanently_deleted": Meaning.TICKET,
    "marked_as_spam": Meaning.TICKET,
    "merged": Meaning.TICKET,
    "requester_changed": Meaning.TICKET,
    "status_changed": Meaning.TICKET,
    "custom_status_changed": Meaning.TICKET,
    "subject_changed": Meaning.TICKET,
    "priority_changed": Meaning.TICKET,
    "type_changed": Meaning.TICKET,
    "submitter_changed": Meaning.TICKET,
    "brand_changed": Meaning.TICKET,
    "form_changed": Meaning.TICKET,
    "organization_changed": Meaning.TICKET,
    "group_assignment_changed": Meaning.TICKET,
    "agent_assignment_changed": Meaning.TICKET,
    "external_id_changed": Meaning.TICKET,
    "description_changed": Meaning.TICKET,
    "problem_link_changed": Meaning.TICKET,
    "task_due_at_changed": Meaning.TICKET,
    "tags_changed": Meaning.TICKET,
    "custom_field_changed": Meaning.TICKET,
    "followers_changed": Meaning.TICKET,
    "email_ccs_changed": Meaning.TICKET,
    "comment_added": Meaning.TICKET,
    "comment_made_private": Meaning.TICKET,
    "comment_redacted": Meaning.TICKET,
    "attachment_linked_to_comment": Meaning.TICKET,
    "attachment_redacted_from_comment": Meaning.TICKET,
    "csat_received": Meaning.TICKET,
    "csat_requested": Meaning.TICKET,
    # Service levels and schedules pass no update of the ticket itself, and come in great numbers.
    "next_sla_breach_changed": Meaning.IGNORED,
    "ola_policy_changed": Meaning.IGNORED,
    "schedule_changed": Meaning.IGNORED,
    "sla_policy_changed": Meaning.IGNORED,
}

MEANINGS: dict[str, Meaning] = {f"user.{name}": meaning for name, meaning in _USER_TYPES.items()} | {
    f"ticket.{name}": meaning for name, meaning in _TICKET_TYPES.items()
}

# Zendesk's table prints a slash in three of the names, and accepts subscriptions in either form.
_PREFIX = re.compile(r"zen:event-type[:/]")


def our_name(written: str) -> str:
    """A vendor's type in our spelling: `zen:event-type:user.created`, or with a slash, is `user.created`."""
    return _PREFIX.sub("", written, count=1) if _PREFIX.match(written) else written


def meaning(written: str) -> Meaning:
    """What a type, as Zendesk wrote it, is to us. Without its prefix it is none that we know."""
    return MEANINGS.get(our_name(written), Meaning.IGNORED) if _PREFIX.match(written) else Meaning.IGNORED


def is_kept(name: str) -> bool:
    """Whether an event of this type (in our spelling) is kept: `bridge setup` subscribes to these."""
    return MEANINGS.get(name, Meaning.IGNORED) is not Meaning.IGNORED
