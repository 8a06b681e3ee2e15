"""The demo's own judgement: it must be able to fail, and to say what is wrong."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from commands.demo.expected import Difference, Expected, differences, expected_vars
from commands.demo.playing import Played, play
from commands.demo.report import sentences
from commands.demo.showing import Board
from commands.demo.standin import StandIn
from commands.demo.tour import STEPS, Cast
from commands.demo.verdict import Verdict, broken_off
from commands.demo.waiting import StageFailed, wait_for
from sandbox import Sandbox

PROFILE = {"email": "ada@example.com", "sid": "a1", "vars": {"zendesk_id": 7}, "lists": {"Weekly": "…"}}
ADA = Expected("ada@example.com", "a1", {"zendesk_id": 7}, frozenset({"Weekly"}))


def nothing() -> None:
    """Nobody wants to end."""


@pytest.fixture
def cast() -> Iterator[Cast]:
    """The people of the tour, with both stand-ins and no bridge between them."""
    with Sandbox.start() as box:
        made = Cast(StandIn(box.zendesk.url, {}), StandIn(box.sailthru.url, {}))
        made.prepare()
        yield made


def test_without_a_bridge_the_tour_ends_at_its_first_step_and_says_what_differs(cast: Cast) -> None:
    played = list(play(cast, watch=nothing, begun=lambda _: None, within_s=0.1))

    assert [one.title for one in played] == [STEPS[0].title]
    assert Difference("ada@example.com", "profile", "there", "absent") in played[0].differences
    verdict = broken_off(played[0])
    assert not verdict.is_good
    said = " ".join(sentences(played, verdict))
    assert "Sailthru did not agree: Ada is created" in said
    assert "WRONG ada@example.com: profile must be 'there', and is 'absent'" in said
    assert "All is well" not in said


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        ({**PROFILE, "vars": {"zendesk_id": 8}}, "zendesk_id"),
        ({**PROFILE, "vars": {"zendesk_id": 7, "zendesk_health": "neutral"}}, "zendesk_health"),
        ({**PROFILE, "vars": {}}, "zendesk_id"),
        ({**PROFILE, "lists": {}}, "lists"),
        ({**PROFILE, "sid": "b2"}, "sid"),
        ({**PROFILE, "email": "ada@example.org"}, "profile"),
    ],
)
def test_whatever_differs_is_found(profile: dict[str, Any], field: str) -> None:
    assert differences([ADA], [PROFILE]) == []
    assert {one.field for one in differences([ADA], [profile])} == {field}


def test_a_profile_that_must_not_be_there_is_found() -> None:
    other = {**PROFILE, "email": "nobody@example.com", "sid": "c3"}
    assert differences([ADA], [PROFILE, other]) == [
        Difference("nobody@example.com", "profile", "absent", "there")
    ]


def test_the_vars_are_told_from_the_records_of_zendesk_alone(cast: Cast) -> None:
    cast.arrive("Ada", tags=["vip", "a"])
    cast.ask("Ada", "A secret", public=False)
    cast.ask("Ada", "Gone")
    cast.zendesk.do("delete_ticket", ticket_id=cast.tickets["Gone"])
    state = cast.zendesk.state()

    told = expected_vars(state["users"][0], state["tickets"], "https://acme.zendesk.com")

    number = cast.tickets["A secret"]
    assert told["zendesk_tags"] == ["a", "vip"]
    assert told["zendesk_ticket_count"] == 1
    assert told["zendesk_tickets"][str(number)]["subject"] == ""
    assert told["zendesk_tickets"][str(number)]["url"] == f"https://acme.zendesk.com/agent/tickets/{number}"
    assert "zendesk_health" not in told


def test_a_fault_at_the_end_is_not_good() -> None:
    assert Verdict((), ()).is_good
    assert not Verdict(("dead letters: 1, where there must be none",), ()).is_good


def test_waiting_ends_with_a_sentence_when_nothing_comes() -> None:
    with pytest.raises(StageFailed, match="the sea parts: not within 0"):
        wait_for(lambda: None, within_s=0.0, what="the sea parts", watch=nothing)


def test_a_step_is_shown_in_eighty_columns_without_a_terminal(cast: Cast) -> None:
    written = io.StringIO()
    board = Board(Console(file=written, width=80))
    (played,) = play(cast, watch=nothing, begun=board.begun, within_s=0.0)
    with board.open():
        board.done(Played("A step", 0.5, played.changes, ()))
    assert "A step" in written.getvalue()
    assert max(map(len, written.getvalue().splitlines())) <= 80
