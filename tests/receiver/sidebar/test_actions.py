"""What agents ask for is kept and published at once, and acts once, whatever they click."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from bridge.errors import Unavailable
from bridge.ledger import agent_actions
from bridge.ledger.tables import actions as noted
from tests.receiver.sidebar.seat import AGENT, Seat

SECOND = 1_000_000


def of(seat: Seat, name: str) -> dict[str, Any]:
    """An action by the ledger's word."""
    response = seat.call("GET", f"actions?ids={name}")
    assert response.json is not None
    (found,) = response.json["actions"]
    return dict(found)


def notes(seat: Seat) -> list[Any]:
    with seat.story.world.ledger.reading() as connection:
        return [
            (row.operator, row.action, row.target, json.loads(row.detail))
            for row in connection.execute(select(noted))
        ]


def finish(seat: Seat, name: str, reason: str = "") -> None:
    world = seat.story.world
    with world.ledger.writing() as connection:
        agent_actions.finish(connection, world.installation.id, [name], world.ledger.micros(), reason=reason)


def test_a_click_is_kept_and_travels_the_agents_lane(seat: Seat) -> None:
    action = seat.act(7, "health", "satisfied")
    (event,) = seat.published()
    assert (event.lane, event.type, event.subject, event.source) == (
        "agent",
        "agent.health",
        "user:7",
        "agent",
    )
    assert event.id == action["id"]
    assert event.data == {
        "action": action["id"],
        "value": "satisfied",
        "seen": None,
        "confirmed": False,
        "agent": AGENT,
        "claimed": False,
    }
    assert action["state"] == of(seat, action["id"])["state"] == "saving"


