"""The broker in the ledger's own database: one command on a laptop runs everything, durably.

For one machine. Publishes are committed durably, in groups. Claims and acknowledgements survive a killed
process but not a power cut, which only brings a message again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from bridge.broker import embedded_queue
from bridge.broker.contract import DEAD_QUEUES, Message, Outgoing, QueueDepth
from bridge.broker.embedded_consumer import EmbeddedConsumer
from bridge.broker.embedded_store import EmbeddedStore
from bridge.broker.group_commit import GroupCommit
from bridge.broker.wakeups import announce
from bridge.errors import Unavailable
from bridge.holder import new_holder
from bridge.ledger.ledger import Ledger

GIVEN_UP_LEASE = timedelta(seconds=60)


class EmbeddedPublisher:
    """Publishes with one durable commit for all threads that wait."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self._group = GroupCommit(self._commit)

    def publish(self, outgoing: Outgoing) -> None:
        self._group.add(outgoing)

    def is_away(self) -> bool:
        return False  # the database is asked anew each time; asking is cheap

    def close(self) -> None:
        """Nothing is held between two publishes."""

    def _commit(self, batch: Sequence[Outgoing]) -> None:
        with self._store.durable() as connection:
            embedded_queue.append(connection, batch, self._store.now(connection))
            announce(connection)


class EmbeddedBroker:
    """What `embedded://` opens."""

    def __init__(self, ledger: Ledger) -> None:
        self._store = EmbeddedStore(ledger)
        self._holder = new_holder()
        self._consumers: list[EmbeddedConsumer] = []

    def publisher(self) -> EmbeddedPublisher:
        return EmbeddedPublisher(self._store)

    def consumer(self) -> EmbeddedConsumer:
        self._consumers.append(EmbeddedConsumer(self._store))
        return self._consumers[-1]

    def declare(self) -> None:
        """The ledger's migrations make the table."""

    def depths(self) -> Sequence[QueueDepth]:
        with self._store.reading() as connection:
            return embedded_queue.depths(connection, self._store.now(connection))

    def given_up(self, limit: int) -> Sequence[Message]:
        with self._store.brief() as connection:
            now = self._store.now(connection)
            return embedded_queue.claim(
                connection,
                DEAD_QUEUES,
                limit=limit,
                holder=self._holder,
                now=now,
                until=now + GIVEN_UP_LEASE,
            )

    def settle_given_up(self, messages: Sequence[Message]) -> None:
        with self._store.brief() as connection:
            embedded_queue.remove(connection, [message.tag for message in messages])

    def close(self) -> None:
        for consumer in self._consumers:
            consumer.close()
        with suppress(Unavailable), self._store.brief() as connection:
            embedded_queue.release(connection, [self._holder])
        self._store.close()
