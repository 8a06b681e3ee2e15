"""Threads that wait for the disk wait together."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from bridge.broker.group_commit import GroupCommit
from bridge.errors import Unavailable
from tests.services.waiting import wait_until


class Book:
    """Notes each batch; the first commit waits until it is allowed."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go_on = Event()
        self.is_busy = Event()

    def commit(self, batch: Sequence[int]) -> None:
        self.is_busy.set()
        assert self.may_go_on.wait(10)
        if 13 in batch:
            raise ValueError("13 cannot be stored")
        if 99 in batch:
            raise Unavailable("ledger")
        self.batches.append(list(batch))


def add_while_busy(book: Book, items: Sequence[int]) -> list[BaseException | None]:
    """Start one commit and let `items` come while it is under way."""
    group = GroupCommit(book.commit)
    with ThreadPoolExecutor(len(items) + 1) as pool:
        first = pool.submit(group.add, 0)
        assert book.is_busy.wait(10)
        waiting = [pool.submit(group.add, item) for item in items]
        wait_until(lambda: len(group._queue) == len(items), within_s=10, what="all wait")
        book.may_go_on.set()
        first.result()
        return [each.exception() for each in waiting]


def test_whoever_comes_while_a_commit_is_under_way_shares_the_next() -> None:
    book = Book()

    outcomes = add_while_busy(book, range(1, 9))

    assert outcomes == [None] * 8
    assert [sorted(batch) for batch in book.batches] == [[0], list(range(1, 9))]


def test_an_item_that_cannot_be_stored_fails_alone() -> None:
    book = Book()

    outcomes = add_while_busy(book, [12, 13, 14])

    assert [type(outcome) for outcome in outcomes] == [type(None), ValueError, type(None)]
    assert sorted(item for batch in book.batches for item in batch) == [0, 12, 14]


def test_all_learn_that_the_database_is_away() -> None:
    book = Book()

    outcomes = add_while_busy(book, [98, 99, 100])

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3


def test_a_failure_does_not_stop_those_who_come_later() -> None:
    book = Book()
    book.may_go_on.set()
    group = GroupCommit(book.commit)
    with pytest.raises(ValueError):
        group.add(13)

    group.add(1)

    assert book.batches == [[1]]
