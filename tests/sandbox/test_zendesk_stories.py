"""What people do in Zendesk is told to the webhooks as Zendesk tells it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import TICKET_EVENTS, USER_EVENTS, Sandbox
from tests.sandbox.conftest import Receiver

Told = Callable[[], list[dict[str, Any]]]
ALL = [*(f"user.{name}" for name in USER_EVENTS), *(f"ticket.{name}" for name in TICKET_EVENTS)]


@pytest.fixture
def told(box: Sandbox, receiver: Receiver) -> Told:
    """What was told since the last asking."""
    box.zendesk.subscribe(receiver.url, ALL)

    def since() -> list[dict[str, Any]]:
        box.zendesk.wait_idle()
        bodies = [json.loads(body) for _, body in receiver.received]
        receiver.received.clear()
        return bodies

    return since


def names(bodies: list[dict[str, Any]]) -> list[str]:
    return [body["type"].removeprefix("zen:event-type:") for body in bodies]


def test_a_new_user_is_told_with_the_address(box: Sandbox, told: Told) -> None:
    box.zendesk.create_user("ann@example.com")
    events = told()
    assert names(events) == ["user.created", "user.identity_created"]
    assert events[0]["detail"]["email"] == "ann@example.com"


def test_an_email_change_adds_promotes_and_removes(box: Sandbox, told: Told) -> None:
    user = box.zendesk.create_user("old@example.com")
    told()
    changed = box.zendesk.change_email(user.id, "new@example.com")
    created, promoted, deleted = told()
    assert [created["detail"]["email"], promoted["detail"]["email"]] == ["old@example.com", "new@example.com"]
    assert promoted["event"]["current"]["value"] == "new@example.com"
    assert promoted["event"]["previous"]["value"] == "old@example.com"
    assert deleted["event"]["identity"]["value"] == "old@example.com"
    assert [identity.value for identity in changed.identities] == ["new@example.com"]


def test_an_email_change_may_edit_the_one_identity(box: Sandbox, told: Told) -> None:
    user = box.zendesk.create_user("old@example.com")
    box.zendesk.oddities.email_change = "edited"
    told()
    box.zendesk.change_email(user.id, "new@example.com")
    (edited,) = told()
    assert edited["event"]["current"]["id"] == edited["event"]["previous"]["id"]


def test_a_taken_address_is_refused_and_nothing_is_told(box: Sandbox, told: Told) -> None:
    box.zendesk.create_user("ann@example.com")
    bob = box.zendesk.create_user("bob@example.com")
    told()
    with pytest.raises(ValueError, match="belongs to a user"):
        box.zendesk.change_email(bob.id, "ann@example.com")
    assert told() == []


def test_tags_tell_what_was_added_and_removed(box: Sandbox, told: Told) -> None:
    user = box.zendesk.create_user(tags=["trial"])
    box.zendesk.set_tags(user.id, ["vip"])
    box.zendesk.add_tags(user.id, ["vip"])
    event = told()[-1]["event"]
    assert event == {"added": {"tags": ["vip"]}, "removed": {"tags": ["trial"]}}


def test_a_deleted_user_has_no_address_any_more(box: Sandbox, told: Told) -> None:
    user = box.zendesk.create_user("ann@example.com")
    told()
    box.zendesk.delete_user(user.id)
    events = told()
    assert names(events) == ["user.active_changed", "user.deleted"]
    assert {event["detail"]["email"] for event in events} == {""}


@pytest.mark.parametrize("about", ["loser", "winner"])
def test_a_merge_moves_tickets_and_addresses(box: Sandbox, told: Told, about: Any) -> None:
    loser = box.zendesk.create_user("lost@example.com")
    winner = box.zendesk.create_user("won@example.com")
    ticket = box.zendesk.create_ticket(loser.id)
    box.zendesk.oddities.merged_subject = about
    told()
    box.zendesk.merge_users(loser.id, winner.id)
    (event,) = told()
    pair = [event["detail"]["id"], event["event"]["user"]["id"]]
    assert pair == ([str(loser.id), str(winner.id)] if about == "loser" else [str(winner.id), str(loser.id)])
    assert box.zendesk.ticket(ticket.id).requester_id == winner.id
    assert box.zendesk.user(loser.id).active is False
    assert box.zendesk.user(winner.id).email == "won@example.com"
    assert box.zendesk.tickets_of(loser.id) == []


def test_a_ticket_tells_of_each_change(box: Sandbox, told: Told) -> None:
    ann, bob = box.zendesk.create_user(), box.zendesk.create_user()
    ticket = box.zendesk.create_ticket(ann.id)
    box.zendesk.solve(ticket.id)
    box.zendesk.change_requester(ticket.id, bob.id)
    events = [event for event in told() if event["subject"].startswith("zen:ticket")]
    assert names(events) == ["ticket.created", "ticket.status_changed", "ticket.requester_changed"]
    assert events[1]["event"]["current"] == "SOLVED"
    assert (events[2]["event"]["current"], events[2]["event"]["previous"]) == (str(bob.id), str(ann.id))
    assert [event["event"]["meta"]["sequence"]["position"] for event in events] == [1, 2, 3]


def test_a_ticket_deleted_comes_back_with_its_status(box: Sandbox, told: Told) -> None:
    ticket = box.zendesk.create_ticket(box.zendesk.create_user().id, status="pending")
    told()
    box.zendesk.delete_ticket(ticket.id)
    box.zendesk.undelete_ticket(ticket.id)
    gone, back = told()
    assert (gone["detail"]["status"], back["detail"]["status"]) == ("DELETED", "PENDING")


def test_spam_suspends_the_requester(box: Sandbox, told: Told) -> None:
    ticket = box.zendesk.create_ticket(box.zendesk.create_user().id)
    told()
    box.zendesk.mark_as_spam(ticket.id)
    assert names(told()) == ["ticket.marked_as_spam", "user.suspended_changed"]


def test_a_trigger_sends_ids_and_does_not_fire_on_deletion(box: Sandbox, receiver: Receiver) -> None:
    box.zendesk.subscribe(receiver.url, ["conditional_ticket_events"])
    ticket = box.zendesk.create_ticket(box.zendesk.create_user().id)
    box.zendesk.delete_ticket(ticket.id)
    box.zendesk.wait_idle()
    ((_, body),) = receiver.received
    assert json.loads(body)["ticket_id"] == str(ticket.id)
    assert json.loads(body)["updated_at"] == "2026-11-22T09:55:16Z"


def test_the_two_kinds_of_webhook_exclude_each_other(box: Sandbox) -> None:
    with pytest.raises(ValueError, match="alone"):
        box.zendesk.subscribe("http://127.0.0.1:9/", ["conditional_ticket_events", "user.created"])
    with pytest.raises(ValueError, match="email_changed"):
        box.zendesk.subscribe("http://127.0.0.1:9/", ["user.email_changed"])
