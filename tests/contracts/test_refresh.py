"""The clock's pass over linked customers, over both databases."""

from __future__ import annotations

from datetime import timedelta

from bridge.clock import to_micros
from bridge.directory import Directory
from bridge.ledger import waits, zendesk_users
from bridge.ledger.ledger import Ledger
from bridge.vault import Vault
from consumers.patience import PROFILE
from consumers.refreshing import Refresh
from tests.bridge.installing import KEY
from tests.bridge.remotes.still_clock import NOW, StillClock

LATE = to_micros(NOW - timedelta(hours=1))
LATER = to_micros(NOW + timedelta(hours=1))


def test_a_pass_takes_those_whose_turn_has_come_and_gives_them_the_next_one(
    ledger: Ledger, acme: int, clock: StillClock
) -> None:
    with ledger.writing() as connection:
        zendesk_users.add(connection, acme, {7: LATE, 8: LATER, 9: LATE})
        zendesk_users.note_open(connection, acme, {9: True})
    refresh = Refresh(ledger, Directory(ledger, Vault([KEY])), clock)
    assert [refresh.step(), refresh.step()] == [2, 0]
    with ledger.reading() as connection:
        taken = {number: waits.of_subject(connection, acme, f"user:{number}") for number in (7, 8, 9)}
        turns = {number: zendesk_users.one(connection, acme, number) for number in (7, 8, 9)}
    assert [[wait.kind for wait in taken[number]] for number in (7, 8, 9)] == [[PROFILE], [], [PROFILE]]
    assert all(wait.due_at == NOW and wait.detail == {"refresh": True} for wait in (*taken[7], *taken[9]))
    next_turns = {number: (row.refresh_at or 0) - to_micros(NOW) for number, row in turns.items() if row}
    assert 0 < next_turns[7] <= 86_400 * 1_000_000
    assert 0 < next_turns[9] <= 3_600 * 1_000_000
