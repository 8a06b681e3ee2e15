"""What an event means: facts, and hints at what must be read."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.clock import to_micros
from bridge.deciding.reading import Hint, Meaning, meaning
from schemas.event import Event
from tests.bridge.remotes.still_clock import NOW

USER = {"id": 7, "email": "jane@example.com", "role": "end-user", "created_at": "C", "updated_at": "U"}
TICKET = {"id": 991, "requester_id": 7, "status": "open", "subject": "", "updated_at": "U", "public": True}


def user_event(kind: str, user: dict[str, Any] | None = None, **data: Any) -> Event:
    return Event("e1", "acme", "zendesk", kind, "user:7", "webhook", NOW, NOW, {"user": user or USER, **data})


def ticket_event(kind: str, **changed: Any) -> Event:
    ticket = TICKET | changed
    return Event("e1", "acme", "zendesk", kind, "ticket:991", "webhook", NOW, NOW, {"ticket": ticket})


def understood(event: Event) -> Meaning:
    found = meaning(event)
    assert found is not None
    assert all((fact.at, fact.event_id, fact.subject) == (NOW, "e1", event.subject) for fact in found.facts)
    return found


def stated(event: Event) -> dict[str, Any]:
    return {fact.field: fact.value for fact in understood(event).facts}


def hints(event: Event) -> list[Hint]:
    return list(understood(event).hints)


def email(value: str, *, primary: bool | None = True, kind: str = "email") -> dict[str, Any]:
    return {"type": kind, "primary": primary, "value": value}


OWN = {"created_at": "C", "role": "end-user", "address": "jane@example.com"}


def test_an_ordinary_user_event_states_the_user_without_a_call() -> None:
    found = understood(user_event("user.created"))
    assert (found.zendesk_id, found.hints) == (7, ())
    assert stated(user_event("user.created")) == OWN


def test_each_tag_is_a_fact_of_its_own() -> None:
    event = user_event("user.tags_changed", added=["vip", "gold"], removed=["new"])
    assert stated(event) == OWN | {"tag/vip": True, "tag/gold": True, "tag/new": False}
    assert hints(event) == []


def test_a_deleted_user_is_inactive_and_its_address_is_no_fact() -> None:
    event = user_event("user.deleted", USER | {"email": None})
    assert stated(event) == {"created_at": "C", "role": "end-user", "active": False}


def test_a_user_switched_off_keeps_the_last_address_it_had() -> None:
    found = stated(user_event("user.active_changed", USER | {"email": None}, active=False))
    assert found["active"] is False
    assert "address" not in found


def test_a_user_who_comes_back_is_read_again() -> None:
    event = user_event("user.active_changed", active=True)
    assert stated(event)["active"] is True
    assert hints(event) == [Hint("user", "user:7", {"at_least": "U"})]


def test_a_new_address_makes_the_old_one_a_former_one() -> None:
    event = user_event(
        "user.identity_changed", identity=email("jane@example.com"), previous=email("old@example.com")
    )
    assert stated(event) == OWN | {"former/old@example.com": to_micros(NOW)}
    assert hints(event) == []


@pytest.mark.parametrize(
    ("identity", "previous"),
    [
        (email("jane@example.com"), email("jane@example.com")),  # nothing but verified
        (email("jane@example.com"), email("second@example.com", primary=False)),
        (email("+1555", kind="phone_number"), email("+1556", kind="phone_number")),
        (email("jane@example.com"), None),
    ],
)
def test_what_was_no_main_address_is_no_former_one(identity: Any, previous: Any) -> None:
    found = stated(user_event("user.identity_changed", identity=identity, previous=previous))
    assert not [field for field in found if field.startswith("former/")]


def test_a_main_address_that_became_a_second_one_is_a_former_one() -> None:
    now = email("old@example.com", primary=False)
    found = stated(user_event("user.identity_changed", identity=now, previous=email("old@example.com")))
    assert "former/old@example.com" in found


def test_a_deleted_address_is_a_former_one_unless_it_was_a_second_one() -> None:
    gone = user_event("user.identity_deleted", identity=email("old@example.com", primary=None))
    assert "former/old@example.com" in stated(gone)
    second = user_event("user.identity_deleted", identity=email("second@example.com", primary=False))
    assert stated(second) == {"created_at": "C", "role": "end-user"}


def test_a_second_address_that_is_added_says_nothing_of_the_main_one() -> None:
    event = user_event("user.identity_created", identity=email("second@example.com", primary=False))
    assert "address" not in stated(event)
    assert hints(event) == []


def test_an_event_that_contradicts_its_own_detail_is_read_again() -> None:
    event = user_event(
        "user.identity_changed", identity=email("new@example.com"), previous=email("old@example.com")
    )
    assert "address" not in stated(event)
    assert stated(event)["former/old@example.com"] == to_micros(NOW)
    assert hints(event) == [Hint("user", "user:7", {"at_least": "U"})]


def test_an_address_event_that_says_nothing_is_read_again() -> None:
    event = user_event("user.identity_changed", identity=None, previous=None)
    assert hints(event) == [Hint("user", "user:7", {"at_least": "U"})]


def test_a_merge_is_a_hint_for_both_users() -> None:
    event = user_event("user.merged", other_id=8)
    assert "address" not in stated(event)
    assert hints(event) == [
        Hint("user", "user:7", {"merged": True}), Hint("tickets", "user:7"),
        Hint("user", "user:8", {"merged": True}), Hint("tickets", "user:8"),
    ]  # fmt: skip


def test_a_merge_that_names_nobody_is_a_hint_for_the_one_it_is_about() -> None:
    assert {hint.subject for hint in hints(user_event("user.merged", other_id=None))} == {"user:7"}


def test_a_ticket_event_states_the_ticket_whole_and_whose_it_is() -> None:
    found = understood(ticket_event("ticket.status_changed", status="solved"))
    (fact,) = found.facts
    assert (found.zendesk_id, fact.zendesk_id, fact.field) == (7, 7, "ticket")
    assert fact.value == TICKET | {"status": "solved"}
    assert found.hints == ()


@pytest.mark.parametrize("kind", ["ticket.soft_deleted", "ticket.permanently_deleted"])
def test_a_deleted_ticket_is_nobodys(kind: str) -> None:
    (fact,) = understood(ticket_event(kind)).facts
    assert (fact.value, fact.zendesk_id) == (None, None)


def test_a_ticket_whose_status_says_deleted_is_nobodys() -> None:
    (fact,) = understood(ticket_event("ticket.status_changed", status="deleted")).facts
    assert (fact.value, fact.zendesk_id) == (None, None)


def test_a_ticket_that_names_no_requester_or_became_spam_is_read() -> None:
    wanted = [Hint("ticket", "ticket:991", {"at_least": "U"})]
    assert hints(ticket_event("ticket.created", requester_id=None)) == wanted
    assert hints(ticket_event("ticket.marked_as_spam")) == wanted
    assert stated(ticket_event("ticket.marked_as_spam")) == {}


@pytest.mark.parametrize("named", ["2026-11-22T10:00:00Z", None])
def test_a_trigger_is_a_hint_and_states_nothing(named: str | None) -> None:
    data = {"ticket_id": 991, "requester_id": 7, "updated_at": named}
    event = Event("e1", "acme", "zendesk", "trigger", "ticket:991", "trigger", NOW, NOW, data)
    detail = {"at_least": named, "unless_newer": named} if named else {}
    assert meaning(event) == Meaning(None, hints=(Hint("ticket", "ticket:991", detail),))


def test_what_an_agent_switched_is_the_agents_fact() -> None:
    event = Event("e1", "acme", "agent", "agent.health", "user:7", "agent", NOW, NOW, {"value": "neutral"})
    (fact,) = understood(event).facts
    assert (fact.field, fact.value, fact.origin) == ("health", "neutral", "agent")
    off = Event("e1", "acme", "agent", "agent.sync", "user:7", "agent", NOW, NOW, {"value": False})
    assert stated(off) == {"sync": False}


@pytest.mark.parametrize("kind", ["unreadable", "organization.created", "", "users.created"])
def test_a_type_we_know_nothing_of_means_nothing(kind: str) -> None:
    assert meaning(Event("e1", "acme", "zendesk", kind, "", "webhook", NOW, NOW, {})) is None
