"""Which step comes next for one customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.clock import to_micros
from bridge.customer import (
    EMAIL,
    EMAIL_CONFLICT,
    NO_EMAIL,
    NO_PROFILE,
    OK,
    PROFILE_GONE,
    STAFF,
    SYNC_OFF,
    Conflict,
    Customer,
    Known,
    Link,
)
from bridge.deciding.planning import MERGED_INTO, REPLACED, Standing, next_step
from bridge.deciding.projection import digest, sailthru_profile
from bridge.deciding.steps import AskHolder, CheckHolder, Create, LookUp, ReadBack, Rest, Write
from bridge.facts import CustomerFacts
from bridge.ledger.events import APPLIED, IGNORED
from tests.bridge.deciding.test_projection import facts, ticket
from tests.bridge.installing import acme
from tests.bridge.remotes.still_clock import NOW

T = to_micros(NOW)
SECOND = 1_000_000
JANE = "jane@example.com"


def standing(
    customer: Customer, known: CustomerFacts, *, objects: str | None = None, **options: Any
) -> Standing:
    return Standing(customer, known, acme(**options), objects, T)


def unlinked(**changed: Any) -> Customer:
    return replace(Customer(1, 7, read_at=T), **changed)


def linked(known: CustomerFacts, *, address: str = JANE, **changed: Any) -> Customer:
    """A customer whose profile surely holds what these facts say."""
    url = acme().zendesk.url
    wanted = sailthru_profile(7, known, url, acme().options)
    held = {name: Known(digest(value), T, tuple(value) if name == "zendesk_tickets" else ())
            for name, value in wanted.items()}  # fmt: skip
    tried = (f"email:{address}",)
    base = Customer(1, 7, sid="5f0a", read_at=T, seen_at=T, known=held | {EMAIL: Known(address, T)})
    return replace(base, **({"link": Link(once=True, last_sid="5f0a", tried=tried)} | changed))


def step(customer: Customer, known: CustomerFacts, **more: Any) -> Any:
    return next_step(standing(customer, known, **more))


def test_one_who_was_not_read_yet_waits_and_so_do_its_events() -> None:
    rest = step(Customer(1, 7), facts())
    assert isinstance(rest, Rest)
    assert rest.outcome is None


def test_an_unlinked_customer_is_looked_up_at_its_address_first() -> None:
    assert step(unlinked(), facts()) == LookUp(JANE, "email")


def test_then_at_each_former_address_newest_first_and_by_the_sid_it_had() -> None:
    known = facts(**{"former/old@example.com": 0, "former/older@example.com": 0})
    customer, places = unlinked(link=Link(last_sid="5f0a", once=True)), []
    while isinstance(found := step(customer, known), LookUp):
        places.append((found.key, found.id))
        tried = (*found.tried, f"{found.key}:{found.id}")
        customer = replace(customer, link=replace(customer.link, tried=tried))
    assert places[0] == ("email", JANE)
    assert {place for _, place in places[1:3]} == {"old@example.com", "older@example.com"}
    assert places[3:] == [("sid", "5f0a")]
    assert isinstance(found, Rest)


def searched(**link: Any) -> Customer:
    return unlinked(link=Link(**({"tried": (f"email:{JANE}",)} | link)))


def test_without_a_profile_nothing_is_created_unless_wanted() -> None:
    rest = step(searched(), facts())
    assert (rest.state, rest.outcome, rest.again_s, rest.hold_s) == (NO_PROFILE, IGNORED, 86_400, 3_600)
    assert rest.link.looked_at == T


def test_without_a_profile_one_is_created_where_wanted() -> None:
    created = step(searched(), facts(), create_profiles=True)
    assert isinstance(created, Create)
    assert (created.address, created.vars["zendesk_id"]) == (JANE, 7)


@pytest.mark.parametrize("field", ["sync", "active"])
def test_no_profile_is_created_for_whom_is_not_synced(field: str) -> None:
    rest = step(searched(), facts(**{field: False}), create_profiles=True)
    assert isinstance(rest, Rest)


def test_a_profile_that_vanished_is_never_created_again() -> None:
    rest = step(searched(once=True), facts(), create_profiles=True)
    assert (rest.state, rest.outcome) == (PROFILE_GONE, IGNORED)


def test_one_without_an_address_and_a_profile_has_no_email_and_is_not_looked_up_daily() -> None:
    rest = step(unlinked(), facts(address=None), create_profiles=True)
    assert (rest.state, rest.again_s) == (NO_EMAIL, None)


def test_a_search_that_ended_an_hour_ago_begins_anew() -> None:
    ended = searched(looked_at=T - 3_600 * SECOND)
    assert step(ended, facts()) == LookUp(JANE, "email")
    assert isinstance(step(searched(looked_at=T - 3_599 * SECOND), facts()), Rest)


def test_staff_is_never_looked_up() -> None:
    rest = step(unlinked(), facts(role="agent"))
    assert (rest.state, rest.outcome) == (STAFF, IGNORED)


def test_a_customer_that_agrees_owes_nothing_and_its_events_are_applied() -> None:
    known = facts({991: ticket(991)}, tags=["vip"], **{"tag/vip": True})
    assert step(linked(known), known) == Rest(OK, outcome=APPLIED)


def test_only_the_vars_that_differ_or_are_unknown_are_written() -> None:
    customer = linked(facts())
    doubted = replace(customer, known={**customer.known, "zendesk_id": Known("", T)})
    write = step(doubted, facts(health="neutral"))
    assert write == Write("5f0a", {"zendesk_id": 7, "zendesk_health": "neutral"}, expected=JANE)


def test_a_known_profile_is_written_though_the_address_is_missing() -> None:
    known = facts(address=None, health="neutral")
    write = step(linked(facts()), known)
    assert write == Write("5f0a", {"zendesk_health": "neutral"}, expected=JANE)


def test_a_new_address_goes_with_what_is_owed() -> None:
    write = step(linked(facts()), facts(address="new@example.com", health="neutral"))
    assert write == Write(
        "5f0a", {"zendesk_health": "neutral"}, email="new@example.com", expected="new@example.com"
    )


def test_with_the_switch_off_neither_vars_nor_address_go() -> None:
    customer = linked(facts())
    off = facts(sync=False, address="new@example.com", health="neutral")
    assert step(customer, off) == Write("5f0a", {"zendesk_sync": False}, expected=JANE)
    told = replace(customer, known={**customer.known, "zendesk_sync": Known(digest(False), T)})
    assert step(told, off) == Rest(SYNC_OFF)
    again = facts(sync=True, health="neutral")
    assert step(told, again).vars == {"zendesk_sync": True, "zendesk_health": "neutral"}


def moving(**conflict: Any) -> Customer:
    customer = linked(facts())
    return replace(customer, link=replace(customer.link, conflict=Conflict("new@example.com", **conflict)))


@pytest.mark.parametrize(
    ("conflict", "expected"),
    [
        ({"step": "ask"}, AskHolder("new@example.com")),
        ({"step": "check", "holder_id": 8}, CheckHolder(8)),
        (
            {"step": "merge"},
            Write("5f0a", {}, email="new@example.com", expected="new@example.com", merges=True),
        ),
        (
            {"step": "aside", "aside": "old@example.com"},
            Write("5f0a", {}, email="old@example.com", expected="old@example.com", is_aside=True),
        ),
        (
            {"step": "wait", "until": T},
            Write("5f0a", {}, email="new@example.com", expected="new@example.com"),
        ),
        ({"step": "wait", "until": T + SECOND}, Rest(EMAIL_CONFLICT, 1.0, outcome=None)),
        ({"step": "blocked", "reason": "email_taken"}, Rest("email_taken")),
    ],
)
def test_a_conflict_is_worked_off_step_by_step(conflict: dict[str, Any], expected: Any) -> None:
    assert step(moving(**conflict), facts(address="new@example.com")) == expected


@pytest.mark.parametrize("conflict", [{"step": "wait", "until": T + SECOND}, {"step": "blocked"}])
def test_the_vars_go_on_without_the_address_meanwhile(conflict: dict[str, Any]) -> None:
    write = step(moving(**conflict), facts(address="new@example.com", health="neutral"))
    assert write == Write("5f0a", {"zendesk_health": "neutral"}, expected=JANE)


def test_a_conflict_about_another_address_is_over() -> None:
    write = step(moving(step="blocked"), facts(address="newer@example.com"))
    assert write.email == "newer@example.com"


def test_where_objects_are_merged_a_ticket_that_left_goes_as_null() -> None:
    customer = linked(facts({991: ticket(991), 992: ticket(992)}))
    left = facts({991: ticket(991)})
    sent = step(customer, left, objects=MERGED_INTO).vars["zendesk_tickets"]
    assert (set(sent), sent["992"]) == ({"991", "992"}, None)
    for objects in (REPLACED, None):
        assert set(step(customer, left, objects=objects).vars["zendesk_tickets"]) == {"991"}


def test_whether_a_ticket_left_is_looked_at_once_while_nobody_knows() -> None:
    customer = linked(facts())
    waiting = replace(customer, link=replace(customer.link, gone_keys=("992",), check_at=T + SECOND))
    assert step(waiting, facts()) == Rest(OK, 1.0)
    due = replace(waiting, link=replace(waiting.link, check_at=T))
    assert step(due, facts()) == ReadBack("5f0a", ("992",))
    assert step(due, facts(), objects=REPLACED) == Rest(OK)
