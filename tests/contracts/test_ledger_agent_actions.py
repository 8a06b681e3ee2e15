"""Agents' actions in the ledger, over both databases: accepted once, undone or sent, never both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bridge.agent_action import FAILED, HELD, SAVED, SAVING, UNDONE, AgentAction
from bridge.clock import to_micros
from bridge.ledger import agent_actions, agents, events, mailing_lists, retention
from bridge.ledger.agents import Agent
from bridge.ledger.events import KEPT, KeptEvent
from bridge.ledger.ledger import Ledger
from bridge.ledger.mailing_lists import MailingLists
from bridge.ledger.tables import actions as noted
from schemas.event import Event
from tests.bridge.remotes.still_clock import NOW, StillClock
from tests.contracts.side_by_side import together

T = to_micros(NOW)
SECOND = 1_000_000


def action(acme: int, name: str = "a1", **changed: Any) -> AgentAction:
    plain = AgentAction(name, acme, 7, "health", "neutral", T, SAVING, agent=123, is_claimed=True)
    return replace(plain, **changed)


def held(acme: int, name: str = "a1", **changed: Any) -> AgentAction:
    return action(
        acme,
        name,
        **{"kind": "list_remove", "value": "News", "state": HELD, "hold_until": T + 5 * SECOND, **changed},
    )


def accept(ledger: Ledger, *accepted: AgentAction) -> list[AgentAction]:
    with ledger.writing() as connection:
        return [agent_actions.accept(connection, one) for one in accepted]


def state_of(ledger: Ledger, acme: int, name: str = "a1") -> tuple[str, str]:
    with ledger.reading() as connection:
        found = agent_actions.one(connection, acme, name)
    assert found is not None
    return found.state, found.reason


def release(ledger: Ledger, at: int, limit: int = 10) -> list[str]:
    with ledger.writing() as connection:
        return [one.id for one in agent_actions.release(connection, at, limit=limit)]


def undo(ledger: Ledger, acme: int, name: str = "a1") -> bool:
    with ledger.writing() as connection:
        return agent_actions.undo(connection, acme, name, T)


def finish(ledger: Ledger, acme: int, *names: str, reason: str = "", at: int = T) -> None:
    with ledger.writing() as connection:
        agent_actions.finish(connection, acme, names, at, reason=reason)


def notes(ledger: Ledger) -> list[tuple[str, str, str]]:
    with ledger.reading() as connection:
        return [(row.operator, row.action, row.target) for row in connection.execute(select(noted))]


def test_an_action_comes_back_as_it_was_accepted(ledger: Ledger, acme: int) -> None:
    given = held(acme, value={"name": "Ümläute"}, seen={"optout": None}, is_confirmed=True)
    assert accept(ledger, given) == [given]
    with ledger.reading() as connection:
        assert agent_actions.one(connection, acme, "a1") == given


def test_the_same_click_again_is_the_first_one(ledger: Ledger, acme: int) -> None:
    accept(ledger, action(acme))
    finish(ledger, acme, "a1")
    (again,) = accept(ledger, action(acme, value="satisfied", at=T + SECOND))
    assert (again.value, again.state) == ("neutral", SAVED)
    assert notes(ledger) == [("agent:123", "agent.health", "user:7")]


def test_two_clicks_at_once_are_one(ledger: Ledger, acme: int) -> None:
    together(*[lambda: accept(ledger, action(acme)) for _ in range(4)])
    assert len(notes(ledger)) == 1


def test_an_installation_never_sees_the_actions_of_another(ledger: Ledger, acme: int) -> None:
    accept(ledger, action(acme), held(acme, "a2"))
    with ledger.writing() as connection:
        assert agent_actions.one(connection, acme + 1, "a1") is None
        assert agent_actions.of_customer(connection, acme + 1, 7, since=0) == []
        assert not agent_actions.undo(connection, acme + 1, "a2", T)
        assert not agent_actions.begin(connection, acme + 1, "a1", T)
        agent_actions.finish(connection, acme + 1, ["a1"], T)
    assert state_of(ledger, acme) == (SAVING, "")


def test_a_held_action_is_released_when_its_time_has_come(ledger: Ledger, acme: int) -> None:
    accept(ledger, held(acme, "late", at=T + 1, hold_until=T + 9 * SECOND), held(acme), action(acme, "sent"))
    with ledger.reading() as connection:
        assert agent_actions.next_release(connection) == T + 5 * SECOND
    assert release(ledger, T + 5 * SECOND - 1) == []
    assert release(ledger, T + 5 * SECOND) == ["a1"]
    assert state_of(ledger, acme) == (SAVING, "")
    assert release(ledger, T + 9 * SECOND) == ["late"]
    with ledger.reading() as connection:
        assert agent_actions.next_release(connection) is None


def test_an_undone_action_is_never_released(ledger: Ledger, acme: int) -> None:
    accept(ledger, held(acme))
    assert undo(ledger, acme)
    assert release(ledger, T + 60 * SECOND) == []
    assert state_of(ledger, acme) == (UNDONE, "")
    assert not undo(ledger, acme)


def test_a_released_action_cannot_be_undone(ledger: Ledger, acme: int) -> None:
    accept(ledger, held(acme))
    release(ledger, T + 5 * SECOND)
    assert not undo(ledger, acme)
    finish(ledger, acme, "a1")
    assert not undo(ledger, acme)
    assert state_of(ledger, acme) == (SAVED, "")


def test_of_an_undo_and_a_release_at_once_one_wins(ledger: Ledger, acme: int) -> None:
    for number in range(8):
        name = f"a{number}"
        accept(ledger, held(acme, name))
        results: list[object] = []

        def take_back(name: str = name, results: list[object] = results) -> None:
            results.append(undo(ledger, acme, name) and "undone")

        def send(results: list[object] = results) -> None:
            results.append(bool(release(ledger, T + 5 * SECOND)) and "sent")

        together(take_back, send)
        won = [result for result in results if result]
        assert won == [{UNDONE: "undone", SAVING: "sent"}[state_of(ledger, acme, name)[0]]]


def test_two_clocks_never_release_the_same_action(ledger: Ledger, acme: int) -> None:
    accept(ledger, *[held(acme, f"a{number}") for number in range(6)])
    released: list[str] = []

    def clock() -> None:
        for _ in range(6):
            released.extend(release(ledger, T + 5 * SECOND, limit=1))

    together(clock, clock)
    assert sorted(released) == [f"a{number}" for number in range(6)]


def test_an_action_ends_saved_or_failed_and_only_once(ledger: Ledger, acme: int) -> None:
    accept(ledger, action(acme), action(acme, "a2"))
    with ledger.writing() as connection:
        assert agent_actions.begin(connection, acme, "a1", T)
    finish(ledger, acme, "a1", "a2", reason="consent_changed")
    finish(ledger, acme, "a1")
    assert state_of(ledger, acme) == state_of(ledger, acme, "a2") == (FAILED, "consent_changed")
    with ledger.writing() as connection:
        assert not agent_actions.begin(connection, acme, "a1", T)


def test_a_held_action_cannot_end_before_it_is_sent(ledger: Ledger, acme: int) -> None:
    accept(ledger, held(acme))
    finish(ledger, acme, "a1")
    assert state_of(ledger, acme) == (HELD, "")


def test_a_customers_open_and_fresh_actions_are_shown_newest_first(ledger: Ledger, acme: int) -> None:
    accept(
        ledger,
        action(acme, "old"),
        action(acme, "fresh", at=T + 1),
        held(acme, "held", at=T + 2),
        action(acme, "open", at=T + 3),
        action(acme, "others", zendesk_id=8),
    )
    finish(ledger, acme, "old", at=T + SECOND)
    finish(ledger, acme, "fresh", at=T + 60 * SECOND)
    with ledger.reading() as connection:
        shown = agent_actions.of_customer(connection, acme, 7, since=T + 30 * SECOND)
        assert [one.id for one in shown] == ["open", "held", "fresh"]
        assert [one.id for one in agent_actions.of_customer(connection, acme, 7, since=0, limit=1)] == [
            "open"
        ]
        assert [one.id for one in agent_actions.some(connection, acme, ["old", "none", "open"])] == [
            "open",
            "old",
        ]


def test_an_action_whose_process_died_before_publishing_is_found(ledger: Ledger, acme: int) -> None:
    accept(ledger, action(acme, "lost"), action(acme, "kept"), action(acme, "new", at=T + 20), held(acme))
    event = Event("kept", "acme", "agent", "agent.health", "user:7", "agent", NOW, NOW)
    with ledger.writing() as connection:
        events.keep(connection, acme, [KeptEvent(event, 7, 1, KEPT)], T)
    with ledger.reading() as connection:
        assert [one.id for one in agent_actions.unpublished(connection, T + 10, limit=9)] == ["lost"]


def test_who_did_what_is_kept_for_three_years(ledger: Ledger, acme: int, clock: StillClock) -> None:
    accept(ledger, action(acme))
    clock.move(timedelta(days=3 * 365).total_seconds())
    retention.forget(ledger, 30)
    assert len(notes(ledger)) == 1
    assert state_of(ledger, acme)
    clock.move(timedelta(days=4).total_seconds())
    retention.forget(ledger, 30)
    assert notes(ledger) == []
    with ledger.reading() as connection:
        assert agent_actions.one(connection, acme, "a1") is None


@pytest.mark.parametrize(
    ("kind", "value"), [("optout", "all"), ("list_remove", "News"), ("list_add", "News")]
)
def test_who_changed_opt_out_and_lists_is_kept_as_long_as_is_set(
    ledger: Ledger, acme: int, clock: StillClock, kind: str, value: str
) -> None:
    accept(ledger, replace(action(acme), kind=kind, value=value))
    clock.move(timedelta(days=400).total_seconds())
    retention.forget(ledger, 30, 400)
    assert len(notes(ledger)) == 1
    assert state_of(ledger, acme)
    clock.move(1)
    retention.forget(ledger, 30, 400)
    assert notes(ledger) == []


def test_an_agent_is_known_as_zendesk_said_last(ledger: Ledger, acme: int) -> None:
    for known in (
        Agent(123, "Ann", is_staff=True, read_at=T),
        Agent(123, "Anna", is_staff=False, read_at=T + 1),
    ):
        with ledger.writing() as connection:
            agents.keep(connection, acme, known)
            assert agents.one(connection, acme, 123) == known
            assert agents.one(connection, acme + 1, 123) is None
            assert agents.some(connection, acme, [123, 124]) == {123: known}


@pytest.mark.parametrize("names", [["B", "A", "A"], ["ä", "A "], []])
def test_the_lists_are_those_read_last(ledger: Ledger, acme: int, names: list[str]) -> None:
    with ledger.writing() as connection:
        mailing_lists.keep(connection, acme, ["Old"], T)
        mailing_lists.keep(connection, acme, names, T + 1)
        known = mailing_lists.known(connection, acme)
    assert known == (MailingLists(tuple(sorted(set(names))), T + 1) if names else MailingLists())
