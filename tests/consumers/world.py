"""A whole bridge in one process, moved by hand: real ledger, embedded broker, real HTTP to the sandbox."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Table, case, func, make_url, select

from bridge.broker.carrying import carried
from bridge.broker.contract import Consumer, QueueDepth
from bridge.broker.embedded import EmbeddedBroker
from bridge.clock import Clock, from_micros
from bridge.customer import Customer
from bridge.directory import Directory
from bridge.ledger import customers, installations, tables, waits
from bridge.ledger.engine import open_engine
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import metadata
from bridge.rate_board import RateBoard
from bridge.remotes.accounts import Remotes
from bridge.vault import Vault
from consumers.desk import Desk
from consumers.parts import Parts
from consumers.pusher import Pusher
from consumers.quota import RateNotes
from consumers.reader import Reader
from consumers.sources import FOR_AGENTS, IN_SAILTHRU, IN_ZENDESK
from consumers.to_zendesk.pusher import ZendeskPusher
from consumers.worker import SecondTries, Worker
from sandbox import Sandbox
from schemas.event import Event
from schemas.installation import InstallationSettings, Options, SailthruAccount, ZendeskAccount
from schemas.postback import read_postback
from schemas.trigger import read_trigger
from schemas.zendesk_events import read_delivery

START = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
# The kinds of waits whose time a settling world lets come.
WAITED_FOR = ("user", "tickets", "ticket", "profile", "event", "resend", "resend_zendesk", "job")
SECRET = "a-key-for-tests-that-nobody-else-would-ever-use-0123456789"


@dataclass
class ManualClock:
    """A clock that stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@cache
def _empty_ledger() -> bytes:
    """A database with all tables: to copy one is far quicker than to make it, and each world needs one."""
    with TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/empty.db")
        metadata.create_all(engine)
        engine.dispose()
        return Path(folder, "empty.db").read_bytes()


class InlinePool(Executor):
    """Runs what it is given at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@dataclass
class Process:
    """One consumer process's parts."""

    worker: Worker
    pusher: Pusher
    zendesk_pusher: ZendeskPusher
    reader: Reader
    profile_reader: Reader
    agents: Reader
    desk: Desk
    second_tries: SecondTries

    def break_at(
        self,
        of_ledger: Callable[[Ledger], Ledger],
        of_consumer: Callable[[Any], Any],
        of_remotes: Callable[[Any], Any],
    ) -> None:
        """Put something between this process and what it works with."""
        self.worker.ledger = of_ledger(self.worker.ledger)
        self.worker.consumer = of_consumer(self.worker.consumer)
        self.second_tries.ledger = self.worker.ledger
        parts = self.pusher.parts
        between = replace(parts, ledger=self.worker.ledger, remotes=of_remotes(parts.remotes))
        self.pusher.parts = self.pusher.choosing.parts = self.zendesk_pusher.parts = between
        self.reader.parts = self.profile_reader.parts = between
        self.agents.parts = self.desk.parts = between

    def step(self) -> bool:
        """One round of each part; whether any had something to do."""
        did = self.worker.step(0) > 0
        did = self.reader.step() > 0 or did
        did = self.profile_reader.step() > 0 or did
        did = self.agents.step() > 0 or did
        did = self.desk.step() > 0 or did
        did = self.second_tries.step() > 0 or did
        did = self.zendesk_pusher.step() or did
        return self.pusher.step() or did