def test_an_agents_health_reaches_the_profile(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    seat.act(ann.id, "health", "satisfied")
    seat.story.world.work()
    profile = seat.story.sailthru.by_sid(ann.sid)
    assert profile is not None
    assert profile.vars["zendesk_health"] == "satisfied"


def test_who_did_what_is_noted_for_the_operator(seat: Seat) -> None:
    action = seat.act(7, "sync", value=False)
    assert notes(seat) == [
        (
            f"agent:{AGENT}",
            "agent.sync",
            "user:7",
            {"id": action["id"], "value": False, "confirmed": False, "claimed": False},
        )
    ]


def test_a_double_click_acts_once(seat: Seat) -> None:
    first = seat.act(7, "health", "satisfied", key="the-same-click")
    again = seat.act(7, "health", "neutral", key="the-same-click")
    assert again["id"] == first["id"]
    assert again["value"] == "satisfied"
    assert {event.id for event in seat.published()} == {first["id"]}
    assert len(notes(seat)) == 1


def test_the_same_key_in_another_installation_is_another_action(seats: Any) -> None:
    one, other = seats(), seats()
    with other.story.world.ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE installations SET id = 2 WHERE id = 1")
    other.story.clock.move(3)
    other.sit()
    ids = {seat.act(7, "health", "neutral", key="the-same-click")["id"] for seat in (one, other)}
    assert len(ids) == 2


def test_a_removal_is_held_until_its_time_has_come(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    view = seat.look(ann.id)
    action = seat.act(ann.id, "list_remove", "News", seen=view["optout"]["seen"])
    assert action["state"] == "held"
    assert action["hold_until"] == "2026-11-22T10:00:10.000Z"
    assert seat.published() == []


def test_a_held_removal_can_be_undone_twice_and_counts_once(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    action = seat.act(ann.id, "list_remove", "News", seen=seat.look(ann.id)["optout"]["seen"])
    for _ in range(2):
        response = seat.call("POST", f"actions/{action['id']}/undo", json={})
        assert response.status_code == 200
        assert response.json is not None
        assert response.json["action"]["state"] == "undone"


def test_what_was_sent_cannot_be_undone(seat: Seat) -> None:
    action = seat.act(7, "health", "neutral")
    response = seat.call("POST", f"actions/{action['id']}/undo", json={})
    assert response.status_code == 409
    assert of(seat, action["id"])["state"] == "saving"


def test_a_failed_action_is_tried_again_as_one_new_action(seat: Seat) -> None:
    action = seat.act(7, "health", "neutral")
    finish(seat, action["id"], "profile_gone")
    assert of(seat, action["id"])["reason"] == "profile_gone"
    seat.published()
    answers = [seat.call("POST", f"actions/{action['id']}/retry", json={}) for _ in range(2)]
    assert [one.status_code for one in answers] == [202, 202]
    ids = {one.json["action"]["id"] for one in answers if one.json}
    assert len(ids) == 1
    assert action["id"] not in ids
    assert {event.id for event in seat.published()} == ids


def test_only_what_failed_is_tried_again(seat: Seat) -> None:
    action = seat.act(7, "health", "neutral")
    assert seat.call("POST", f"actions/{action['id']}/retry", json={}).status_code == 409
    finish(seat, action["id"])
    assert seat.call("POST", f"actions/{action['id']}/retry", json={}).status_code == 409


@pytest.mark.parametrize("path", ["actions/nothing/undo", "actions/nothing/retry"])
def test_an_action_that_is_none_is_not_found(seat: Seat, path: str) -> None:
    assert seat.call("POST", path, json={}).status_code == 404
    assert seat.call("GET", "actions?ids=nothing,,x").json == {"actions": []}


def test_what_makes_no_sense_is_refused_with_words(seat: Seat) -> None:
    response = seat.ask(7, "health", "happy")
    assert response.status_code == 400
    assert response.json == {
        "error": "bad_action",
        "message": "value: must be unsatisfied, neutral or satisfied",
    }
    assert seat.published() == []


def test_a_body_that_is_none_is_refused(seat: Seat) -> None:
    told = {
        400: (b"{", b"[" * 60_000, b"[]", b"null", b""),
        413: (b" " * 140_000,),
    }
    for status, bodies in told.items():
        for body in bodies:
            response = seat.call("POST", "actions", data=body, content_type="application/json")
            assert response.status_code == status
    form = seat.call("POST", "actions", data=b"key=1", content_type="application/x-www-form-urlencoded")
    assert form.status_code == 415


def test_whoever_acts_is_named(seat: Seat) -> None:
    seat.sit(agent=None)
    response = seat.ask(7, "health", "neutral")
    assert (response.status_code, response.json) == (403, {"error": "agent_unknown"})


def test_nothing_is_accepted_for_a_member_of_the_team(seat: Seat) -> None:
    number = seat.story.stranger("agent@example.com", role="agent")
    seat.story.meet(number)
    response = seat.ask(number, "health", "neutral")
    assert response.status_code == 422
    assert response.json is not None
    assert response.json["error"] == "not_a_customer"


def test_while_the_ledger_is_away_nothing_is_accepted(seat: Seat) -> None:
    seat.acceptance.vice = Unavailable("ledger", "gone")
    response = seat.ask(7, "health", "neutral", key="the-same-click")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    # when it is back, the same click is published
    seat.acceptance.vice = None
    action = seat.act(7, "health", "neutral", key="the-same-click")
    assert [event.id for event in seat.published()] == [action["id"]]


def test_an_action_whose_publishing_failed_is_published_by_the_same_click_much_later(seat: Seat) -> None:
    seat.acceptance.vice = Unavailable("ledger", "gone")
    seat.ask(7, "health", "neutral", key="the-same-click")
    seat.acceptance.vice = None
    seat.story.clock.move(60)
    action = seat.act(7, "health", "neutral", key="the-same-click")
    assert [event.id for event in seat.published()] == [action["id"]]


def test_a_click_again_after_it_was_worked_off_publishes_nothing(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    seat.act(ann.id, "health", "neutral", key="the-same-click")
    seat.story.world.work()
    seat.story.clock.move(60)
    seat.act(ann.id, "health", "neutral", key="the-same-click")
    assert seat.published() == []


class TestConsent:
    """Whoever gets more mail than before asked for it, and an agent saw what it was."""

    def test_a_stricter_opt_out_is_one_step(self, seat: Seat) -> None:
        ann = seat.story.person("ann@example.com")
        seen = seat.look(ann.id)["optout"]["seen"]
        seat.act(ann.id, "optout", "basic", seen=seen)
        seat.act(ann.id, "optout", "all")

    def test_a_looser_one_asks_first(self, seat: Seat) -> None:
        ann = seat.story.person("ann@example.com")
        seat.story.sailthru.set_optout("ann@example.com", "all")
        seen = seat.look(ann.id)["optout"]["seen"]
        response = seat.ask(ann.id, "optout", "basic", seen=seen)
        assert response.status_code == 409
        assert response.json is not None
        assert response.json["error"] == "needs_confirmation"
        seat.act(ann.id, "optout", "basic", seen=seen, confirmed=True)
        (event,) = seat.published()
        assert event.data["confirmed"] is True
        assert event.data["seen"] == {
            "optout": "all",
            "lists": ["News"],
            "read_at": "2026-11-22T10:00:05.000Z",
        }

    @pytest.mark.parametrize("seen", [None, "nonsense", "a.b.c"])
    def test_nobody_loosens_what_nobody_saw(self, seat: Seat, seen: str | None) -> None:
        ann = seat.story.person("ann@example.com")
        response = seat.ask(ann.id, "optout", "none", seen=seen, confirmed=True)
        assert response.status_code == 422
        assert response.json is not None
        assert response.json["error"] == "unseen"

    def test_what_was_seen_of_one_customer_does_not_count_for_another(self, seat: Seat) -> None:
        ann, bob = seat.story.person("ann@example.com"), seat.story.person("bob@example.com")
        seen = seat.look(ann.id)["optout"]["seen"]
        assert seat.ask(bob.id, "optout", "none", seen=seen, confirmed=True).status_code == 422

    def test_a_list_added_again_asks_first(self, seat: Seat) -> None:
        ann = seat.story.person("ann@example.com")
        seat.story.sailthru.create_profile("bob@example.com", lists=["Offers"])
        assert "Offers" in seat.lists()
        seen = seat.look(ann.id)["optout"]["seen"]
        assert seat.ask(ann.id, "list_add", "Offers", seen=seen).status_code == 409
        seat.act(ann.id, "list_add", "Offers", seen=seen, confirmed=True)

    @pytest.mark.parametrize("name", ["Ofers", "offers", "Offers ", "High value"])
    @pytest.mark.parametrize("kind", ["list_add", "list_remove"])
    def test_a_typing_mistake_never_makes_a_list(self, seat: Seat, kind: str, name: str) -> None:
        ann = seat.story.person("ann@example.com")
        seat.story.sailthru.join_list("ann@example.com", "Offers")
        seen = seat.look(ann.id)["optout"]["seen"]
        response = seat.ask(ann.id, kind, name, seen=seen, confirmed=True)
        assert response.status_code == 422
        assert response.json is not None
        assert response.json["error"] == "unknown_list"

    def test_a_loosening_that_failed_is_never_just_repeated(self, seat: Seat) -> None:
        ann = seat.story.person("ann@example.com")
        seat.story.sailthru.set_optout("ann@example.com", "all")
        seen = seat.look(ann.id)["optout"]["seen"]
        action = seat.act(ann.id, "optout", "none", seen=seen, confirmed=True)
        finish(seat, action["id"], "consent_changed")
        assert seat.call("POST", f"actions/{action['id']}/retry", json={}).status_code == 409


def test_no_remote_is_called_while_an_action_is_accepted(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    seen = seat.look(ann.id)["optout"]["seen"]
    seat.story.forget()
    for kind, value in (("health", "neutral"), ("sync", False), ("optout", "all"), ("list_remove", "News")):
        seat.act(ann.id, kind, value, seen=seen)
    assert seat.story.calls() == (0, 0, 0)


def test_profiles_are_merged_only_where_two_stand_against_each_other(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    response = seat.ask(ann.id, "merge", confirmed=True)
    assert response.status_code == 422
    assert response.json is not None
    assert response.json["error"] == "nothing_to_merge"
