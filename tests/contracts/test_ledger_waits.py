"""Due times in the ledger, over both databases: none is forgotten, none is worked off twice at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Signal
from typing import Any

import pytest

from bridge.ledger import waits
from bridge.ledger.ledger import Ledger
from bridge.ledger.waits import Wait
from tests.bridge.remotes.still_clock import NOW
from tests.contracts.side_by_side import together, wait_until_blocked

HOLD = timedelta(seconds=45)
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def add(
    ledger: Ledger,
    installation_id: int,
    *,
    due_s: float = 0,
    subject: str = "user:7",
    kind: str = "user",
    detail: Mapping[str, Any] | None = None,
) -> None:
    with ledger.writing() as connection:
        due_at = NOW + after(due_s)
        new = Wait(installation_id, subject, kind, due_at=due_at, since=due_at, detail=detail or {})
        waits.add(connection, [new])


def claim(
    ledger: Ledger, *, at_s: float = 0, kinds: tuple[str, ...] = ("user",), limit: int = 100
) -> list[Wait]:
    with ledger.writing() as connection:
        return waits.claim_due(connection, kinds, NOW + after(at_s), hold=HOLD, limit=limit)


def standing(ledger: Ledger, installation_id: int, subject: str = "user:7") -> list[Wait]:
    with ledger.reading() as connection:
        return waits.of_subject(connection, installation_id, subject)


def test_a_wait_is_due_at_its_time(ledger: Ledger, acme: int) -> None:
    add(ledger, acme, due_s=5, detail={"at_least": "2026-11-22T10:00:00Z"})
    assert claim(ledger, at_s=4) == []
    (wait,) = claim(ledger, at_s=5)
    assert (wait.number, wait.kind, wait.due_at) == (7, "user", NOW + after(5))
    assert (wait.detail, wait.progress) == ({"at_least": "2026-11-22T10:00:00Z"}, {})
    assert (wait.tries, wait.since) == (0, NOW + after(5))


def test_two_causes_are_one_wait_with_the_earlier_due_time(ledger: Ledger, acme: int) -> None:
    add(ledger, acme, due_s=9)
    add(ledger, acme, due_s=5)
    add(ledger, acme, due_s=30)
    (wait,) = standing(ledger, acme)
    assert (wait.due_at, wait.version) == (NOW + after(5), 2)


def test_causes_of_one_transaction_are_joined_too(ledger: Ledger, acme: int) -> None:
    both = [
        Wait(
            acme,
            "user:7",
            "user",
            due_at=NOW + after(second),
            since=NOW,
            detail={"merged": True} if second else {},
        )
        for second in (9, 0, 5)
    ]
    with ledger.writing() as connection:
        waits.add(connection, both)
    (wait,) = standing(ledger, acme)
    assert (wait.due_at, wait.detail) == (NOW, {"merged": True})


def test_of_two_times_a_record_must_not_be_older_than_the_later_counts(ledger: Ledger, acme: int) -> None:
    newer, older = "2026-11-22T10:00:05Z", "2026-11-22T10:00:01Z"
    add(ledger, acme, detail={"at_least": newer, "merged": True})
    add(ledger, acme, detail={"at_least": older})
    (wait,) = standing(ledger, acme)
    assert wait.detail == {"at_least": newer, "merged": True}


def test_waits_of_other_kinds_are_left_alone(ledger: Ledger, acme: int) -> None:
    add(ledger, acme, kind="tickets")
    add(ledger, acme, kind="ticket", subject="ticket:991")
    assert claim(ledger) == []
    assert {one.kind for one in claim(ledger, kinds=("ticket", "tickets"))} == {"tickets", "ticket"}


def test_the_longest_due_are_claimed_first(ledger: Ledger, acme: int) -> None:
    for second, number in ((3, 1), (1, 2), (2, 3)):
        add(ledger, acme, due_s=second, subject=f"user:{number}")
    assert [one.number for one in claim(ledger, at_s=9, limit=2)] == [2, 3]


def test_a_held_wait_is_nobody_elses_until_the_hold_ends(ledger: Ledger, acme: int) -> None:
    add(ledger, acme)
    assert len(claim(ledger)) == 1
    assert claim(ledger, at_s=44) == []
    assert len(claim(ledger, at_s=45)) == 1


def test_a_wait_worked_off_is_over(ledger: Ledger, acme: int) -> None:
    add(ledger, acme)
    (wait,) = claim(ledger)
    with ledger.writing() as connection:
        waits.end(connection, wait)
    assert standing(ledger, acme) == []


def test_a_cause_that_comes_during_the_work_makes_it_due_again(ledger: Ledger, acme: int) -> None:
    add(ledger, acme)
    (wait,) = claim(ledger)
    add(ledger, acme, due_s=2, detail={"merged": True})
    with ledger.writing() as connection:
        waits.end(connection, wait)
    (again,) = claim(ledger, at_s=2)
    assert (again.version, again.tries, again.detail) == (1, 0, {"merged": True})


def test_a_wait_put_off_is_due_later_with_what_was_done_so_far(ledger: Ledger, acme: int) -> None:
    add(ledger, acme, detail={"merged": True})
    (wait,) = claim(ledger)
    with ledger.writing() as connection:
        waits.put_off(connection, wait, NOW + after(10), tries=1, progress={"after": "p2"})
    assert claim(ledger, at_s=9) == []
    (again,) = claim(ledger, at_s=10)
    assert (again.tries, again.progress, again.detail) == (1, {"after": "p2"}, {"merged": True})
    with ledger.writing() as connection:
        waits.put_off(connection, again, NOW + after(20))
    (third,) = claim(ledger, at_s=20)
    assert (third.tries, third.progress) == (1, {"after": "p2"})


def test_a_new_cause_begins_the_work_anew(ledger: Ledger, acme: int) -> None:
    add(ledger, acme)
    (wait,) = claim(ledger)
    with ledger.writing() as connection:
        waits.put_off(connection, wait, NOW, tries=3, progress={"after": "p2", "lagged": 4})
    add(ledger, acme, due_s=1)
    (again,) = claim(ledger, at_s=1)
    assert (again.tries, again.progress) == (0, {})


def test_putting_off_gives_way_to_a_cause_that_came_meanwhile(ledger: Ledger, acme: int) -> None:
    add(ledger, acme)
    (wait,) = claim(ledger)
    add(ledger, acme, due_s=1)
    with ledger.writing() as connection:
        waits.put_off(connection, wait, NOW + after(900), tries=8, progress={"after": "p2"})
    (again,) = claim(ledger, at_s=1)
    assert (again.tries, again.progress) == (0, {})


def test_the_next_wait_is_due_when_the_first_comes_due_or_free(ledger: Ledger, acme: int) -> None:
    with ledger.reading() as connection:
        assert waits.next_due(connection, ("user",)) is None
    add(ledger, acme, due_s=0)
    add(ledger, acme, due_s=60, subject="user:8")
    assert len(claim(ledger)) == 1
    with ledger.reading() as connection:
        assert waits.next_due(connection, ("user",)) == NOW + HOLD
        assert waits.next_due(connection, ("ticket",)) is None


def test_two_readers_side_by_side_never_hold_the_same_wait(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        new = [Wait(acme, f"user:{number}", "user", due_at=NOW, since=NOW) for number in range(100)]
        waits.add(connection, new)
    held: list[int] = []
    for _ in range(10):
        for group in together(lambda: claim(ledger, limit=7), lambda: claim(ledger, limit=7)):
            held += [one.number for one in group]
    assert sorted(held) == list(range(100))


@ON_POSTGRESQL
def test_two_first_causes_at_once_are_joined(ledger: Ledger, acme: int) -> None:
    added, go = Signal(), Signal()

    def first() -> None:
        with ledger.writing() as connection:
            waits.add(connection, [Wait(acme, "user:7", "user", due_at=NOW + after(5), since=NOW)])
            added.set()
            go.wait(20)

    with ThreadPoolExecutor(2) as pool:
        begun = pool.submit(first)
        assert added.wait(10)
        other = pool.submit(add, ledger, acme, due_s=30)
        wait_until_blocked(ledger)
        go.set()
        begun.result(20)
        other.result(20)
    (wait,) = standing(ledger, acme)
    assert (wait.due_at, wait.version) == (NOW + after(5), 1)


def test_causes_added_side_by_side_are_all_counted(ledger: Ledger, acme: int) -> None:
    def cause() -> None:
        for second in range(20):
            add(ledger, acme, due_s=30 - second)

    together(cause, cause)
    (wait,) = standing(ledger, acme)
    assert (wait.version, wait.due_at) == (39, NOW + after(11))
