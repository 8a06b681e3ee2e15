"""Quotas in the ledger, over both databases: shared by all processes, a part for each work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.allowance import Allowance
from bridge.ledger import quotas
from bridge.ledger.ledger import Ledger
from bridge.ledger.quotas import Drawing
from bridge.rate_board import RateBoard
from bridge.remotes.rates import RateReading
from bridge.vault import Vault
from consumers.quota import RateNotes
from tests.bridge.installing import KEY, add
from tests.bridge.installing import acme as settings
from tests.bridge.remotes.still_clock import NOW, StillClock
from tests.contracts.side_by_side import together

POST = "sailthru.user.post"


def drawing(installation_id: int, *, share: float = 1.0) -> Drawing:
    return Drawing(installation_id, POST, share, default_per_minute=600)


def take(ledger: Ledger, installation_id: int, asked: int, at_s: float = 0) -> int:
    with ledger.writing() as connection:
        moment = NOW + timedelta(seconds=at_s)
        return quotas.take(connection, drawing(installation_id), asked=asked, now=moment).calls


def test_what_one_took_another_cannot_take(ledger: Ledger, acme: int) -> None:
    first = take(ledger, acme, 1_000)
    assert first > 0
    assert take(ledger, acme, 1_000) == 0
    assert 0 < take(ledger, acme, 1_000, at_s=1) <= 10


def test_processes_side_by_side_never_take_more_than_there_is(ledger: Ledger, acme: int) -> None:
    alone = take(ledger, acme, 1_000)

    def taken_at(at_s: float) -> int:
        return sum(together(lambda: take(ledger, acme, 3, at_s), lambda: take(ledger, acme, 3, at_s)))

    taken = [taken_at(at_s) for at_s in range(100, 400, 60)]
    assert set(taken) == {6}
    assert alone + 6 * 5 <= 600 * 6
    assert (
        sum(together(lambda: take(ledger, acme, 900, 1_000), lambda: take(ledger, acme, 900, 1_000))) == alone
    )


def test_looking_takes_nothing(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        first = quotas.room(connection, drawing(acme), asked=5, now=NOW)
        assert first == quotas.room(connection, drawing(acme), asked=5, now=NOW)
        assert first.calls == 5


def test_a_limit_that_the_vendor_told_counts_from_then_on(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        quotas.learn(connection, acme, POST, 60_000)
        assert quotas.room(connection, drawing(acme), asked=100, now=NOW).calls == 100
        quotas.learn(connection, acme, POST, 60)
        assert quotas.room(connection, drawing(acme), asked=100, now=NOW).calls < 20


def test_a_bucket_is_held_until_the_latest_moment_told(ledger: Ledger, acme: int) -> None:
    take(ledger, acme, 1)
    with ledger.writing() as connection:
        for second in (9, 5):
            quotas.hold(connection, acme, POST, NOW + timedelta(seconds=second))
    assert take(ledger, acme, 1, at_s=8.9) == 0
    assert take(ledger, acme, 1, at_s=9) == 1


def test_installations_do_not_share_a_bucket(ledger: Ledger, acme: int) -> None:
    other = add(ledger, Vault([KEY]), "beta").id
    take(ledger, acme, 1_000)
    assert take(ledger, other, 5) == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestAllowance:
    """Which part of an account's quota each kind of work may use."""

    def allowance_rate(self, ledger: Ledger, clock: StillClock, kind: str) -> float:
        """Calls a minute that one kind of work gets, asking all the time for three minutes."""
        installation = add(ledger, Vault([KEY]), "beta", settings(zendesk_share=0.5, sailthru_share=0.6))
        got = 0
        for _ in range(900):
            with ledger.writing() as connection:
                allowance = Allowance(connection, installation, clock)
                is_sight = kind == "sight"
                granted = allowance.take_for_sight(50) if is_sight else allowance.take(kind, 5_000)
            got += granted.calls
            clock.move(0.2)
        return got / 3

    @pytest.mark.parametrize(
        ("kind", "share", "limit"),
        [("zendesk", 0.5 * 0.98, 200), ("sight", 0.25, 200), (POST, 0.6 * 0.98, 18_000)],
    )
    def test_each_work_gets_its_share_and_no_more(
        self, ledger: Ledger, clock: StillClock, kind: str, share: float, limit: int
    ) -> None:
        rate = self.allowance_rate(ledger, clock, kind)
        assert 0.75 * share * limit <= rate <= share * limit

    def test_an_agent_is_served_while_other_work_takes_all_it_can(
        self, ledger: Ledger, clock: StillClock
    ) -> None:
        installation = add(ledger, Vault([KEY]), "beta")
        got = 0
        for _ in range(300):
            with ledger.writing() as connection:
                allowance = Allowance(connection, installation, clock)
                allowance.take(POST, 5_000)
                got += allowance.take_for_agent(POST, 1).calls
            clock.move(0.2)
        assert got > 100

    def test_what_the_whole_lacks_is_not_taken_from_the_part(self, ledger: Ledger, clock: StillClock) -> None:
        installation = add(ledger, Vault([KEY]), "beta")
        with ledger.writing() as connection:
            allowance = Allowance(connection, installation, clock)
            assert allowance.take(POST, 3).calls == 3
            quotas.hold(connection, installation.id, POST, NOW + timedelta(seconds=30))
            before = quotas.room(
                connection, Drawing(installation.id, f"{POST}.work", 0.5, 1), asked=99, now=NOW
            )
            assert allowance.take(POST, 50).calls == 0
            after = quotas.room(
                connection, Drawing(installation.id, f"{POST}.work", 0.5, 1), asked=99, now=NOW
            )
        assert before == after

    def test_a_limit_is_learned_for_works_that_never_called_yet(
        self, ledger: Ledger, clock: StillClock
    ) -> None:
        installation = add(ledger, Vault([KEY]), "beta", settings(zendesk_share=1.0))
        board = RateBoard()
        board.put(installation.id, RateReading("zendesk", "zendesk", 60_000, 59_000, None, NOW))
        with ledger.writing() as connection:
            RateNotes(board).write(connection)
            assert Allowance(connection, installation, clock).take_for_sight(100).calls == 100

    def test_a_quota_that_others_used_up_is_left_alone_until_it_counts_anew(
        self, ledger: Ledger, clock: StillClock
    ) -> None:
        installation = add(ledger, Vault([KEY]), "beta")
        board, notes_at = RateBoard(), NOW + timedelta(seconds=20)
        board.put(installation.id, RateReading("sailthru", POST, 18_000, 12, notes_at, NOW))
        with ledger.writing() as connection:
            allowance = Allowance(connection, installation, clock)
            RateNotes(board).write(connection)
            assert allowance.take(POST, 5).calls == 0
        clock.move(20)
        with ledger.writing() as connection:
            assert Allowance(connection, installation, clock).take(POST, 5).calls == 5
