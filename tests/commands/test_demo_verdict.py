"""The demo's own judgement: it must be able to fail, and to say what is wrong."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from commands.demo.cast import Cast
from commands.demo.changing import changes
from commands.demo.differing import ZENDESK, Change, Difference
from commands.demo.expected import Expected, differences, expected_vars
from commands.demo.expected_users import USER_FIELDS
from commands.demo.playing import Played, play
from commands.demo.report import sentences
from commands.demo.showing import Board
from commands.demo.standin import StandIn
from commands.demo.tour import BACK, STEPS, Step
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
        for key, kind in USER_FIELDS.items():
            box.zendesk.add_user_field(key, kind)
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
    assert "WRONG in Sailthru, ada@example.com: profile must be 'there', and is 'absent'" in said
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


def in_zendesk(cast: Cast, **changed: Any) -> list[Difference]:
    """What differs of Cleo, whose user holds everything but these."""
    user_id = cast.people["Cleo"].id
    right = {
        "sailthru_optout": "none",
        "sailthru_engagement": "engaged",
        "sailthru_value_score": 2,
        "sailthru_lists": "Weekly",
        "sailthru_signup": "2024-03-01",
    }
    for key, value in {**right, **changed}.items():
        cast.zendesk.do("set_user_field", user_id=user_id, key=key, value=value)
    return cast.user_differences(cast.scene())


def test_a_user_that_holds_what_it_must_does_not_differ(cast: Cast) -> None:
    cast.arrive("Cleo")
    assert in_zendesk(cast) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sailthru_optout", "all"),
        ("sailthru_engagement", None),
        ("sailthru_value_score", 3),
        ("sailthru_lists", "Weekly\nOffers"),
        ("sailthru_signup", "2024-03-02"),
    ],
)
def test_a_user_field_that_differs_is_found(cast: Cast, field: str, value: Any) -> None:
    cast.arrive("Cleo")
    (found,) = in_zendesk(cast, **{field: value})
    assert (found.system, found.field, found.is_now) == (ZENDESK, field, value)


def test_dates_of_activity_count_while_a_ticket_is_open(cast: Cast) -> None:
    cast.arrive("Cleo")
    cast.ask("Cleo", "Hello?")
    (found,) = in_zendesk(cast)
    assert (found.field, found.is_now) == ("sailthru_last_open", None)
    cast.zendesk.do("solve", ticket_id=cast.tickets["Hello?"])
    assert in_zendesk(cast) == []


def test_the_tag_of_high_value_must_be_there_and_on_the_ticket_just_opened(cast: Cast) -> None:
    cast.arrive("Cleo")
    cast.score("Cleo", 4)
    cast.ask("Cleo", "Hello?")
    number = cast.tickets["Hello?"]
    today = cast.scene().tickets[number]["created_at"][:10]
    good = {"sailthru_value_score": 4, "sailthru_last_open": today}
    assert {one.field for one in in_zendesk(cast, **good)} == {"tags", f"tags of {number}"}
    cast.zendesk.do("add_tags", user_id=cast.people["Cleo"].id, tags=["sailthru_highvalue"])
    cast.zendesk.do("set_ticket_tags", ticket_id=number, tags=["sailthru_highvalue"])
    assert in_zendesk(cast, **good) == []
    cast.score("Cleo", 2)
    assert [one.field for one in in_zendesk(cast, sailthru_last_open=today)] == ["tags"]


def test_a_step_back_shows_its_people_in_both_systems(cast: Cast) -> None:
    cast.arrive("Cleo")
    cast.arrive("Ada")
    step = Step("Cleo chooses", ("Cleo",), lambda cast: cast.choose_lists("Cleo", Weekly=0), BACK)
    before = cast.scene()
    step.do(cast)
    cast.zendesk.do("set_user_field", user_id=cast.people["Cleo"].id, key="sailthru_lists", value=None)
    cast.zendesk.do("set_user_field", user_id=cast.people["Cleo"].id, key="sailthru_optout", value="none")
    cast.zendesk.do("add_tags", user_id=cast.people["Ada"].id, tags=["vip"])

    assert list(changes(step, cast, before, cast.scene())) == [
        Change("cleo@example.com", "lists", ["Weekly"], []),
        Change("cleo@example.com", "sailthru_optout", None, "none", ZENDESK),
    ]


def test_what_took_how_long_is_told_for_each_way() -> None:
    played = [Played("a", 0.2, (), ()), Played("b", 1.5, (), (), BACK), Played("c", 0.4, (), ())]
    first, *times = sentences(played, Verdict((), ()))
    assert first.startswith("All is well: after each of 3 changes both systems held what they must.")
    assert times == [
        "  from Zendesk to Sailthru: median 0.30 s, slowest 0.40 s",
        "  from Sailthru to Zendesk: median 1.50 s, slowest 1.50 s",
    ]