@dataclass
class World:
    """The sandbox, the ledger and as many consumer processes as are asked for."""

    box: Sandbox
    clock: ManualClock
    ledger: Ledger
    installation: Installation
    vault: Vault
    delivered: int = 0
    delivered_back: int = 0
    processes: list[Process] = field(default_factory=list)
    board: RateBoard = field(default_factory=RateBoard)

    @cached_property
    def remotes(self) -> Remotes:
        """The clients, shared by all processes here: making their transport takes a while."""
        return Remotes(clock=self.clock, on_rate=self.board.put)

    @classmethod
    def make(cls, folder: Path, box: Sandbox, clock: ManualClock, **options: Any) -> World:
        return cls.on(f"sqlite:///{folder}/bridge.db", box, clock, **options)

    @classmethod
    def on(cls, database_url: str, box: Sandbox, clock: ManualClock, **options: Any) -> World:
        file = make_url(database_url).database if database_url.startswith("sqlite") else None
        if file and not Path(file).exists():
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_bytes(_empty_ledger())
        ledger = Ledger(open_engine(database_url), clock)
        if not file:
            metadata.create_all(ledger.engine)
        vault = Vault((SECRET,))
        with ledger.writing() as connection:
            installation = installations.add(
                connection, vault, name="acme", settings=settings_for(box, **options), at=clock.now()
            )
        world = cls(box, clock, ledger, installation, vault)
        world.add_process()
        return world

    def add_process(self, consumer: Consumer | None = None, pool: Executor | None = None) -> Process:
        """One more consumer process, or the one that follows a dead one."""
        directory = Directory(self.ledger, self.vault)
        parts = Parts(self.ledger, directory, self.remotes, RateNotes(self.board), self.clock)
        worker = Worker(
            self.ledger, directory, consumer or EmbeddedBroker(self.ledger).consumer(), self.clock
        )
        process = Process(
            worker,
            Pusher(parts, pool or InlinePool(), size=64, is_backlogged=worker.is_backlogged),
            ZendeskPusher(parts, pool or InlinePool(), size=8),
            Reader(parts, IN_ZENDESK, InlinePool()),
            Reader(parts, IN_SAILTHRU, InlinePool()),
            Reader(parts, FOR_AGENTS, InlinePool()),
            Desk(parts),
            SecondTries(self.ledger, directory, self.clock),
        )
        worker.joining = process.pusher.joining
        self.processes.append(process)
        return process

    def listen(self) -> None:
        """What either side sends is collected instead: `told` and `told_back` say what came."""
        self.box.zendesk.oddities.drop_fraction = 1.0
        self.box.zendesk.subscribe("http://127.0.0.1:9/", _EVENTS)
        self.box.sailthru.oddities.drop_fraction = 1.0
        self.box.sailthru.subscribe("http://127.0.0.1:9/")

    def told(self) -> list[Event]:
        """The events that Zendesk has told of since the last time, read as the door reads them."""
        log = self.box.zendesk.deliveries
        fresh, self.delivered = log[self.delivered :], len(log)
        found: list[Event] = []
        for delivery in fresh:
            read = read_delivery(delivery.body, installation="acme", received_at=self.clock.now())
            found.extend(read.events)
        return found

    def told_back(self) -> list[Event]:
        """The postbacks that Sailthru has sent since the last time, read as the door reads them."""
        log = self.box.sailthru.deliveries
        fresh, self.delivered_back = log[self.delivered_back :], len(log)
        return [event for delivery in fresh for event in self.read_back(delivery.body)]

    def read_back(self, body: bytes) -> list[Event]:
        """One postback's body as events."""
        now = self.clock.now()
        read = read_postback(body, installation="acme", received_at=now, new_id=lambda: str(uuid.uuid4()))
        return list(read.events)

    def publish(self, events: Iterable[Event]) -> None:
        """As the receiver does after its checks."""
        publisher = EmbeddedBroker(self.ledger).publisher()
        for event in events:
            publisher.publish(carried(event))
        publisher.close()

    def deliver(self) -> None:
        """What both sides told arrives, in order."""
        self.publish(self.told())
        self.publish(self.told_back())

    def hear(self) -> None:
        """What both sides told is worked off, and so is what they tell of our own writes."""
        for _ in range(20):
            self.deliver()
            self.work()
            if not self.is_told():
                return
        raise AssertionError("the echoes never end")

    def is_told(self) -> bool:
        """Whether either side told something that did not arrive yet."""
        zendesk, sailthru = self.box.zendesk.deliveries, self.box.sailthru.deliveries
        return len(zendesk) > self.delivered or len(sailthru) > self.delivered_back

    def work(self, rounds: int = 200) -> None:
        """Let the first process work until there is nothing to do at this moment."""
        for _ in range(rounds):
            if not self.processes[-1].step():
                return
        raise AssertionError("the consumer never came to rest")

    def settle(self, seconds: float = 200.0) -> None:
        """Deliver, work, and let all that is due in the next minutes come due, one moment after the other."""
        self.hear()
        end = self.clock.now() + timedelta(seconds=seconds)
        while (due_at := self.next_due()) is not None and due_at < end:
            self.clock.at = max(due_at, self.clock.now() + timedelta(milliseconds=10))
            self.hear()
        self.clock.at = max(end, self.clock.now())

    def next_due(self) -> datetime | None:
        """When the next wait or push is due."""
        with self.ledger.reading() as connection:
            wait = waits.next_due(connection, WAITED_FOR)
            pushes = [_next_push(connection, table) for table in (tables.customers, tables.zendesk_users)]
        due = [wait] if wait else []
        return min([*due, *(from_micros(push) for push in pushes if push is not None)], default=None)

    def depths(self) -> Sequence[QueueDepth]:
        """How much stands in each queue."""
        return EmbeddedBroker(self.ledger).depths()

    def customer(self, zendesk_id: int) -> Customer:
        with self.ledger.reading() as connection:
            found = customers.one(connection, self.installation.id, zendesk_id)
        assert found is not None
        return found

    def waits_of(self, subject: str) -> list[waits.Wait]:
        with self.ledger.reading() as connection:
            return waits.of_subject(connection, self.installation.id, subject)

    def vars(self, address: str) -> dict[str, Any]:
        profile = self.box.sailthru.profile(address)
        assert profile is not None, f"no profile at {address}"
        return dict(profile.vars)


