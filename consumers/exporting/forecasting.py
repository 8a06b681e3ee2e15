"""What a backfill would do, found without changing anything: all users counted, some compared.

The users' export is read to its end; of the customers in it some, picked at random, are compared with what
Sailthru holds. Where there are no more than those, the numbers are exact; else they are scaled up.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.allowance import Allowance
from bridge.clock import to_micros
from bridge.customer import Customer
from bridge.deciding.projection import END_USER, digest, is_synced, sailthru_profile
from bridge.facts import CustomerFacts, of_customer
from bridge.ledger import customers, facts
from bridge.ledger.installations import Installation
from bridge.ledger.quotas import Grant
from bridge.remotes import zendesk_exports
from bridge.remotes.sailthru import Sailthru
from consumers import records
from consumers.exporting.backfilling import THE_BEGINNING
from consumers.exporting.reconciling import await_grant
from consumers.parts import Parts
from schemas.sailthru_records import Profile
from schemas.zendesk_records import UserRecord

COMPARED = 200
SHOWN = 10
PAUSE_S = 0.2
CREATED, CHANGED, SAME, WITHOUT = "created", "changed", "left_alone", "no_profile"


@dataclass
class Forecast:
    """How many customers there are, and what would become of the profiles of those who were compared.

    `outcomes` counts `created`, `changed`, `left_alone` (it agrees, or sync is off) and `no_profile` (and
    none may be made); `fields` the vars that would change; `samples` are some of the compared.
    """

    customers: int = 0
    compared: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    samples: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        return self.compared == self.customers

    def of_all(self, outcome: str) -> int:
        """How many of all customers, by those who were compared."""
        return round(self.outcomes[outcome] * self.customers / self.compared) if self.compared else 0

    def add(self, number: int, outcome: str, fields: list[str]) -> None:
        self.compared += 1
        self.outcomes[outcome] += 1
        self.fields.update(fields)
        if len(self.samples) < SHOWN:
            self.samples.append({"customer": number, "profile": outcome, "fields": fields})


@dataclass
class Forecasting:
    """Finds out for one installation; `told` hears how many users were read and how many compared."""

    parts: Parts
    installation: Installation
    stop: threading.Event
    chance: random.Random = field(default_factory=random.Random)
    told: Callable[[int, int], None] = lambda _read, _compared: None

    def run(self, since: datetime | None) -> Forecast:
        """Read and compare. Raises what calls raise."""
        forecast = Forecast()
        for record in self._picked(since, forecast):
            if self.stop.is_set():
                break
            outcome, fields = self._compare(record)
            forecast.add(record.id, outcome, fields)
            self.told(forecast.customers, forecast.compared)
        return forecast

    def _picked(self, since: datetime | None, forecast: Forecast) -> list[UserRecord]:
        """As many as are compared, each customer with the same chance."""
        picked: dict[int, UserRecord] = {}
        places: list[int] = []
        met: set[int] = set()
        start = max(0 if since is None else to_micros(since), THE_BEGINNING)
        cursor: str | None = None
        is_last = False
        while not is_last and not self.stop.is_set():
            await_grant(self.parts, self.installation, self.stop)
            zendesk = self.parts.remotes.zendesk(self.installation)
            page = zendesk_exports.users(zendesk, cursor=cursor, since=start // 1_000_000).value
            for record in page.items:
                if record.role == END_USER:
                    self._meet(record, picked, places, met)
            forecast.customers = len(met)
            self.told(forecast.customers, 0)
            cursor, is_last = page.after or cursor, page.is_last
        return [picked[number] for number in places]

    def _meet(
        self, record: UserRecord, picked: dict[int, UserRecord], places: list[int], met: set[int]
    ) -> None:
        if record.id in met:  # it changed while the export was read: the later record counts
            if record.id in picked:
                picked[record.id] = record
            return
        met.add(record.id)
        if len(places) < COMPARED:
            places.append(record.id)
            picked[record.id] = record
            return
        place = self.chance.randrange(len(met))
        if place < COMPARED:
            picked.pop(places[place])
            places[place] = record.id
            picked[record.id] = record

    def _compare(self, record: UserRecord) -> tuple[str, list[str]]:
        customer, known = self._known(record)
        settings = self.installation.settings
        wanted = sailthru_profile(record.id, known, settings.zendesk.url, settings.options)
        profile = self._profile(customer, known)
        may_create = settings.options.create_profiles and not customer.link.once
        return verdict(wanted, known, profile, may_create=may_create)

    def _known(self, record: UserRecord) -> tuple[Customer, CustomerFacts]:
        """The facts as they would stand, agents' included."""
        now = self.parts.clock.now()
        with self.parts.ledger.reading() as connection:
            number = self.installation.id
            customer = customers.one(connection, number, record.id) or Customer(number, record.id)
            before = facts.of_customers(connection, number, [record.id])[record.id]
        stated = [*records.user_facts(record, now, "forecast")]
        tickets = self._tickets(record.id)
        stated += [records.ticket_fact(one, now, "forecast") for one in tickets]
        counting = [one.id for one in tickets if one.status != "deleted"]
        stated.append(records.complete_list(record.id, counting, now, "forecast"))
        return customer, of_customer([*before.fields.values(), *stated])

    def _tickets(self, number: int) -> list[Any]:
        found: list[Any] = []
        after: str | None = None
        while not self.stop.is_set():
            self._await("zendesk")
            page = self.parts.remotes.zendesk(self.installation).tickets_of(number, after)
            if page is None:
                return found
            found += page.value.items
            after = page.value.after
            if after is None:
                return found
        return found

    def _profile(self, customer: Customer, known: CustomerFacts) -> Profile | None:
        """The profile that the customer is linked to, or would be."""
        sailthru = self.parts.remotes.sailthru(self.installation)
        if customer.sid is not None:
            return self._read(sailthru, customer.sid, "sid")
        here = known.address()
        for address in [*([here] if here else []), *known.former_addresses()]:
            profile = self._read(sailthru, address, "email")
            if profile is not None:
                return profile
        return None

    def _read(self, sailthru: Sailthru, name: str, key: str) -> Profile | None:
        self._await("sailthru.user.get")
        return sailthru.profile(name, key, fields=("keys", "vars"))

    def _await(self, bucket: str) -> None:
        while not self.stop.is_set():
            with self.parts.ledger.writing() as connection:
                self.parts.rates.write(connection)
                grant: Grant = Allowance(connection, self.installation, self.parts.clock).take(bucket, 1)
            if grant.calls:
                return
            self.stop.wait(min(PAUSE_S, max(0.01, grant.wait_s)))


def verdict(
    wanted: Mapping[str, Any], known: CustomerFacts, profile: Profile | None, *, may_create: bool
) -> tuple[str, list[str]]:
    """What becomes of a profile that should hold `wanted`, and which of its fields change. Pure."""
    if profile is None:
        is_made = may_create and is_synced(known) and known.address() is not None
        return (CREATED, sorted(wanted)) if is_made else (WITHOUT, [])
    fields = sorted(
        name
        for name, value in wanted.items()
        if name not in profile.vars or digest(profile.vars[name]) != digest(value)
    )
    return (CHANGED, fields) if fields else (SAME, [])
