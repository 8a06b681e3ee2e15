"""A dead holder is known as dead; every doubt is in favour of the living."""

from __future__ import annotations

import os
import subprocess
import sys

from bridge.holder import is_surely_dead, new_holder


def test_two_holders_of_one_process_are_two() -> None:
    assert new_holder() != new_holder()


def test_this_process_lives() -> None:
    assert not is_surely_dead(new_holder())


def test_a_process_that_ended_is_dead() -> None:
    code = "from bridge.holder import new_holder; print(new_holder())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert is_surely_dead(ended.stdout.strip())


def test_a_process_number_that_was_given_again_is_another_process() -> None:
    machine, pid, started, number = new_holder().rsplit("|", 3)

    assert pid == str(os.getpid())
    assert is_surely_dead(f"{machine}|{pid}|{int(started) - 1}|{number}")


def test_nothing_is_said_of_another_machines_processes() -> None:
    _machine, pid, started, number = new_holder().rsplit("|", 3)

    assert not is_surely_dead(f"elsewhere|{pid}|{int(started) - 1}|{number}")
