"""What an installation needs in its Zendesk account: names, addresses, event types, texts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bridge.remotes.zendesk_admin import TriggerForm
from schemas.zendesk_types import MEANINGS, is_kept, our_name

EVENTS, TRIGGERS = "webhook.events", "webhook.triggers"
WEBHOOKS = (EVENTS, TRIGGERS)
CREATED, UPDATED = "trigger.created", "trigger.updated"
APP, INSTALLED = "app", "app.installation"
FIELD = "field."
# Of a webhook that is being replaced: the one that comes, and the one that goes.
TWIN, RETIRED = ".twin", ".retired"

# Nobody says which spelling of these a subscription takes; Zendesk's own table prints a slash.
SLASHED = frozenset(("user.identity_changed", "user.identity_created", "user.merged"))
CONDITIONAL = ("conditional_ticket_events",)
HOOKS = {EVENTS: "zendesk/events", TRIGGERS: "zendesk/triggers"}
BODY = (
    '{"ticket_id": "{{ticket.id}}", "requester_id": "{{ticket.requester.id}}", '
    '"status": "{{ticket.status}}", "updated_at": "{{ticket.updated_at_with_timestamp}}"}'
)
UPDATE_TYPES = {CREATED: "Create", UPDATED: "Change"}


@dataclass(frozen=True)
class FieldWanted:
    """A user field; `type` is the vendor's word."""

    key: str
    type: str
    title: str
    description: str

    @property
    def part(self) -> str:
        """What the record calls it."""
        return f"{FIELD}{self.key}"


@dataclass(frozen=True)
class Asked:
    """What the operator wants for the installation `name`, whose receiver is at `url`.

    `triggers`: even where the account has ticket events. `package`: the sidebar app's, None without it.
    """

    name: str
    url: str
    triggers: bool = False
    fields: tuple[FieldWanted, ...] = ()
    package: bytes | None = None


def endpoint(asked: Asked, part: str) -> str:
    """Where a webhook sends to."""
    return f"{asked.url}/hooks/{asked.name}/{HOOKS[part]}"


def webhook_name(name: str, part: str) -> str:
    """What a webhook is called in Zendesk; a text that all of an installation's begin with comes first."""
    return f"{title(name)}: {'events' if part == EVENTS else 'tickets'}"


def title(name: str) -> str:
    """What everything of an installation is called in Zendesk."""
    return f"Sailthru bridge ({name})"


def app_name(name: str) -> str:
    """What the sidebar app is called among the account's apps."""
    return f"Sailthru ({name})"


def trigger_form(name: str, part: str, webhook_id: str) -> TriggerForm:
    """A trigger that tells the webhook of every new ticket, or of every changed one."""
    verb = "created" if part == CREATED else "updated"
    return TriggerForm(
        f"{title(name)}: ticket {verb}",
        "Tells the Sailthru bridge which ticket to read. Made by bridge setup.",
        webhook_id,
        BODY,
        UPDATE_TYPES[part],
    )


def kept_types() -> tuple[str, ...]:
    """The event types from which facts are made."""
    return tuple(name for name in MEANINGS if is_kept(name))


def without_tickets(names: Sequence[str]) -> tuple[str, ...]:
    """Those about users."""
    return tuple(name for name in names if not name.startswith("ticket."))


def spelled(names: Sequence[str], slashed: Collection[str]) -> tuple[str, ...]:
    """Event types as a webhook subscribes to them."""
    return tuple(f"zen:event-type{'/' if name in slashed else ':'}{name}" for name in names)


def subscriptions_to_try() -> Iterator[tuple[str, ...]]:
    """What an account may take, best first: all types, then those of users alone; each in every spelling.

    One after the other is tried until one is taken, for what a refusal says in words is nothing to rely on.
    """
    every = kept_types()
    for names in (every, without_tickets(every)):
        for slashed in ((), SLASHED, names):
            yield spelled(names, slashed)


def lacking(subscriptions: Sequence[str]) -> tuple[str, ...]:
    """The types that a webhook should have beside these; an account without ticket events gets none."""
    has = {our_name(name) for name in subscriptions}
    has_tickets = has != set(without_tickets(sorted(has)))
    wanted = kept_types() if has_tickets else without_tickets(kept_types())
    return tuple(name for name in wanted if name not in has)


def mark(secret: str) -> str:
    """What a secret can be told by without showing it. A signing secret is random: nobody guesses it back."""
    return sha256(secret.encode()).hexdigest()


def package_mark(package: bytes) -> str:
    """What a package can be told by."""
    return sha256(package).hexdigest()
