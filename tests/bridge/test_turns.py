"""Threads of one process write in the order in which they came."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from bridge.errors import Unavailable
from bridge.ledger.turns import Turns
from tests.services.waiting import wait_until


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "bridge.db")


def waiting_at(turns: Turns) -> int:
    return len(turns._waiting)


def test_whoever_came_first_has_the_first_turn(database: str) -> None:
    turns, order = Turns(database, 10.0), []

    def come(name: int) -> None:
        with turns.mine():
            order.append(name)

    with turns.mine():
        threads = []
        for name in range(5):
            threads.append(threading.Thread(target=come, args=(name,)))
            threads[-1].start()
            wait_until(lambda: waiting_at(turns) == len(threads), within_s=5, what="it waits")
    for thread in threads:
        thread.join(5)
    assert order == [0, 1, 2, 3, 4]


def test_a_turn_that_does_not_come_is_given_up_and_nobody_else_suffers(database: str) -> None:
    turns = Turns(database, 0.05)
    with turns.mine(), pytest.raises(Unavailable), turns.mine():
        raise AssertionError("two at once")
    with turns.mine():
        assert waiting_at(turns) == 0


def test_an_error_in_one_turn_passes_the_turn_on(database: str) -> None:
    turns = Turns(database, 1.0)
    with pytest.raises(ValueError, match="mine"), turns.mine():
        raise ValueError("mine")
    with turns.mine():
        pass


def test_only_one_has_the_turn_at_any_moment(database: str) -> None:
    turns, inside, most = Turns(database, 30.0), 0, 0

    def come() -> None:
        nonlocal inside, most
        for _ in range(300):
            with turns.mine():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (most, inside) == (1, 0)


def hold_until_told(database: str, holds: Event, may_end: Event) -> None:
    with Turns(database, 30.0).mine():
        holds.set()
        may_end.wait(30)


def test_the_processes_of_a_machine_wait_for_each_other_and_survive_each_others_death(database: str) -> None:
    context = multiprocessing.get_context("spawn")
    holds, may_end = context.Event(), context.Event()
    other = context.Process(target=hold_until_told, args=(database, holds, may_end), daemon=True)
    other.start()
    assert holds.wait(30)
    entered = threading.Event()

    def enter() -> None:
        with Turns(database, 30.0).mine():
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert not entered.wait(0.2)
    other.kill()
    thread.join(30)
    assert entered.is_set()
