"""The steps that the way back can take with one customer: one call to Zendesk each, or none. Values only.

`sent` is what a step writes: names, each with the fingerprint that is known once Zendesk confirms it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bridge.deciding.projection import digest
from bridge.ledger.events import APPLIED
from bridge.zendesk_user import TAG

TICKET_PREFIX = "ticket/"  # in `ZendeskUser.known`: tickets brought in line with a tag not yet settled


@dataclass(frozen=True)
class AskFields:
    """Ask which user fields the account has."""

    action: ClassVar[str] = "ask_fields"

    @property
    def sent(self) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True)
class SetFields:
    """Set custom fields of the user, by key; None empties one."""

    values: Mapping[str, Any]
    action: ClassVar[str] = "set_fields"

    @property
    def sent(self) -> Mapping[str, str]:
        return {key: digest(value) for key, value in self.values.items()}


@dataclass(frozen=True)
class TagUser:
    """Add the tag to the user, or remove it. `mark` is what the tag then stands for."""

    mark: str
    adds: bool

    @property
    def action(self) -> str:
        return "add_tag" if self.adds else "remove_tag"

    @property
    def sent(self) -> Mapping[str, str]:
        return {TAG: self.mark}


@dataclass(frozen=True)
class TagTicket:
    """Add the tag to one ticket, or remove it."""

    ticket_id: int
    mark: str
    adds: bool

    @property
    def action(self) -> str:
        return "tag_ticket" if self.adds else "untag_ticket"

    @property
    def sent(self) -> Mapping[str, str]:
        return {f"{TICKET_PREFIX}{self.ticket_id}": self.mark}


@dataclass(frozen=True)
class Rest:
    """Nothing to send now.

    `outcome` is what becomes of the customer's events, `reason` why where they are not applied. `settled`
    holds for known without a call.
    """

    outcome: str = APPLIED
    reason: str = ""
    settled: Mapping[str, str] = field(default_factory=dict)


Call = AskFields | SetFields | TagUser | TagTicket
Step = Call | Rest
