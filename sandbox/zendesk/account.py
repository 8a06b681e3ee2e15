"""The account's credentials, and the points on which Zendesk's behaviour is not known: switches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.courier import Disorder


@dataclass(frozen=True, slots=True)
class ZendeskAccount:
    """Credentials of the one account. `token_life_s` is the life of an access token."""

    oauth_client_id: str = "bridge_sandbox"
    oauth_client_secret: str = "f1c2a9d04b7e4e1fa2c35d6b8e9f0a1b"  # noqa: S105 - the sandbox's own
    email: str = "admin@example.com"
    api_token: str = "r7Tn2Kq9Zp4Lw8Xv1Bc6Md3Fs5Hj0Gy"  # noqa: S105 - the sandbox's own
    account_id: int = 18525119
    token_life_s: int = 7200


@dataclass(slots=True)
class ZendeskOddities(Disorder):
    """Switches of the road (see `Disorder`) and of how Zendesk writes; each may be turned at any time.

    type_spelling: the three names Zendesk's table prints with a slash come so, or with a colon.
    identity_key: the key in identity_created and identity_deleted. field_key: in custom_field_changed.
    tags_as: `tags` in ticket events. no_id: "none" in user events. role_case: `role` in user events.
    pretty: bodies are indented by three spaces and end in a newline, as in the recorded delivery.
    email_change: one identity is edited, or a new one is made primary and the old one deleted.
    merged_subject: whom a user.merged event is about. merge_tells_tickets: events on merges.
    merged_loser: how REST answers for a user that was merged away.
    related_counts_deleted: deleted tickets are in requested_tickets. user_tagging: users have tags at all.
    tags_when_off: how a user's tags are answered without user tagging: none and no effect, 404, or 403.
    unknown_fields: values for user fields that do not exist are dropped without a word, or refused (422).
    dates_as: a user field of type date reads as `2026-11-22`, or as that day's first moment.
    inactive_update: how a write to a deleted or merged user is answered: 404, 422, or it takes effect.
    job_s: a bulk update takes effect that much later. job_errors_name: what a failed row is known by.
    our_role: who the credentials belong to; an agent is refused (403) what only admins may manage.
    ticket_events: webhooks may subscribe to ticket events; where not, one that asks for them is refused.
    subscribe_as: how a webhook must spell the three event types that Zendesk's table prints with a slash.
    category_needed: a trigger without category_id is refused (422).
    app_job_s: an app that was uploaded is there that much later.
    rate_headers: which spellings of the rate headers replies carry.
    export_page: how many records a page of an export has at most.
    replica_lag_s: REST shows records as they were that long ago.
    """

    type_spelling: Literal["colon", "slash"] = "colon"
    identity_key: Literal["identity", "current"] = "identity"
    field_key: Literal["field", "custom_field"] = "field"
    tags_as: Literal["list", "null", "string"] = "list"
    no_id: Literal["0", ""] = "0"
    role_case: Literal["lower", "upper"] = "lower"
    pretty: bool = True
    email_change: Literal["replaced", "edited"] = "replaced"
    merged_subject: Literal["loser", "winner"] = "loser"
    merge_tells_tickets: bool = False
    merged_loser: Literal["inactive", "missing"] = "inactive"
    related_counts_deleted: bool = False
    user_tagging: bool = True
    tags_when_off: Literal["ignored", "missing", "refused"] = "ignored"
    unknown_fields: Literal["dropped", "refused"] = "dropped"
    dates_as: Literal["day", "moment"] = "day"
    inactive_update: Literal["missing", "refused", "accepted"] = "missing"
    job_s: float = 0.0
    job_errors_name: Literal["both", "id", "index"] = "both"
    our_role: Literal["admin", "agent"] = "admin"
    ticket_events: bool = True
    subscribe_as: Literal["either", "colon", "slash"] = "either"
    category_needed: bool = False
    app_job_s: float = 0.0
    rate_headers: Literal["all", "x-rate-limit", "rate-limit", "ratelimit", "none"] = "all"
    export_page: int = 1000
    replica_lag_s: float = 0.0
