"""The place where a set-up happens: one account, its record, and how the two are written in step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from bridge.clock import to_micros
from bridge.ledger import installations, set_ups
from bridge.ledger.ledger import Ledger
from bridge.ledger.set_ups import FOUND, MADE, MAKING, SetUp
from bridge.remotes.zendesk_admin import ZendeskAdmin
from bridge.setting_up.looking import kept_installation
from bridge.setting_up.standing import Standing, Step
from bridge.vault import Vault
from schemas.installation import InstallationSettings, ZendeskAccount, changed


@dataclass(frozen=True)
class Site:
    """One installation being set up. `pause` waits that many seconds; `new_id` makes ids nobody else has."""

    ledger: Ledger
    vault: Vault
    installation_id: int
    name: str
    admin: ZendeskAdmin
    pause: Callable[[float], Any]
    new_id: Callable[[], str]

    def begin(self, standing: Standing, part: str, **detail: Any) -> Standing:
        """Write down that a part is about to be made."""
        return self.keep(standing, SetUp(part, MAKING, None, detail))

    def made(self, standing: Standing, part: str, number: str | int) -> Standing:
        """Write down that a part was made."""
        return self.keep(standing, replace(standing.parts[part], state=MADE, zendesk_id=str(number)))

    def take(self, standing: Standing, step: Step) -> Standing:
        """Write down the number of a part that is there: made by a run that broke, or by somebody else."""
        row = standing.parts.get(step.part) or SetUp(step.part, FOUND)
        state = FOUND if row.state == FOUND else MADE
        return self.keep(standing, replace(row, state=state, zendesk_id=step.detail["id"]))

    def keep(self, standing: Standing, one: SetUp) -> Standing:
        """Write a part down."""
        dated = replace(one, at=self.ledger.micros())
        with self.ledger.writing() as connection:
            set_ups.keep(connection, self.installation_id, dated)
        return standing.with_part(dated)

    def describe(self, standing: Standing, part: str, **detail: Any) -> Standing:
        """Write down more of a part."""
        row = standing.parts[part]
        return self.keep(standing, replace(row, detail={**row.detail, **detail}))

    def change_account(self, connection: Connection, **keys: Any) -> ZendeskAccount:
        """Give the ledger's side of the account other keys, in the caller's transaction."""
        settings = changed(self._settings(connection), {"zendesk": keys})
        installations.replace(
            connection, self.vault, id=self.installation_id, settings=settings, at=self.ledger.now()
        )
        return settings.zendesk

    def account(self, connection: Connection) -> ZendeskAccount:
        """The ledger's side of the account as it is in this transaction."""
        return self._settings(connection).zendesk

    def _settings(self, connection: Connection) -> InstallationSettings:
        return kept_installation(connection, self.vault, self.installation_id).settings

    def seconds_since(self, at: int) -> float:
        """How long ago a moment of the record was."""
        return (to_micros(self.ledger.now()) - at) / 1_000_000
