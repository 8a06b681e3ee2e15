"""What an agent decides about profiles: from the page's call through the consumer to what Sailthru holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.ledger import dead
from tests.receiver.sidebar.seat import Seat
from tests.scenarios.story import Person

Seats = Callable[..., Seat]
NEW = "ann@new.example.com"


def came_to(seat: Seat, action: dict[str, Any]) -> tuple[str, str | None]:
    """What the page is told of an action."""
    response = seat.call("GET", f"actions?ids={action['id']}")
    assert response.json is not None
    (found,) = response.json["actions"]
    return found["state"], found["reason"]


def taken(seat: Seat) -> tuple[Person, str]:
    """Ann moves to an address that a profile holds which belongs to nobody: she, and that one's sid."""
    story = seat.story
    ann = story.person("ann@example.com")
    other = story.sailthru.create_profile(NEW, lists=["Weekly"])
    story.zendesk.change_email(ann.id, NEW)
    story.hear()
    story.later(5)
    assert seat.look(ann.id)["customer"]["state"] == "email_conflict"
    return ann, other


def look(seat: Seat, user: int) -> dict[str, Any]:
    """Look past what the page has kept for some seconds."""
    seat.story.clock.move(11)
    seat.sit()
    return seat.look(user)


def test_an_agent_has_a_profile_made_where_that_became_allowed(seats: Seats) -> None:
    seat = seats()
    story = seat.story
    number = story.stranger("new@example.com")
    story.meet(number)
    view = seat.look(number)
    assert (view["customer"]["state"], view["customer"]["can_create"]) == ("no_profile", False)
    # when the company allows it and an agent asks for it
    story.change_options(create_profiles=True)
    assert seat.look(number)["customer"]["can_create"]
    action = seat.act(number, "create")
    story.later(5)
    # then the page shows it, and Sailthru holds it with the customer's vars
    assert came_to(seat, action) == ("saved", None)
    assert look(seat, number)["customer"]["state"] == "ok"
    profile = story.sailthru.profile("new@example.com")
    assert profile is not None
    assert profile.vars["zendesk_id"] == number


def test_an_agent_merges_the_two_profiles_that_are_shown(seat: Seat) -> None:
    ann, other = taken(seat)
    action = seat.act(ann.id, "merge", other, confirmed=True)
    seat.story.later(10)
    assert came_to(seat, action) == ("saved", None)
    view = look(seat, ann.id)
    assert (view["customer"]["state"], view["conflict"]) == ("ok", None)
    assert seat.story.address_of(ann.sid) == NEW
    assert "Weekly" in [one["name"] for one in view["lists"]]
    assert seat.story.sailthru.by_sid(other) is None


def test_profiles_kept_apart_are_not_asked_about_again(seat: Seat) -> None:
    ann, other = taken(seat)
    action = seat.act(ann.id, "keep_apart", other, confirmed=True)
    seat.story.later(10)
    assert came_to(seat, action) == ("saved", None)
    assert seat.story.letters(dead.OPEN) == []
    # and later changes go on without the address, and without the question
    seat.story.zendesk.add_tags(ann.id, ["vip"])
    seat.story.hear()
    seat.story.later(60)
    view = look(seat, ann.id)
    assert (view["customer"]["state"], view["conflict"]) == ("ok", None)
    assert (view["pushed"]["state"], view["pushed"]["code"]) == ("applied", "kept_apart")
    assert seat.story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert seat.story.address_of(ann.sid) == "ann@example.com"
    assert seat.story.sailthru.by_sid(other) is not None


def test_a_decision_waits_for_sailthru_as_long_as_it_may_still_follow(seat: Seat) -> None:
    ann, other = taken(seat)
    seat.story.sailthru.faults.answer(503, None, times=None)
    action = seat.act(ann.id, "merge", other, confirmed=True)
    seat.story.later(1200)
    seat.sit()
    assert came_to(seat, action) == ("saving", None)
    seat.story.sailthru.faults.clear()
    seat.story.later(300)
    seat.sit()
    assert came_to(seat, action) == ("saved", None)
    assert seat.story.address_of(ann.sid) == NEW


def test_a_merge_that_was_said_to_have_failed_does_not_happen_later(seat: Seat) -> None:
    ann, other = taken(seat)
    seat.story.sailthru.fail_with(17, "Invalid value", status=400, method="POST")
    action = seat.act(ann.id, "merge", other, confirmed=True)
    seat.story.later(10)
    assert came_to(seat, action) == ("failed", "refused")
    seat.story.zendesk.add_tags(ann.id, ["vip"])
    seat.story.hear()
    seat.story.later(60)
    assert seat.story.address_of(ann.sid) == "ann@example.com"
    assert seat.story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]


def test_two_agents_see_each_others_change_and_the_later_one_stands(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    first = seat.act(ann.id, "health", "unsatisfied")
    seat.story.world.work()
    seat.story.clock.move(1)
    seat.sit(agent=456)
    assert seat.look(ann.id)["health"] == {
        "value": "unsatisfied", "set_by": "123", "set_at": first["at"],
    }  # fmt: skip
    second = seat.act(ann.id, "health", "satisfied")
    seat.story.world.work()
    seat.sit(agent=123)
    assert seat.look(ann.id)["health"] == {"value": "satisfied", "set_by": "456", "set_at": second["at"]}
    assert seat.story.vars_of(ann.sid)["zendesk_health"] == "satisfied"
