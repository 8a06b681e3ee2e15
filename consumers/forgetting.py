"""Forgets a customer: clears its vars in Sailthru where that is asked for, then takes it out of the ledger.

The order is what makes it safe to break off: as long as the ledger knows the customer, doing it again goes
on; from the moment it does not, nothing that is under way or comes late can bring it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bridge.clock import Clock, to_micros
from bridge.customer import Customer
from bridge.deciding.projection import VARS
from bridge.errors import BridgeError
from bridge.forgotten import Forgotten
from bridge.ledger import actions, customers, erasing, sweeping, traces, waits
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger, database_now
from bridge.remotes.accounts import Remotes
from consumers.clearing import Cleared, Clearing
from consumers.granting import Granting

MICROS = 1_000_000
HELD_S = 900.0  # nobody pushes the customer while its profile is being cleared


@dataclass(frozen=True)
class Forgetting:
    """Forgets customers, one after the other. `pause` waits some seconds, `tell` says what is waited for."""

    ledger: Ledger
    remotes: Remotes
    forgotten: Forgotten
    clock: Clock
    pause: Callable[[float], object]
    settle_s: float = 5.0
    tell: Callable[[str], object] = lambda _sentence: None

    def clear(self, installation: Installation, number: int) -> Cleared | None:
        """Clear what we wrote into the customer's profile; None when there is no profile of its.

        Raises what the remote raises: the customer is known and pushed as before then.
        """
        taken = self._taken(installation, number)
        if taken is None:
            return None
        customer, quiet_s = taken
        if quiet_s > 0:
            self.tell(f"A push is under way; waiting up to {quiet_s:.0f} s for it to end.")
            self.pause(quiet_s)
        try:
            return self._clear(installation, customer)
        except BridgeError:
            self._let_go(installation, number)
            raise

    def _taken(self, installation: Installation, number: int) -> tuple[Customer, float] | None:
        """Hold the customer against all pushers, its vars in doubt; and how long until the last is done."""
        with self.ledger.writing() as connection:
            now = to_micros(database_now(connection, self.clock))
            held = customers.locked(connection, installation.id, [number]).get(number)
            if held is None:
                return None
            quiet_at = max(held.lease_until or 0, self._resent_at(connection, installation.id, number))
            until = max(quiet_at, now) + int(HELD_S * MICROS)
            known = held.doubting({name: () for name in VARS if name in held.known})
            customers.save(connection, [held.but(lease=held.lease + 1, lease_until=until, known=known)])
        return held, (quiet_at - now) / MICROS

    def _resent_at(self, connection: Connection, installation_id: int, number: int) -> int:
        """Until when a write of unknown outcome may land."""
        standing = waits.of_subject(connection, installation_id, f"user:{number}")
        return max((to_micros(one.due_at) for one in standing if one.kind == "resend"), default=0)

    def _clear(self, installation: Installation, customer: Customer) -> Cleared | None:
        granting = Granting(self.ledger, installation, self.clock, self.pause)
        sailthru = self.remotes.sailthru(installation)
        clearing = Clearing(sailthru, granting.one, self.pause, self.settle_s)
        sids = {customer.sid, customer.link.last_sid, customer.link.made_sid} - {None}
        found = [clearing.clear(sid) for sid in sorted(map(str, sids)) if _is_its(clearing, customer, sid)]
        return None if not found else _joined(found)

    def _let_go(self, installation: Installation, number: int) -> None:
        """It stays after all: what was in doubt is pushed again."""
        with self.ledger.writing() as connection:
            now = to_micros(database_now(connection, self.clock))
            held = customers.locked(connection, installation.id, [number]).values()
            customers.save(connection, [one.but(lease_until=None, owed=True, due_at=now) for one in held])

    def erase(
        self, installation: Installation, number: int, *, operator: str, detail: Mapping[str, Any]
    ) -> dict[str, int]:
        """Take the customer out of the ledger, never to be learnt of again; how many rows of what."""
        began_at = self.ledger.micros()
        with self.ledger.reading() as connection:
            found = traces.of(connection, installation.id, number)
        # The texts first: its addresses, by which they are found, go with the rows.
        counts = [sweeping.sweep(self.ledger, found, installation.name)]
        with self.ledger.writing() as connection:
            counts.append(self._erase(connection, installation, number, operator=operator, detail=detail))
        counts.append(sweeping.sweep(self.ledger, found, installation.name, since=began_at))
        return erasing.total(counts)

    def _erase(
        self,
        connection: Connection,
        installation: Installation,
        number: int,
        *,
        operator: str,
        detail: Mapping[str, Any],
    ) -> dict[str, int]:
        now = self.ledger.micros()
        erasing.hold(connection, installation.id, number)
        found = traces.of(connection, installation.id, number)
        places = list(traces.not_others(connection, found))
        digest = self.forgotten.add(connection, installation.id, number, places=places, at=now)
        counts = erasing.erase(connection, found)
        actions.note(
            connection,
            now,
            operator=operator,
            action="customer_forgotten",
            target=f"forgotten:{digest[:16]}",
            installation_id=installation.id,
            detail={**detail, "rows": sum(counts.values())},
        )
        return counts


def _is_its(clearing: Clearing, customer: Customer, sid: str | None) -> bool:
    """Whether what stands in a profile is this customer's: a former one may be somebody else's by now."""
    if sid is None:
        return False
    profile = clearing.profile(sid)
    if profile is None or profile.sid != sid:
        return False
    return sid == customer.sid or profile.vars.get("zendesk_id") == customer.zendesk_id


def _joined(found: Iterable[Cleared]) -> Cleared:
    def names(each: Callable[[Cleared], tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(sorted({name for one in found for name in each(one)}))

    return Cleared(
        names(lambda one: one.cleared), names(lambda one: one.overwritten), names(lambda one: one.left)
    )
