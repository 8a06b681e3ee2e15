"""What a reading states, in the very spelling of the events."""

from __future__ import annotations

from typing import Any

from bridge.deciding.reading import meaning
from bridge.facts import Fact
from consumers import records
from schemas.zendesk_records import TicketRecord, UserRecord
from tests.bridge.deciding.test_reading import ticket_event
from tests.bridge.remotes.still_clock import NOW


def user(**changed: Any) -> UserRecord:
    values: dict[str, Any] = {
        "id": 7, "email": "jane@example.com", "role": "end-user", "active": True,
        "created_at": "C", "updated_at": NOW, "tags": ("vip", "a"),
    }  # fmt: skip
    return UserRecord(**(values | changed))


def ticket(**changed: Any) -> TicketRecord:
    values: dict[str, Any] = {
        "id": 991, "requester_id": 7, "status": "open", "subject": "", "channel": "email",
        "created_at": "C", "updated_at": None, "public": True,
    }  # fmt: skip
    return TicketRecord(**(values | changed))


def stated(record: UserRecord) -> dict[str, Any]:
    facts = records.user_facts(record, NOW, "r1")
    assert {(one.subject, one.zendesk_id, one.at, one.origin, one.event_id) for one in facts} == {
        ("user:7", 7, NOW, "reading", "r1")
    }
    return {one.field: one.value for one in facts}


def test_a_user_is_stated_whole_with_each_tag_and_that_these_are_all() -> None:
    assert stated(user()) == {
        "active": True, "role": "end-user", "suspended": False, "created_at": "C",
        "address": "jane@example.com",
        "tag/vip": True, "tag/a": True, "tags": ["a", "vip"],
    }  # fmt: skip


def test_a_user_without_an_address_states_that_there_is_none() -> None:
    assert stated(user(email=None))["address"] is None


def test_the_address_of_an_inactive_user_is_no_fact() -> None:
    found = stated(user(active=False, email=None))
    assert found["active"] is False
    assert "address" not in found


def test_an_account_without_user_tags_states_none() -> None:
    assert "tags" not in stated(user(tags=None))
    assert stated(user(tags=()))["tags"] == []


def test_a_user_that_is_gone_is_inactive_and_nothing_else_is_known() -> None:
    assert records.user_is_gone(7, NOW, "r1") == (
        Fact("user:7", "active", False, NOW, "reading", "r1", 7),
        Fact("user:7", "gone", True, NOW, "reading", "r1", 7),
    )


def test_a_ticket_read_is_equal_to_the_one_an_event_tells() -> None:
    read = records.ticket_fact(ticket(), NOW, "r1")
    found = meaning(ticket_event("ticket.created", **ticket().as_fact()))
    assert found is not None
    (told,) = found.facts
    assert (read.subject, read.field, read.zendesk_id) == (told.subject, told.field, told.zendesk_id)
    assert read.value == told.value


def test_a_deleted_ticket_counts_for_nobody() -> None:
    for gone in (ticket(status="deleted"), ticket(requester_id=None)):
        fact = records.ticket_fact(gone, NOW, "r1")
        assert (fact.value, fact.zendesk_id) == (None, None)
    assert records.ticket_is_gone(991, NOW, "r1") == records.ticket_fact(ticket(status="deleted"), NOW, "r1")


def test_the_list_of_all_tickets_is_a_fact_of_its_user() -> None:
    fact = records.complete_list(7, iter([3, 1]), NOW, "r1")
    assert (fact.subject, fact.field, fact.value, fact.zendesk_id) == ("user:7", "tickets", [1, 3], 7)
