"""What Sailthru should hold of a customer, var by var."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.deciding.projection import digest, is_synced, sailthru_profile
from bridge.facts import TICKET, CustomerFacts, of_customer
from schemas.installation import Options
from tests.bridge.test_facts import fact

URL = "https://acme.zendesk.com"


def facts(held: dict[int, dict[str, Any]] | None = None, /, **fields: Any) -> CustomerFacts:
    """A customer read whole, unless a field is None."""
    known = {"address": "jane@example.com", "role": "end-user", "created_at": "2026-11-22T09:55:16Z",
             "tags": [], "tickets": []} | fields  # fmt: skip
    own = [fact(value, field=name) for name, value in known.items() if value is not None]
    theirs = [fact(one, 9, field=TICKET, subject=f"ticket:{number}") for number, one in (held or {}).items()]
    return of_customer([*own, *theirs])


def ticket(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": number, "requester_id": 7, "status": "open", "subject": "Where is it?", "channel": "email",
        "created_at": "2026-11-20T08:00:00Z", "updated_at": "2026-11-22T09:55:16Z", "public": True,
    } | changed  # fmt: skip


def profile(known: CustomerFacts, **options: Any) -> dict[str, Any]:
    return sailthru_profile(7, known, URL, Options(**options))


def test_all_nine_vars_of_a_customer() -> None:
    known = facts({991: ticket(991)}, tags=["vip"], **{"tag/vip": True, "health": "neutral"})
    assert profile(known) == {
        "zendesk_profile_url": f"{URL}/agent/users/7",
        "zendesk_tags": ["vip"],
        "zendesk_created": "2026-11-22T09:55:16Z",
        "zendesk_sync": True,
        "zendesk_active": True,
        "zendesk_id": 7,
        "zendesk_ticket_count": 1,
        "zendesk_tickets": {
            "991": {
                "id": 991,
                "created_at": "2026-11-20T08:00:00Z",
                "updated_at": "2026-11-22T09:55:16Z",
                "status": "open",
                "subject": "Where is it?",
                "channel": "email",
                "url": f"{URL}/agent/tickets/991",
            }
        },
        "zendesk_health": "neutral",
    }


def test_health_is_absent_until_an_agent_sets_it() -> None:
    assert "zendesk_health" not in profile(facts())


def test_what_was_not_read_yet_is_not_sent() -> None:
    found = profile(facts(tags=None, tickets=None, created_at=None))
    assert set(found) == {"zendesk_profile_url", "zendesk_id", "zendesk_active", "zendesk_sync"}


def test_the_newest_tickets_are_kept_and_all_are_counted() -> None:
    tickets = {n: ticket(n, updated_at=f"2026-11-22T09:55:{n:02}Z") for n in range(1, 6)}
    found = profile(facts(tickets), tickets_kept=2)
    assert found["zendesk_ticket_count"] == 5
    assert list(found["zendesk_tickets"]) == ["5", "4"]


def test_tickets_of_one_moment_are_kept_in_one_order_always() -> None:
    tickets = {n: ticket(n) for n in (3, 1, 2)} | {4: ticket(4, updated_at=None)}
    assert list(profile(facts(tickets), tickets_kept=3)["zendesk_tickets"]) == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("options", "public", "subject"),
    [({}, True, "Where is it?"), ({}, False, ""), ({"ticket_subjects": False}, True, "")],
)
def test_a_subject_is_shown_only_where_it_is_public_and_wanted(
    options: dict[str, Any], public: bool, subject: str
) -> None:
    found = profile(facts({991: ticket(991, public=public)}), **options)
    assert found["zendesk_tickets"]["991"]["subject"] == subject


def test_with_the_switch_off_only_the_switch_is_written() -> None:
    assert profile(facts(sync=False)) == {"zendesk_sync": False}


def test_with_the_switch_off_deletion_is_still_written() -> None:
    assert profile(facts(sync=False, active=False)) == {"zendesk_sync": False, "zendesk_active": False}


def test_a_deleted_customer_is_neither_active_nor_synced_and_keeps_the_rest() -> None:
    found = profile(facts({991: ticket(991)}, active=False))
    assert (found["zendesk_active"], found["zendesk_sync"]) == (False, False)
    assert found["zendesk_ticket_count"] == 1


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_agents_and_admins_are_not_synced(role: str) -> None:
    assert profile(facts(role=role)) == {"zendesk_sync": False}
    assert not is_synced(facts(role=role))


def test_a_digest_tells_values_apart_and_not_the_order_of_their_keys() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    values: tuple[Any, ...] = (1, "1", True, None, [], {}, "", 1.5)
    assert len({digest(value) for value in values}) == 8
