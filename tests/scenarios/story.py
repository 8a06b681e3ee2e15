"""How a story is told: who there is, what Zendesk says, which calls that took, what is left for a person."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bridge.clock import from_micros, to_micros
from bridge.ledger import dead, facts, installations, tables, zendesk_users
from bridge.ledger.dead import DeadLetter
from bridge.ledger.tables import customers, dead_letters, directions, events, quotas, waits
from bridge.zendesk_user import ZendeskUser
from sandbox.web.calls import Call
from schemas.event import Event
from schemas.zendesk_events import read_delivery
from tests.consumers.world import World, hint

LONG_AGO = timedelta(days=30)


@dataclass(frozen=True)
class Person:
    """A Zendesk user and the Sailthru profile that was there for it."""

    id: int
    sid: str


@dataclass
class Story:
    """One world, in the words of these stories."""

    world: World
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.zendesk, self.sailthru, self.clock = (
            self.world.box.zendesk,
            self.world.box.sailthru,
            self.world.clock,
        )

    def stranger(self, address: str | None, **user: Any) -> int:
        """A Zendesk user of old, of whom the bridge has never heard. The id."""
        created_at = self.clock.now() - LONG_AGO
        number = self.zendesk.create_user(address, created_at=created_at, **user).id
        self.world.told()  # nobody hears of it
        return number

    def person(self, address: str, *, tags: Sequence[str] = (), vars: dict[str, Any] | None = None) -> Person:  # noqa: A002
        """A user with a profile, linked and at rest; the calls so far are forgotten."""
        sid = self.sailthru.create_profile(address, vars=vars or {}, lists=["News"])
        number = self.stranger(address, tags=tags)
        self.meet(number)
        assert self.world.customer(number).sid == sid
        return Person(number, sid)

    def meet(self, number: int) -> None:
        """The bridge hears of a user for the first time, reads it, and comes to rest."""
        rendered = self.zendesk.render("user.created", number)
        self.publish(rendered.body)
        self.world.work()
        self.later(5)
        self.forget()

    def publish(self, *bodies: bytes) -> None:
        """Deliver these bodies as Zendesk would."""
        now = self.clock.now()
        for body in bodies:
            self.world.publish(read_delivery(body, installation="acme", received_at=now).events)

    def publish_hint(self, ticket: int) -> None:
        """A trigger names a ticket."""
        now = self.clock.now()
        self.world.publish([hint(ticket, now, now)])

    def hear(self) -> None:
        """What both sides told arrives and is worked off, at this moment."""
        self.world.deliver()
        self.world.work()

    def hears_back(self, action: str, **fields: str) -> None:
        """A postback arrives, whether or not anything happened."""
        _, body = self.sailthru.postbacks.render(action, **fields)
        self.world.publish(self.world.read_back(body))
        self.world.work()

    def later(self, seconds: float) -> None:
        """Time passes; what falls due in it happens."""
        end = self.clock.now() + timedelta(seconds=seconds)
        self.world.work()
        while (due_at := self._next_due()) is not None and due_at <= end:
            self.clock.at = due_at
            self.world.work()
        self.clock.at = end
        self.world.work()

    def _next_due(self) -> datetime | None:
        """The earliest moment after this one for which the ledger has something planned."""
        now, owed, owed_back = to_micros(self.clock.now()), customers.c.owed, tables.zendesk_users.c.owed
        planned = (
            select(customers.c.due_at).where(owed, customers.c.due_at > now),
            select(customers.c.lease_until).where(owed, customers.c.lease_until > now),
            select(tables.zendesk_users.c.due_at).where(owed_back, tables.zendesk_users.c.due_at > now),
            select(tables.zendesk_users.c.lease_until).where(
                owed_back, tables.zendesk_users.c.lease_until > now
            ),
            select(waits.c.due_at).where(waits.c.due_at > now),
            select(waits.c.lease_until).where(waits.c.lease_until > now),
            select(directions.c.probe_at).where(directions.c.probe_at > now),
            select(quotas.c.held_until).where(quotas.c.held_until > now),
        )
        with self.world.ledger.reading() as connection:
            moments = [moment for query in planned for moment in connection.scalars(query)]
        return from_micros(min(moments)) if moments else None

    def change_options(self, **options: Any) -> None:
        """The operator changes options of the installation; the bridge notices within seconds."""
        world = self.world
        settings = replace(
            world.installation.settings, options=replace(world.installation.settings.options, **options)
        )
        with world.ledger.writing() as connection:
            installations.replace(
                connection, world.vault, id=world.installation.id, settings=settings, at=self.clock.now()
            )
        self.later(10)

    def says_agent(self, number: int, **data: Any) -> Event:
        """An agent moves the slider or the switch in the sidebar."""
        event = self.agent_event(number, **data)
        self.world.publish([event])
        self.world.work()
        return event

    def agent_event(self, number: int, **data: Any) -> Event:
        now, name = self.clock.now(), f"agent-{next(self._numbers)}"
        ((what, value),) = data.items()
        said = {"value": value, "agent": 123}
        return Event(name, "acme", "agent", f"agent.{what}", f"user:{number}", "agent", now, now, said)

    def forget(self) -> None:
        """Calls are counted from here."""
        self.zendesk.calls.forget()
        self.sailthru.calls.forget()

    def writes(self) -> list[Any]:
        """What was posted to Sailthru, one entry a call."""
        return [call.params for call in self.sailthru.calls.matching("POST", "/user")]

    def looks(self) -> list[Any]:
        """What was asked of Sailthru on the way there."""
        return [asked for asked in self._asked() if "lifetime" not in asked["fields"]]

    def profile_reads(self) -> list[Any]:
        """What was asked of Sailthru on the way back."""
        return [asked for asked in self._asked() if "lifetime" in asked["fields"]]

    def _asked(self) -> list[Any]:
        return [call.params for call in self.sailthru.calls.matching("GET", "/user")]

    def readings(self) -> list[Call]:
        """What was asked of Zendesk, signing in left out."""
        return self.zendesk.calls.matching("GET")

    def calls(self) -> tuple[int, int, int]:
        """How many readings of Zendesk, looks at Sailthru and writes to it."""
        return len(self.readings()), len(self.looks()), len(self.writes())

    def letters(self, state: str = dead.OPEN) -> list[DeadLetter]:
        with self.world.ledger.reading() as connection:
            query = select(dead_letters).where(dead_letters.c.state == state).order_by(dead_letters.c.id)
            return [dead.letter_of(row) for row in connection.execute(query)]

    def reasons(self) -> list[str]:
        """Of the open dead letters."""
        return [letter.reason for letter in self.letters()]

    def outcomes(self, kind: str) -> list[tuple[str, str]]:
        """Outcome and reason of every kept event of this type, oldest first."""
        with self.world.ledger.reading() as connection:
            query = select(events.c.outcome, events.c.reason).where(events.c.type == kind)
            return [(row.outcome, row.reason) for row in connection.execute(query.order_by(events.c.kept_at))]

    def fact(self, number: int, field: str) -> Any:
        """What the ledger holds of a customer."""
        with self.world.ledger.reading() as connection:
            known = facts.of_customers(connection, self.world.installation.id, [number])[number]
        return known.value(field)

    def row(self, number: int) -> ZendeskUser:
        """The way back for a customer, as it stands."""
        with self.world.ledger.reading() as connection:
            found = zendesk_users.one(connection, self.world.installation.id, number)
        assert found is not None
        return found

    def state(self, number: int) -> str:
        return self.world.customer(number).state

    def address_of(self, sid: str) -> str | None:
        profile = self.sailthru.by_sid(sid)
        assert profile is not None
        return profile.email

    def vars_of(self, sid: str) -> dict[str, Any]:
        profile = self.sailthru.by_sid(sid)
        assert profile is not None
        return dict(profile.vars)


def iso(moment: datetime) -> str:
    """As the vars hold a time."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
