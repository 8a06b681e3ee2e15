"""Dead letters in groups, replayed, dropped and found again, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from bridge import pausing
from bridge.clock import to_micros
from bridge.errors import BadSettings, Refused
from bridge.filters import read_filters
from bridge.fingerprint import fingerprint
from bridge.ledger import actions, customers, dead, letters, looking, retention
from bridge.ledger.actions import ActionFilter
from bridge.ledger.customers import Mark
from bridge.ledger.dead import DeadLetter
from bridge.ledger.ledger import Ledger
from bridge.ledger.letters import DeadFilter
from bridge.ledger.pauses import Pauses, standing
from bridge.ledger.tables import dead_letters
from bridge.repair import dropping
from bridge.repair.choosing import chosen
from bridge.vault import Vault
from tests.bridge.installing import KEY, add
from tests.bridge.remotes.still_clock import NOW, StillClock
from tests.contracts.test_ledger_plans import statements

T = to_micros(NOW)
DAY = timedelta(days=1)


def letter(installation_id: int, number: int | None = 7, **more: object) -> DeadLetter:
    told = DeadLetter(
        installation_id, "zendesk", "push.write", "invalid", f"user {number} is odd", zendesk_id=number
    )
    return replace(told, **more)  # type: ignore[arg-type]


def bury(ledger: Ledger, one: DeadLetter, at: int = T) -> int:
    with ledger.writing() as connection:
        return dead.bury(connection, one, at)


def found(ledger: Ledger, number: int) -> DeadLetter:
    with ledger.reading() as connection:
        one = dead.one(connection, number)
    assert one is not None
    return one


def replayed(ledger: Ledger, number: int) -> None:
    with ledger.writing() as connection:
        dead.mark_replayed(connection, number, T + 1, replay_id=3)


def test_groups_say_how_many_died_of_the_same_and_whom_that_hit(ledger: Ledger, acme: int) -> None:
    beta = add(ledger, Vault([KEY]), "beta").id
    for number, at in ((7, T), (8, T + 5)):
        bury(ledger, letter(acme, number), at)
    bury(ledger, letter(beta, 7), T + 9)
    bury(ledger, letter(acme, 7, reason="bug", error="The bridge failed: KeyError."), T)
    bury(ledger, letter(acme, 9, lane="agent", type="agent.optout", event_id="a1", reason="given_up"), T)
    with ledger.reading() as connection:
        groups = letters.groups(connection, DeadFilter())
        of_beta = letters.groups(connection, DeadFilter(installation_id=beta))
    odd = groups[0]
    assert (odd.letters, odd.customers, odd.installations, odd.consents) == (3, 3, 2, 0)
    assert (odd.first_seen, odd.last_seen) == (T, T + 9)
    assert odd.fingerprint == fingerprint("invalid", "sailthru", "user 1234 is odd")
    assert sorted((one.letters, one.consents) for one in groups[1:]) == [(1, 0), (1, 1)]
    assert [(one.letters, one.customers) for one in of_beta] == [(1, 1)]


def test_a_replayed_letter_that_dies_of_the_same_opens_again_marked(ledger: Ledger, acme: int) -> None:
    first = bury(ledger, letter(acme))
    replayed(ledger, first)
    assert bury(ledger, letter(acme, error="user 12 is odd"), T + 2) == first
    again = found(ledger, first)
    assert (again.state, again.died_again, again.replays, again.attempts) == ("open", True, 1, 2)
    assert (again.first_seen, again.last_seen) == (T, T + 2)
    with ledger.reading() as connection:
        assert letters.died_again(connection, [3]) == {3: 1}
        assert letters.count(connection, DeadFilter(fresh=True)) == 0


def test_a_replayed_letter_that_dies_of_something_else_is_a_new_one(ledger: Ledger, acme: int) -> None:
    first = bury(ledger, letter(acme))
    replayed(ledger, first)
    second = bury(ledger, letter(acme, error="the field is missing"), T + 2)
    assert second != first
    assert (found(ledger, second).died_again, found(ledger, first).state) == (False, "replayed")


def test_a_drop_is_kept_with_its_reason_and_undone_within_a_day(
    ledger: Ledger, clock: StillClock, acme: int
) -> None:
    first = bury(ledger, letter(acme))
    dropping.drop(ledger, found(ledger, first), operator="ann", reason=" a  test ")
    assert (found(ledger, first).state, found(ledger, first).drop_reason) == ("dropped", "a test")
    with pytest.raises(Refused):
        dropping.drop(ledger, found(ledger, first), operator="ann")
    dropping.undrop(ledger, found(ledger, first), operator="bob")
    assert found(ledger, first).state == "open"
    dropping.drop(ledger, found(ledger, first), operator="ann", reason="gone")
    clock.move(DAY.total_seconds())
    with pytest.raises(Refused, match="24 hours"):
        dropping.undrop(ledger, found(ledger, first), operator="bob")
    with ledger.reading() as connection:
        done = actions.newest(connection, ActionFilter(action="dead"), limit=9)
    assert [(one.operator, one.action) for one in done] == [
        ("ann", "dead_dropped"),
        ("bob", "dead_undropped"),
        ("ann", "dead_dropped"),
    ]


def test_a_drop_is_not_undone_beside_an_open_letter_about_the_same(ledger: Ledger, acme: int) -> None:
    first = bury(ledger, letter(acme))
    dropping.drop(ledger, found(ledger, first), operator="ann")
    second = bury(ledger, letter(acme))
    with pytest.raises(Refused, match=str(second)):
        dropping.undrop(ledger, found(ledger, first), operator="ann")
    assert found(ledger, first).state == "dropped"


def test_dropped_letters_stay_as_long_as_the_drop_can_be_undone(
    ledger: Ledger, clock: StillClock, acme: int
) -> None:
    first = bury(ledger, letter(acme))
    clock.move(40 * DAY.total_seconds())
    dropping.drop(ledger, found(ledger, first), operator="ann")
    retention.forget(ledger, keep_days=30)
    assert found(ledger, first).state == "dropped"
    clock.move(DAY.total_seconds() + 1)
    retention.forget(ledger, keep_days=30)
    with ledger.reading() as connection:
        assert dead.one(connection, first) is None


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 3),
        ("reason:bug", 1),
        ("type:push", 2),
        ("direction:to-zendesk", 1),
        ("customer:7", 2),
        ("customer:ann@example.com", 1),
        ("customer:nobody@example.com", 0),
        ("installation:acme lane:zendesk", 2),
        ("since:2026-01-01T00:00:00Z", 3),
        ("until:1h", 0),
    ],
)
def test_the_same_filters_find_letters_everywhere(ledger: Ledger, acme: int, words: str, count: int) -> None:
    bury(ledger, letter(acme, 7))
    bury(ledger, letter(acme, 7, reason="bug", lane="sailthru", type="read.profile"))
    bury(ledger, letter(acme, 8))
    with ledger.writing() as connection:
        customers.add(connection, acme, [8])
        customers.mark_owed(connection, acme, [Mark(8, "ann@example.com")], T)
    with ledger.reading() as connection:
        wanted = chosen(connection, read_filters(words), NOW)
        assert letters.count(connection, wanted) == count
        assert len(letters.some(connection, wanted, limit=9)) == count


def test_groups_and_pages_of_many_letters_are_answered_by_an_index(ledger: Ledger, acme: int) -> None:
    rows = [
        {
            "installation_id": acme, "lane": "zendesk", "type": "push.write", "zendesk_id": number,
            "reason": "invalid", "error": "x", "attempts": 1, "first_seen": T, "last_seen": T,
            "state": "open" if number <= 20 else "closed", "fingerprint": f"f{number % 3}",
        }
        for number in range(1, 3_001)
    ]  # fmt: skip
    with ledger.writing() as connection:
        connection.execute(insert(dead_letters), rows)
        connection.execute(text("ANALYZE"))
    with ledger.reading() as connection:
        for ask in (
            lambda: letters.groups(connection, DeadFilter()),
            lambda: letters.count(connection, DeadFilter(group="f1")),
        ):
            with statements(connection) as sent:
                ask()
            explain = "EXPLAIN QUERY PLAN " if ledger.is_sqlite else "EXPLAIN "
            plan = str(connection.exec_driver_sql(explain + sent[0][0], sent[0][1]).all())
            assert "ix_dead_letters_" in plan, plan


def test_a_pause_is_nobodys_delay_and_holds_what_it_names(ledger: Ledger, acme: int) -> None:
    beta = add(ledger, Vault([KEY]), "beta").id
    with ledger.writing() as connection:
        for number in (acme, beta):
            customers.add(connection, number, [7])
            customers.mark_owed(connection, number, [Mark(7, None)], T)
    pause = {"operator": "ann", "reason": "a sale", "via": "command"}
    assert pausing.pause(ledger, "", "acme", **pause) == "the installation acme"
    with ledger.reading() as connection:
        assert looking.owed(connection).since == T  # beta's
        held = standing(connection)
        assert [held.hold(acme, lane) for lane in ("zendesk", "sailthru", "agent")] == [True] * 3
        assert not held.hold(beta, "zendesk")
    pausing.pause(ledger, "zendesk", None, **pause)
    with ledger.reading() as connection:
        assert looking.owed(connection) == looking.Waiting(2, None)
        assert [str(one) for one in pausing.paused(connection)] == [
            "the lane zendesk",
            "the installation acme",
        ]
        assert not standing(connection).hold(beta, "sailthru")
    pausing.resume(ledger, "zendesk", None, operator="bob", via="console")
    pausing.resume(ledger, "", "acme", operator="bob", via="console")
    with ledger.reading() as connection:
        assert standing(connection) == Pauses()
        done = actions.newest(connection, ActionFilter(via="console"), limit=9)
    assert [(one.operator, one.action, one.target) for one in done] == [
        ("bob", "resumed", "the installation acme"),
        ("bob", "resumed", "the lane zendesk"),
    ]


@pytest.mark.parametrize(
    ("lane", "installation", "reason"),
    [("nowhere", None, "x"), ("", None, "x"), ("", "nobody", "x"), ("zendesk", None, "  ")],
)
def test_a_pause_of_nothing_or_without_a_reason_is_refused(
    ledger: Ledger, lane: str, installation: str | None, reason: str
) -> None:
    with pytest.raises(BadSettings):
        pausing.pause(ledger, lane, installation, operator="ann", reason=reason, via="command")
