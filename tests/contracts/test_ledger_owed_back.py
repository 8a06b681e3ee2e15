"""How much Zendesk is owed, as queues and gauges tell it, over both databases."""

from __future__ import annotations

from bridge.ledger import directions
from bridge.ledger.directions import HALTED, Direction
from bridge.ledger.ledger import Ledger
from bridge.ledger.looking import Waiting
from bridge.ledger.owed_back import owed_back
from bridge.ledger.zendesk_users import HOLD
from tests.contracts.test_ledger_zendesk_users import SECOND, T, change, owe


def waiting(ledger: Ledger, at: int) -> Waiting:
    with ledger.reading() as connection:
        return owed_back(connection, at)


def test_who_hurries_counts_from_the_first_change(ledger: Ledger, acme: int) -> None:
    assert waiting(ledger, T) == Waiting(0, None)
    owe(ledger, acme, 7, at=T)
    owe(ledger, acme, 8, at=T + SECOND)
    change(ledger, acme, 7, due_at=T + 60 * SECOND, not_before=T + 60 * SECOND)  # it failed, and waits
    assert waiting(ledger, T + 9 * SECOND) == Waiting(2, T)


def test_who_is_held_is_owed_but_grows_old_only_when_its_day_is_over(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7, at=T, hold=HOLD)
    assert waiting(ledger, T + HOLD - 1) == Waiting(1, None)
    assert waiting(ledger, T + HOLD + SECOND) == Waiting(1, T + HOLD)


def test_while_zendesk_is_in_trouble_nothing_of_it_grows_old(ledger: Ledger, acme: int) -> None:
    owe(ledger, acme, 7)
    with ledger.writing() as connection:
        directions.put(connection, Direction(acme, "zendesk", HALTED, "no", since=T, failures=1, probe_at=T))
    assert waiting(ledger, T + SECOND) == Waiting(1, None)
