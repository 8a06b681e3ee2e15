"""Operators, sessions, links and tries to sign in, over both databases."""

from __future__ import annotations

from bridge.clock import to_micros
from bridge.ledger import operators, sessions, sign_in_tries
from bridge.ledger.ledger import Ledger
from bridge.ledger.operators import Operator
from bridge.ledger.sessions import Link, Session
from bridge.ledger.sign_in_tries import Limit, of_address, of_name
from tests.bridge.remotes.still_clock import NOW
from tests.contracts.side_by_side import together

T = to_micros(NOW)
SECOND = 1_000_000


def wait_s(ledger: Ledger, *limits: Limit, at_s: int = 0) -> float:
    with ledger.writing() as connection:
        return sign_in_tries.take(connection, limits, T + at_s * SECOND)


def test_a_name_has_five_guesses_and_then_one_a_minute(ledger: Ledger) -> None:
    ada = of_name("ada")
    assert [wait_s(ledger, ada) for _ in range(6)] == [0, 0, 0, 0, 0, 60]
    assert wait_s(ledger, ada, at_s=59) == 1
    assert [wait_s(ledger, ada, at_s=60), wait_s(ledger, ada, at_s=60)] == [0, 60]
    assert wait_s(ledger, of_name("ben")) == 0


def test_an_address_guesses_at_no_more_names_than_a_team_needs(ledger: Ledger) -> None:
    address = of_address("192.0.2.7")
    waits = [wait_s(ledger, address, of_name(f"name{number}")) for number in range(21)]
    assert waits == [0] * 20 + [6]


def test_the_right_password_starts_the_count_anew(ledger: Ledger) -> None:
    ada = of_name("ada")
    for _ in range(5):
        wait_s(ledger, ada)
    with ledger.writing() as connection:
        sign_in_tries.forgive(connection, ada)
    assert wait_s(ledger, ada) == 0


def test_two_browsers_use_a_link_but_one_gets_in(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        sessions.make_link(connection, Link("one", "root", "operator", expires_at=T + SECOND))

    def use() -> Link | None:
        with ledger.writing() as connection:
            return sessions.use_link(connection, "one", T)

    assert sorted(found is not None for found in together(use, use)) == [False, True]


def test_what_ended_is_forgotten_and_what_did_not_stays(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        for name, expires_at in (("old", T), ("new", T + SECOND)):
            sessions.begin(connection, Session(name, name, "viewer", "link", 0, expires_at))
            sessions.make_link(connection, Link(name, name, "viewer", expires_at))
        sessions.forget_ended(connection, T)
        assert [one.id for one in sessions.every(connection, 0)] == ["new"]
        assert sessions.use_link(connection, "old", 0) is None
        assert sessions.use_link(connection, "new", T) is not None
        assert sessions.end_all(connection) == 1


def test_a_name_is_given_to_one_operator(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        assert operators.add(connection, Operator("ada", "viewer", "hashed", 1, 1))
        assert not operators.add(connection, Operator("ada", "operator", "other", 2, 2))
        assert operators.set_password(connection, "ada", "hashed anew", 3)
        (ada,) = operators.every(connection)
        assert (ada.role, ada.password, ada.changed_at) == ("viewer", "hashed anew", 3)
        assert operators.remove(connection, "ada")
        assert not operators.remove(connection, "ada")
