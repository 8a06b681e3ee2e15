"""All event types with an example of what their `event` part holds."""

from __future__ import annotations

from typing import Any

SCALAR = {"current": "after", "previous": "before"}
SWITCH = {"current": True, "previous": False}
IDENTITY = {"id": "7301", "primary": True, "type": "email", "value": "new@example.com"}
FIELD = {"id": "3601", "title": "Plan", "type": "text"}
COMMENT = {"id": "8801", "body": "Thank you", "is_public": True,
           "author": {"id": "77", "is_staff": True, "name": "Support"}}  # fmt: skip
ATTACHMENT = {"id": "9901", "content_type": "image/png", "filename": "screen.png", "is_public": True}
GROUP = {"group": {"id": "501"}}
ORGANIZATION = {"organization": {"id": "601"}}

USER_EVENTS: dict[str, dict[str, Any]] = {
    "created": {},
    "deleted": {},
    "active_changed": {"current": False, "previous": True},
    "merged": {"user": {"id": "6164069643199"}},
    "identity_changed": {"current": IDENTITY, "previous": {**IDENTITY, "value": "old@example.com"}},
    "identity_created": {"identity": {**IDENTITY, "primary": False}},
    "identity_deleted": {"identity": {**IDENTITY, "primary": False}},
    "tags_changed": {"added": {"tags": ["vip"]}, "removed": {"tags": ["trial"]}},
    "custom_field_changed": {**SCALAR, "field": FIELD},
    "role_changed": {"current": "agent", "previous": "end-user"},
    **dict.fromkeys(
        ("external_id_changed", "name_changed", "alias_changed", "details_changed", "notes_changed",
         "photo_changed", "custom_role_changed", "default_group_changed", "last_login_changed",
         "time_zone_changed"), SCALAR),
    "suspended_changed": SWITCH,
    "only_private_comments_changed": SWITCH,
    "password_changed": {},
    "group_membership_created": GROUP,
    "group_membership_deleted": GROUP,
    "organization_membership_created": ORGANIZATION,
    "organization_membership_deleted": ORGANIZATION,
}  # fmt: skip

PEOPLE = {"users_added": ["77"], "users_removed": []}

TICKET_EVENTS: dict[str, dict[str, Any]] = {
    "created": {}, "undeleted": {}, "soft_deleted": {}, "permanently_deleted": {}, "marked_as_spam": {},
    "merged": {"target_ticket_id": "1001"},
    "requester_changed": {"current": "6164069643162", "previous": "6164069643163"},
    "status_changed": {"current": "SOLVED", "previous": "OPEN"},
    **dict.fromkeys(
        ("custom_status_changed", "subject_changed", "priority_changed", "type_changed", "submitter_changed",
         "brand_changed", "form_changed", "organization_changed", "group_assignment_changed",
         "agent_assignment_changed", "external_id_changed", "description_changed", "problem_link_changed",
         "task_due_at_changed"), SCALAR),
    "tags_changed": {"tags_added": ["refund"], "tags_removed": []},
    "custom_field_changed": {"current": {"value": "after"}, "previous": {"value": "before"},
                             "custom_field": FIELD},
    "followers_changed": PEOPLE,
    "email_ccs_changed": PEOPLE,
    "comment_added": {"comment": COMMENT},
    "comment_made_private": {"comment": COMMENT},
    "attachment_linked_to_comment": {"comment": {**COMMENT, "attachment": ATTACHMENT}},
    "attachment_redacted_from_comment": {"comment": {**COMMENT, "attachment": ATTACHMENT}},
    "comment_redacted": {"comment": {"id": "8801"}},
    "csat_received": {"rating": "GOOD"},
    "csat_requested": {},
    "next_sla_breach_changed": {"current": None, "previous": None},
    "ola_policy_changed": SCALAR,
    "schedule_changed": SCALAR,
    "sla_policy_changed": SCALAR,
}  # fmt: skip

SLASHED = frozenset(("user.identity_changed", "user.identity_created", "user.merged"))
EVENT_TYPES: dict[str, dict[str, Any]] = {
    **{f"user.{name}": event for name, event in USER_EVENTS.items()},
    **{f"ticket.{name}": event for name, event in TICKET_EVENTS.items()},
}
CONDITIONAL = "conditional_ticket_events"


def bare(name: str) -> str:
    """`user.created` of any spelling, `zen:event-type:user.created` and `zen:event-type/…` included."""
    return name.removeprefix("zen:event-type:").removeprefix("zen:event-type/")
