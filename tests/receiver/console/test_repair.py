"""Dead letters, replays, lanes and the audit over HTTP: who may do what, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from bridge.ledger import customers, dead
from bridge.ledger.customers import Mark
from bridge.ledger.dead import DeadLetter
from bridge.repair.many import Replayer
from receiver.app import create_app
from tests import loosening
from tests.receiver.console.visitor import Visit, Visitor
from tests.receiver.door import Door

PAGES = ("/dead", "/dead/letters", "/dead/dropped", "/dead/replays", "/lanes", "/audit")


@pytest.fixture
def letters(door: Door) -> list[int]:
    """Two letters of one group and one of another."""
    with door.ledger.writing() as connection:
        for number in (7, 8, 9):
            customers.add(connection, 1, [number])
            customers.mark_owed(connection, 1, [Mark(number, f"p{number}@example.com")], 1)
        told = DeadLetter(1, "zendesk", "push.write", "bad_value", "ann@example.com is odd")
        buried = [replace(told, zendesk_id=number) for number in (7, 8)]
        buried.append(replace(told, zendesk_id=9, reason="invalid_email"))
        return [dead.bury(connection, one, door.ledger.micros()) for one in buried]


def state(door: Door, number: int) -> str:
    with door.ledger.reading() as connection:
        found = dead.one(connection, number)
    assert found is not None
    return found.state


def changing(app: Flask) -> list[str]:
    """The path of every route of the console that changes something, its numbers and names filled in."""
    filled = {"int:number": "1", "name": "acme", "installation": "acme"}
    paths = []
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if rule.rule.startswith("/console/") and methods:
            path = rule.rule.removeprefix("/console")
            for name, value in filled.items():
                path = path.replace(f"<{name}>", value)
            paths.append(path.replace("<path:", "<").replace("<event_id>", "e"))
    return paths


# These are for everybody: they let in and out.
FOR_ALL = ("/login", "/sign-out", "/link/")


def test_a_viewer_changes_nothing_whatever_the_route(door: Door, visit: Visit, letters: list[int]) -> None:
    viewer = visit("viewer")
    paths = [path for path in changing(create_app(door.parts)) if not path.startswith(FOR_ALL)]
    assert {"/dead/replay", "/dead/drop", "/lanes/pause"} <= set(paths)
    for path in paths:
        answer = viewer.send(path, all="1", id=str(letters[0]), because="x", lane="zendesk")
        assert answer.status_code == 403, path
    assert [state(door, number) for number in letters] == ["open"] * 3
    assert viewer.look("/lanes").text.count("Nothing is paused") == 1


def test_a_form_of_another_site_changes_nothing(door: Door, visit: Visit, letters: list[int]) -> None:
    operator = visit("operator")
    for path in changing(create_app(door.parts)):
        if not path.startswith(FOR_ALL):
            answer = operator.client.post(f"/console{path}", data={"all": "1", "because": "x"})
            assert answer.status_code == 403, path
    assert [state(door, number) for number in letters] == ["open"] * 3


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_every_page_is_shown_empty_and_full(visit: Visit, letters: list[int], role: str) -> None:
    visitor = visit(role)
    for path in (*PAGES, f"/dead/letters/{letters[0]}", "/dead/replay?all=1&q="):
        answer = visitor.look(path)
        assert answer.status_code == 200, (path, answer.text)
        assert "<script>" not in answer.text
        assert ('method="post" action="/console/dead' in answer.text) == (
            role == "operator" and ("/replay?" in path or "/letters/" in path)
        )


def test_viewers_see_no_whole_address(visit: Visit, letters: list[int]) -> None:
    for path in (f"/dead/letters/{letters[0]}", "/dead/letters", "/dead/replay?all=1"):
        assert "ann@example.com" not in visit("viewer").look(path).text
    assert "ann@example.com" in visit("operator").look("/dead/letters").text


def test_a_filter_that_is_none_says_what_it_could_have_been(visit: Visit, letters: list[int]) -> None:
    answer = visit("viewer").look("/dead?q=colour:red")
    assert answer.status_code == 200
    assert "there is no filter colour" in answer.text
    assert "bad_value" not in answer.text


def test_one_letter_is_replayed_by_a_click_and_says_how_it_stands(
    door: Door, visit: Visit, letters: list[int]
) -> None:
    operator, path = visit("operator"), f"/dead/letters/{letters[0]}"
    answer = operator.send(f"{path}/replay", page=path)
    assert (answer.status_code, answer.location) == (303, f"/console{path}")
    assert "Under way" in operator.look(f"{path}/state").text
    with door.ledger.writing() as connection:
        held = customers.locked(connection, 1, [7])
        customers.save(connection, [held[7].but(owed=False)])
    assert "Done" in operator.look(f"{path}/state").text
    # A second click finds nothing to replay, and says so
    assert operator.send(f"{path}/replay", page="/lanes").status_code == 409


def test_all_that_match_are_replayed_at_a_rate(door: Door, visit: Visit, letters: list[int]) -> None:
    operator = visit("operator")
    asked = "/dead/replay?all=1&q=reason:bad_value"
    assert "Replay 2 letters?" in operator.look(asked).text
    answer = operator.send("/dead/replay", page=asked, all="1", q="reason:bad_value", rate="60")
    assert answer.location == "/console/dead/replays/1"
    Replayer(door.ledger, door.broker.publisher()).step()
    assert "1 of 2, running" in operator.look("/dead/replays/1/progress").text
    assert operator.send("/dead/replays/1/stop", page="/dead/replays/1").status_code == 303
    assert "stopped by ann" in operator.look("/dead/replays/1").text
    assert [state(door, number) for number in letters] == ["replayed", "open", "open"]


def test_drops_need_a_reason_and_can_be_undone(door: Door, visit: Visit, letters: list[int]) -> None:
    operator, path = visit("operator"), f"/dead/letters/{letters[2]}"
    assert operator.send("/dead/drop", page=path, id=str(letters[2]), because=" ").status_code == 400
    assert operator.send("/dead/drop", page=path, id=str(letters[2]), because="gone").status_code == 303
    assert "gone" in operator.look("/dead/dropped").text
    assert operator.send(f"{path}/undrop", page="/dead/dropped").status_code == 303
    assert state(door, letters[2]) == "open"
    assert "dead_undropped" in operator.look("/audit?via=console&operator=ann").text


def test_a_pause_stands_above_every_page_until_somebody_resumes(visit: Visit) -> None:
    operator: Visitor = visit("operator")
    sent = operator.send("/lanes/pause", page="/lanes", lane="zendesk", installation="acme", because="a sale")
    assert sent.status_code == 303
    for path in ("/", "/dead", "/audit"):
        assert "The lane zendesk of acme is paused" in operator.look(path).text
    assert operator.send("/lanes/pause", page="/lanes", because="x").status_code == 400
    sent = operator.send("/lanes/resume", page="/lanes", lane="zendesk", installation="acme")
    assert sent.status_code == 303
    assert "is paused" not in operator.look("/").text


def test_no_page_replays_what_loosens_consent(door: Door, visit: Visit) -> None:
    operator = visit("operator")
    with door.ledger.writing() as connection:
        buried = [dead.bury(connection, one, door.ledger.micros()) for one in loosening.letters(1)]
    for number in buried:
        path = f"/dead/letters/{number}"
        assert "only an agent may loosen it" in operator.look(path).text
        for again in ("0", "1"):
            assert operator.send(f"{path}/replay", page=path, again=again).status_code == 409
    for chosen in ({"all": "1", "q": "lane:agent"}, {"id": str(buried[0])}):
        assert (
            operator.send("/dead/replay", page="/lanes", again="1", rate="6000", **chosen).status_code == 303
        )
    replayer = Replayer(door.ledger, door.broker.publisher())
    for _ in range(len(buried) + 2):
        replayer.step()
        door.clock.pass_by(1)
    assert "Refused</dt><dd>7" in operator.look("/dead/replays/1").text
    assert [state(door, number) for number in buried] == ["open"] * len(buried)
    assert door.kept() == []
