"""Where Zendesk's token names nobody, the page says who looks at it, and Zendesk is asked once."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.web.faults import Fault
from sandbox.web.messages import Reply
from tests.receiver.sidebar.seat import Seat


def claim(seat: Seat, number: Any) -> int:
    response = seat.call("POST", "agent", json={"id": number})
    if response.status_code == 200:
        assert response.json is not None
        seat.token = response.json["token"]
    return response.status_code


def staff(seat: Seat, **user: Any) -> int:
    return int(seat.story.zendesk.create_user("agent@example.com", **{"role": "agent", **user}).id)


def zendesk_reads(seat: Seat) -> int:
    return len(seat.story.zendesk.calls.matching("GET", "/api/v2/users/*"))


@pytest.fixture
def nobody(seat: Seat) -> Seat:
    """A seat whose token names nobody."""
    seat.sit(agent=None)
    return seat


def test_an_active_agent_may_act_and_is_noted_as_claimed(nobody: Seat) -> None:
    number = staff(nobody)
    assert claim(nobody, number) == 200
    action = nobody.act(7, "health", "neutral")
    assert action["is_claimed"] is True
    assert action["agent_id"] == str(number)
    (event,) = nobody.published()
    assert (event.data["agent"], event.data["claimed"]) == (number, True)


def test_zendesk_is_asked_once_for_all_processes(nobody: Seat) -> None:
    number = staff(nobody)
    assert [claim(nobody, number) for _ in range(3)] == [200, 200, 200]
    assert zendesk_reads(nobody) == 1
    nobody.story.clock.move(12 * 3600)
    nobody.sit(agent=None)
    claim(nobody, number)
    assert zendesk_reads(nobody) == 2


@pytest.mark.parametrize("user", [{"role": "end-user"}, {"suspended": True}])
def test_nobody_else_is_let_act(nobody: Seat, user: dict[str, Any]) -> None:
    try:
        number = staff(nobody, **user)
    except TypeError:
        number = staff(nobody)
        nobody.story.zendesk.suspend(number)
    assert claim(nobody, number) == 403


def test_a_deleted_agent_is_not_let_act(nobody: Seat) -> None:
    number = staff(nobody)
    nobody.story.zendesk.delete_user(number)
    assert claim(nobody, number) == 403


def test_an_id_that_zendesk_does_not_know_is_not_let_act(nobody: Seat) -> None:
    assert claim(nobody, 987654321) == 403


@pytest.mark.parametrize("number", [None, "", "abc", 0, -1, 2**70, [1], {"id": 1}, 1.5, True])
def test_what_is_no_id_is_refused(nobody: Seat, number: Any) -> None:
    assert claim(nobody, number) == 400
    assert zendesk_reads(nobody) == 0


def test_whom_zendesks_own_token_named_nobody_replaces(seat: Seat) -> None:
    other = staff(seat)
    assert claim(seat, other) == 403


def test_the_agent_of_zendesks_token_stays_proven(seat: Seat) -> None:
    number = staff(seat)
    seat.sit(agent=number)
    assert claim(seat, number) == 200
    assert seat.act(7, "health", "neutral")["is_claimed"] is False


def test_while_zendesk_is_away_the_page_is_told_to_come_again(nobody: Seat) -> None:
    number = staff(nobody)
    nobody.story.zendesk.faults.add(Fault(Reply(503, b"{}"), path="/api/v2/users/*"))
    response = nobody.call("POST", "agent", json={"id": number})
    assert response.status_code == 503
    assert response.json == {"error": "zendesk_away"}
    assert claim(nobody, number) == 200


def test_an_agents_name_is_shown_with_what_they_set(nobody: Seat) -> None:
    number = staff(nobody, name="Anna Agent")
    claim(nobody, number)
    ann = nobody.story.person("ann@example.com")
    nobody.act(ann.id, "health", "neutral")
    nobody.story.world.work()
    assert nobody.look(ann.id)["health"]["set_by"] == "Anna Agent"