def _next_push(connection: Connection, table: Table) -> int | None:
    """When somebody is due, or a lease ends."""
    comes_free = case((table.c.lease_until > table.c.due_at, table.c.lease_until), else_=table.c.due_at)
    found: int | None = connection.scalar(select(func.min(comes_free)).where(table.c.owed))
    return found


def settings_for(box: Sandbox, **options: Any) -> InstallationSettings:
    """The sandbox's two accounts as an installation."""
    zendesk, sailthru = box.zendesk.account, box.sailthru.account
    return InstallationSettings(
        ZendeskAccount(
            box.zendesk.url,
            oauth_client_id=zendesk.oauth_client_id,
            oauth_client_secret=zendesk.oauth_client_secret,
        ),
        SailthruAccount(box.sailthru.url, sailthru.api_key, sailthru.api_secret),
        Options(**{"sailthru_share": 1.0, "zendesk_share": 1.0, **options}),
    )


def hint(ticket_id: int, updated_at: datetime, received_at: datetime) -> Event:
    """A trigger's delivery about a ticket."""
    body = f'{{"ticket_id": "{ticket_id}", "updated_at": "{updated_at:%Y-%m-%dT%H:%M:%SZ}"}}'
    return read_trigger(
        body.encode(), installation="acme", received_at=received_at, new_id=lambda: str(uuid.uuid4())
    ).events[0]


def clock_of(world: World) -> Clock:
    return world.clock


_EVENTS = (
    "user.created", "user.deleted", "user.active_changed", "user.merged", "user.identity_changed",
    "user.identity_created", "user.identity_deleted", "user.tags_changed", "user.role_changed",
    "ticket.created", "ticket.status_changed", "ticket.subject_changed", "ticket.requester_changed",
    "ticket.soft_deleted", "ticket.permanently_deleted", "ticket.undeleted", "ticket.merged",
    "ticket.marked_as_spam", "ticket.priority_changed", "ticket.tags_changed", "ticket.comment_added",
)  # fmt: skip
