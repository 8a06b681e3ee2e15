"""Passes, troubled directions, what was learned, and what is forgotten, over both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bridge.clock import to_micros
from bridge.ledger import (
    attempts,
    dead,
    directions,
    events,
    facts,
    installations,
    learning,
    passes,
    retention,
)
from bridge.ledger.attempts import Attempt
from bridge.ledger.dead import DeadLetter
from bridge.ledger.directions import DOWN, FAILURES_TO_PAUSE, HALTED, Direction
from bridge.ledger.events import APPLIED, DEAD, IGNORED, KEPT, KeptEvent
from bridge.ledger.learning import ZendeskWays
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import attempts as attempts_table
from bridge.ledger.tables import dead_letters
from bridge.ledger.tables import events as events_table
from bridge.ledger.tables import installations as installations_table
from bridge.vault import Vault
from consumers import trouble
from consumers.trouble import Trouble
from tests.bridge.installing import KEY, add
from tests.bridge.remotes.still_clock import NOW, StillClock
from tests.contracts.side_by_side import together
from tests.contracts.test_ledger_events import event
from tests.contracts.test_ledger_facts import address

T = to_micros(NOW)
DAY = timedelta(days=1)
SECOND = 1_000_000


def hold(ledger: Ledger, holder: str, *, at_s: float = 0, for_s: float = 30) -> bool:
    now = NOW + timedelta(seconds=at_s)
    with ledger.writing() as connection:
        return passes.hold(connection, "spool", holder, until=now + timedelta(seconds=for_s), now=now)


def test_a_pass_is_held_by_one_clock(ledger: Ledger) -> None:
    assert hold(ledger, "one")
    assert not hold(ledger, "other", at_s=29)
    assert hold(ledger, "one", at_s=29)  # kept for longer
    assert not hold(ledger, "other", at_s=58)


def test_a_clock_that_ended_leaves_its_pass_to_another(ledger: Ledger) -> None:
    assert hold(ledger, "one")
    assert hold(ledger, "other", at_s=30)
    assert not hold(ledger, "one", at_s=31)


def test_two_clocks_side_by_side_never_hold_the_same_pass(ledger: Ledger) -> None:
    def both_at(at_s: float) -> list[bool]:
        return together(lambda: hold(ledger, "one", at_s=at_s), lambda: hold(ledger, "other", at_s=at_s))

    for number in range(20):
        assert sorted(both_at(100.0 * number)) == [False, True]


def note(ledger: Ledger, installation_id: int, found: Trouble, *, at_s: int = 0) -> Direction:
    with ledger.writing() as connection:
        trouble.note(connection, installation_id, "sailthru", found, T + at_s * SECOND)
        return directions.troubled(connection, "sailthru")[installation_id]


def test_a_remote_that_fails_a_few_times_is_not_paused(ledger: Ledger, acme: int) -> None:
    moments = range(FAILURES_TO_PAUSE - 1)
    noted = [note(ledger, acme, Trouble(DOWN, "timeout"), at_s=at_s) for at_s in moments][-1]
    assert not noted.is_paused
    assert (noted.since, noted.probe_at) == (T, T + (FAILURES_TO_PAUSE - 2) * SECOND)


def test_a_remote_that_goes_on_failing_is_tried_by_one_call_now_and_then(ledger: Ledger, acme: int) -> None:
    noted = note(ledger, acme, Trouble(DOWN, "timeout", failures=FAILURES_TO_PAUSE))
    assert noted.is_paused
    assert noted.probe_at == T + SECOND
    for _ in range(20):
        noted = note(ledger, acme, Trouble(DOWN, "timeout"))
    assert (noted.since, noted.probe_at) == (T, T + 60 * SECOND)


def test_bad_credentials_are_tried_again_every_minute(ledger: Ledger, acme: int) -> None:
    noted = note(ledger, acme, Trouble(HALTED, "zendesk says no"))
    assert noted.is_paused
    assert noted.probe_at == T + 60 * SECOND


def test_an_answer_ends_the_trouble_of_that_system_alone(ledger: Ledger, acme: int) -> None:
    note(ledger, acme, Trouble(DOWN, "timeout"))
    with ledger.writing() as connection:
        assert directions.troubled(connection, "zendesk") == {}
        assert not directions.clear(connection, acme, "zendesk")
        assert directions.clear(connection, acme, "sailthru")
        assert directions.troubled(connection, "sailthru") == {}


def test_what_was_learned_of_an_account_is_remembered(ledger: Ledger, acme: int) -> None:
    with ledger.reading() as connection:
        assert learning.learned(connection, acme) == {}
        before = connection.scalar(select(installations_table.c.updated_at))
    with ledger.writing() as connection:
        learning.learn(connection, acme, objects="merged")
        learning.learn(connection, acme, skew="none")
        learning.learn(connection, acme, objects="replaced")
        assert learning.learned(connection, acme) == {"objects": "replaced", "skew": "none"}
        assert connection.scalar(select(installations_table.c.updated_at)) == before


def test_of_a_zendesk_account_not_looked_at_yet_only_user_tags_are_assumed(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        assert learning.zendesk_ways(learning.learned(connection, acme)) == ZendeskWays(None, 0, None, True)
        fields = {"sailthru_optout": T}
        learning.learn(
            connection, acme, user_fields=fields, user_fields_at=T, user_tags=False, high_value_at=3
        )
        assert learning.zendesk_ways(learning.learned(connection, acme)) == ZendeskWays(fields, T, 3, False)


def fill(ledger: Ledger, installation_id: int) -> None:
    """An event of each outcome, an attempt, a fact, and a dead letter of each state."""
    with ledger.writing() as connection:
        for outcome in (KEPT, APPLIED, IGNORED, DEAD):
            events.keep(connection, installation_id, [KeptEvent(event(outcome), 7, 1, outcome)], T)
        attempts.start(connection, [Attempt(installation_id, 7, 1, "sailthru", "write", ())], T)
        facts.store(connection, installation_id, [address("jane@example.com")])
        for state in ("open", "replayed", "dropped", "closed"):
            letter = DeadLetter(installation_id, "zendesk", "push", reason=state, error="x", zendesk_id=7)
            buried = dead.bury(connection, letter, T)
            connection.execute(dead_letters.update().where(dead_letters.c.id == buried).values(state=state))


def left(ledger: Ledger) -> dict[str, Any]:
    with ledger.reading() as connection:
        return {
            "events": sorted(connection.scalars(select(events_table.c.outcome))),
            "attempts": connection.scalar(select(func.count()).select_from(attempts_table)),
            "letters": sorted(connection.scalars(select(dead_letters.c.state))),
            "facts": len(facts.of_subjects(connection, 1, ["user:7"])),
        }


ALL = {
    "events": [APPLIED, DEAD, IGNORED, KEPT],
    "attempts": 1,
    "letters": ["closed", "dropped", "open", "replayed"],
    "facts": 1,
}


@pytest.mark.parametrize("keep_days", [1, 30])
def test_nothing_is_forgotten_before_its_time(
    ledger: Ledger, acme: int, clock: StillClock, keep_days: int
) -> None:
    fill(ledger, acme)
    clock.move(keep_days * DAY.total_seconds())
    retention.forget(ledger, keep_days)
    assert left(ledger) == ALL


@pytest.mark.parametrize("keep_days", [1, 30])
def test_what_is_to_be_applied_or_decided_is_kept_and_the_rest_forgotten(
    ledger: Ledger, acme: int, clock: StillClock, keep_days: int
) -> None:
    fill(ledger, acme)
    clock.move(keep_days * DAY.total_seconds() + 1)
    retention.forget(ledger, keep_days)
    assert left(ledger) == {"events": [KEPT], "attempts": 0, "letters": ["open"], "facts": 1}


def test_what_belonged_to_a_removed_installation_goes_and_the_others_stay(ledger: Ledger, acme: int) -> None:
    other = add(ledger, Vault([KEY]), "other").id
    fill(ledger, acme)
    with ledger.writing() as connection:
        events.keep(connection, other, [KeptEvent(event("theirs"), 7, 1, APPLIED)], T)
        installations.remove(connection, acme, at=ledger.now())

    retention.clear_removed(ledger)

    assert left(ledger) == {"events": [APPLIED], "attempts": 0, "letters": [], "facts": 0}
    with ledger.reading() as connection:
        names = [one.name for one in installations.every(connection, Vault([KEY]))]
    assert names == ["other"]


def test_more_than_one_transaction_can_take_is_forgotten_too(
    ledger: Ledger, acme: int, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 10)
    with ledger.writing() as connection:
        old = [KeptEvent(event(f"e{number}"), 7, 1, APPLIED) for number in range(25)]
        events.keep(connection, acme, old, T)
    clock.move(2 * DAY.total_seconds())
    retention.forget(ledger, 1)
    assert left(ledger)["events"] == []
