"""How an account stands: what is in Zendesk, what we made of it, what the ledger can verify. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bridge.ledger.set_ups import FOUND, MADE, SetUp
from bridge.setting_up.wanted import mark
from schemas.installation import ZendeskAccount
from schemas.zendesk_admin import AppRecord, InstalledAppRecord, TriggerRecord, WebhookRecord
from schemas.zendesk_jobs import UserFieldRecord

Record = TypeVar("Record", WebhookRecord, TriggerRecord, AppRecord, InstalledAppRecord, UserFieldRecord)


@dataclass(frozen=True)
class Step:
    """One thing to do about one part: `make`, `take`, `change`, `keep_secret`, `switch_on`, `remove`, …"""

    action: str
    part: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What is in the account. `secrets`: webhook id -> the mark of the secret that it signs with."""

    webhooks: tuple[WebhookRecord, ...] = ()
    triggers: tuple[TriggerRecord, ...] = ()
    fields: tuple[UserFieldRecord, ...] = ()
    apps: tuple[AppRecord, ...] = ()
    installed: tuple[InstalledAppRecord, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """Everything that decides about the next step. `parts` is the record, `account` what the ledger keeps."""

    seen: Seen
    parts: Mapping[str, SetUp]
    account: ZendeskAccount

    @property
    def marks(self) -> frozenset[str]:
        """Of all secrets that verify a delivery."""
        return frozenset(mark(secret) for secret in self.account.webhook_secrets)

    def id_of(self, part: str) -> str | None:
        """The number that the record has for a part."""
        row = self.parts.get(part)
        return None if row is None else row.zendesk_id

    def found(self, part: str, records: Sequence[Record], fits: Callable[[Record], bool]) -> Record | None:
        """The record of a part: the one whose number is known, else one that fits and is no other part's."""
        known = self.id_of(part)
        if known is not None:
            return next((one for one in records if str(one.id) == known), None)
        taken = {row.zendesk_id for row in self.parts.values()}
        return next((one for one in records if fits(one) and str(one.id) not in taken), None)

    def is_recorded(self, part: str) -> bool:
        """Whether the record has the part as made, or found: neither on its way in nor on its way out."""
        row = self.parts.get(part)
        return row is not None and row.zendesk_id is not None and row.state in (MADE, FOUND)

    def with_part(self, one: SetUp) -> Standing:
        """After the record was written."""
        return replace(self, parts={**self.parts, one.part: one})

    def without_part(self, part: str) -> Standing:
        """After the record has forgotten a part."""
        return replace(self, parts={name: row for name, row in self.parts.items() if name != part})

    def with_seen(self, **changed: Any) -> Standing:
        """After something changed in the account."""
        return replace(self, seen=replace(self.seen, **changed))

    def with_webhook(self, hook: WebhookRecord) -> Standing:
        """After a webhook was made or changed."""
        others = tuple(one for one in self.seen.webhooks if one.id != hook.id)
        return self.with_seen(webhooks=(*others, hook))

    def with_trigger(self, trigger: TriggerRecord) -> Standing:
        """After a trigger was made or changed."""
        others = tuple(one for one in self.seen.triggers if one.id != trigger.id)
        return self.with_seen(triggers=(*others, trigger))
