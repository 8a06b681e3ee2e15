"""Takes messages out of the ledger's database.

A claim commits before its messages are given out, so nothing is locked while they are worked on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import Connection

from bridge.broker import embedded_queue
from bridge.broker.contract import LANES, QUEUES, Message, queue_of
from bridge.broker.embedded_store import EmbeddedStore
from bridge.broker.in_hand import InHand
from bridge.broker.wakeups import Wakeups, open_wakeups
from bridge.errors import Unavailable
from bridge.holder import is_surely_dead, new_holder

LEASE = timedelta(seconds=15)  # for holders of other machines; those of this one are looked up
LOOK_FOR_DEAD_S = 1.0
AGENT, OTHERS = QUEUES[:1], QUEUES[1:]


class EmbeddedConsumer:
    """One thread's consumer."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self._holder = new_holder()
        self._in_hand = InHand()
        self._wakeups: Wakeups | None = None
        self._waiting: frozenset[str] = frozenset()
        self._looked_for_dead_at = -LOOK_FOR_DEAD_S

    def take(self, wait_s: float) -> Sequence[Message]:
        deadline = time.monotonic() + wait_s
        wakeups = self._open_wakeups()  # before the first look, so that nothing is missed between the two
        while True:
            if taken := self._take_now():
                return taken
            self._free_what_the_dead_hold()
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return ()
            self._wait(wakeups, left_s)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        with self._store.brief() as connection:
            embedded_queue.remove(connection, [message.tag for message in messages])
        self._in_hand.has_settled(len(messages))

    def let_go(self) -> None:
        self._in_hand.has_failed()
        with self._store.brief() as connection:
            embedded_queue.release(connection, [self._holder])

    def is_backlogged(self, lane: str) -> bool:
        return queue_of(lane) in self._waiting

    def close(self) -> None:
        self._close_wakeups()
        with suppress(Unavailable):  # away: the lease ends by itself
            self.let_go()

    def _take_now(self) -> Sequence[Message]:
        # The look costs a read; the claim would take the write lock from others, for nothing mostly.
        with self._store.reading() as connection:
            if not embedded_queue.is_any_free(connection, QUEUES, self._store.now(connection)):
                self._waiting = frozenset()
                return ()
        with self._store.brief() as connection:
            return self._claim(connection)

    def _claim(self, connection: Connection) -> list[Message]:
        """A batch, without what was given out too often: that moves to its dead queue."""
        claimed = self._claim_of(connection, AGENT, self._in_hand.size)
        claimed += self._claim_of(connection, OTHERS, self._in_hand.size - len(claimed))
        given_up = [message for message in claimed if embedded_queue.is_given_up(message)]
        if given_up:
            embedded_queue.give_up(connection, given_up)
        self._waiting = self._still_waiting(connection)
        return [message for message in claimed if message not in given_up]

    def _claim_of(self, connection: Connection, queues: Sequence[str], limit: int) -> list[Message]:
        if limit <= 0:
            return []
        now = self._store.now(connection)
        return embedded_queue.claim(
            connection, queues, limit=limit, holder=self._holder, now=now, until=now + LEASE
        )

    def _still_waiting(self, connection: Connection) -> frozenset[str]:
        now = self._store.now(connection)
        queues = (queue_of(lane) for lane in LANES)
        return frozenset(queue for queue in queues if embedded_queue.is_any_free(connection, [queue], now))

    def _free_what_the_dead_hold(self) -> None:
        """Give the messages of a killed process to the living, within a second and not at its lease's end."""
        if time.monotonic() - self._looked_for_dead_at < LOOK_FOR_DEAD_S:
            return
        self._looked_for_dead_at = time.monotonic()
        with self._store.reading() as connection:
            dead = [holder for holder in embedded_queue.holders(connection) if is_surely_dead(holder)]
        if dead:
            with self._store.brief() as connection:
                embedded_queue.release(connection, dead)

    def _open_wakeups(self) -> Wakeups:
        if self._wakeups is None:
            with self._store.named_broker():
                self._wakeups = open_wakeups(self._store.engine)
        return self._wakeups

    def _wait(self, wakeups: Wakeups, timeout_s: float) -> None:
        try:
            with self._store.named_broker():
                wakeups.wait(timeout_s)
        except Unavailable:
            self._close_wakeups()
            raise

    def _close_wakeups(self) -> None:
        if self._wakeups is not None:
            self._wakeups.close()
            self._wakeups = None
