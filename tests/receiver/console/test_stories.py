"""The pages of events and of customers: what they show, to whom, and where their links lead."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from bridge.clock import to_micros
from bridge.facts import ADDRESS, Fact
from bridge.ledger import attempts, customers, dead, events, facts, installations
from bridge.ledger.attempts import Attempt, Finished
from bridge.ledger.customers import Mark
from bridge.ledger.dead import DeadLetter
from bridge.ledger.events import APPLIED, DEAD, KEPT, KeptEvent
from bridge.ledger.tables import actions
from schemas.event import Event
from tests.receiver.console.visitor import Visit, Visitor
from tests.receiver.door import Door

JANE = "jane.doe@example.com"
NOWHERE = "http://127.0.0.1:9"
SID = "5f7a1c0d9e8b7a6c5d4e3f21"


def event(door: Door, name: str, **changed: Any) -> Event:
    now = door.clock.now()
    standard = Event(name, "acme", "zendesk", "user.identity_changed", "user:7", "webhook", now, now)
    data = {"user": {"id": 7, "email": JANE}}
    return replace(standard, data=data, delivery={"secret": 2, "invocation": "01JDA"}, **changed)


def keep(door: Door, *kept: KeptEvent) -> None:
    with door.ledger.writing() as connection:
        events.keep(connection, 1, kept, door.ledger.micros())


@pytest.fixture
def jane(door: Door) -> Door:
    """A customer with an event that was applied by a write, and a dead letter."""
    now = door.ledger.micros()
    made = [["user:7", "address", "newer", JANE, f"old.{JANE}", now - 9, "e0"]]
    fact = Fact("user:7", ADDRESS, JANE, door.clock.now(), "event", "e1", 7)
    letter = DeadLetter(1, "zendesk", "push.write", "refused", "Sailthru refused: bad_request", zendesk_id=7)
    with door.ledger.writing() as connection:
        found = installations.by_name(connection, door.vault, name="acme")
        assert found is not None
        elsewhere = replace(
            found.settings,
            zendesk=replace(found.settings.zendesk, url=NOWHERE),
            sailthru=replace(found.settings.sailthru, url=NOWHERE),
        )
        installations.replace(connection, door.vault, id=found.id, settings=elsewhere, at=door.clock.now())
        customers.add(connection, 1, [7])
        customers.mark_owed(connection, 1, [Mark(7, JANE)], now)
        row = customers.locked(connection, 1, [7])[7]
        customers.save(connection, [row.but(sid=SID, read_at=now)])
        facts.store(connection, 1, [fact])
        first = KeptEvent(event(door, "e1"), 7, 1, APPLIED, made=made)
        events.keep(connection, 1, [first], now)
        asked = {"call": "POST /user", "sid": SID, "email": "j…@e….com"}
        attempts.start(connection, [Attempt(1, 7, 1, "sailthru", "write", ("email",), 1, asked)], now)
        done = Finished(1, 7, 1, "write", attempts.CONFIRMED, reply={"sid": SID})
        attempts.finish(connection, [done], now + 90_000)
        dead.bury(connection, letter, now)
    return door


def links(page: str, label: str) -> list[str]:
    return [unescape(found) for found in re.findall(rf'href="([^"]*)"[^>]*>{label}<', page)]


def test_filters_survive_paging_and_can_be_linked(door: Door, visit: Visit) -> None:
    for number in range(120):
        outcome = DEAD if number % 2 else KEPT
        keep(door, KeptEvent(event(door, f"e{number:03}"), 7, 1, outcome))
        door.clock.pass_by(1)
    viewer, seen, path = visit("viewer"), list[str](), "/events?q=outcome%3Adead+since%3A1h"
    while True:
        page = viewer.look(path).text
        seen += re.findall(r">(e\d{3})</a>", page)
        older = links(page, "Older")
        if not older:
            break
        path = older[0].removeprefix("/console")
        assert "q=outcome%3Adead+since%3A1h" in path
    assert seen == [f"e{number:03}" for number in range(119, 0, -2)]


def test_a_word_that_is_no_filter_is_told_what_there_is(door: Door, visit: Visit) -> None:
    page = visit("viewer").look("/events?q=colour:red")
    assert page.status_code == 200
    assert "there is no filter colour; there are type:, outcome:" in page.text


def test_a_page_is_told_how_many_came_since(door: Door, visit: Visit) -> None:
    keep(door, KeptEvent(event(door, "first"), 7, 1, KEPT))
    viewer = visit("viewer")
    (after,) = re.findall(r'data-after="([^"]*)"', viewer.look("/events").text)
    for number in range(3):
        door.clock.pass_by(1)
        keep(door, KeptEvent(event(door, f"new{number}", type=f"ticket.{number}"), 7, 1, KEPT))
    for words, count in (("", 3), ("type:ticket.1", 1)):
        told = viewer.look("/api/events/newer", query_string={"q": words, "after": after})
        assert told.json == {"count": count}
    assert viewer.look("/api/events/newer?after=x").status_code == 400
    assert viewer.look(f"/api/events/newer?after={after}&q=colour:red").status_code == 400


def test_one_event_is_shown_end_to_end(jane: Door, visit: Visit) -> None:
    page = visit("operator").look("/events/acme/e1").text
    for said in (
        "verified by secret 2 of the installation",
        "01JDA",
        "newer than what stood",
        "stands",
        "POST /user",
        "90.0 ms",
        "the write that ended it",
        "Sailthru refused: bad_request",
        JANE,
    ):
        assert said in page, said
    assert visit("operator").look("/events/other/e1").status_code == 404


@pytest.mark.parametrize(
    "path", ["/events/acme/e1", "/customers/acme/7", "/customers/acme/7?live=1", "/events"]
)
def test_viewers_see_no_whole_address_on_any_page(jane: Door, visit: Visit, path: str) -> None:
    page = visit("viewer").look(path)
    assert page.status_code == 200
    assert "jane.doe" not in page.text
    assert "Push now" not in page.text


@pytest.mark.parametrize("known_as", [JANE, "JANE.DOE@example.com", "7", SID])
def test_a_customer_is_found_by_each_of_its_names(jane: Door, visit: Visit, known_as: str) -> None:
    answer = visit("viewer").look("/customers", query_string={"q": known_as})
    assert answer.location == "/console/customers/acme/7"


def test_nobody_found_says_where_else_to_look(door: Door, visit: Visit) -> None:
    page = visit("viewer").look("/customers?q=nobody@example.com").text
    assert "/console/events?q=customer%3Anobody%40example.com" in page
    assert visit("viewer").look("/customers/acme/99").status_code == 404
    assert visit("viewer").look("/customers/nobody/7").status_code == 404


def test_a_customers_page_tells_facts_records_and_all_that_happened(jane: Door, visit: Visit) -> None:
    page = visit("operator").look("/customers/acme/7").text
    for said in ("zendesk_id", JANE, "never sent", "user.identity_changed", "sailthru write", "refused"):
        assert said in page, said


def test_a_long_story_goes_on_on_the_next_page(jane: Door, visit: Visit) -> None:
    for number in range(70):
        jane.clock.pass_by(1)
        keep(jane, KeptEvent(event(jane, f"more-{number}"), 7, 1, KEPT))
    viewer, seen, path = visit("viewer"), 0, "/customers/acme/7"
    while path:
        page = viewer.look(path).text
        seen += page.count("<time datetime") - page.count("<summary><time") + page.count("<summary><time")
        earlier = links(page, "Earlier")
        path = earlier[0].removeprefix("/console").partition("#")[0] if earlier else ""
    assert seen == 73  # the events, the attempt, the letter


def test_systems_that_cannot_be_read_say_so_beside_what_they_should_hold(jane: Door, visit: Visit) -> None:
    page = visit("viewer").look("/customers/acme/7?live=1").text
    assert page.count("not known") >= 1
    assert 'class="bad"' in page


def test_an_operator_pushes_now_and_is_told_how_it_stands(jane: Door, visit: Visit) -> None:
    ann: Visitor = visit("operator")
    jane.clock.pass_by(60)
    sent = ann.send("/customers/acme/7/push", page="/customers/acme/7")
    assert sent.status_code == 302
    since = sent.location.partition("pushed=")[2]
    assert int(since) == to_micros(jane.clock.now())
    page = ann.look(sent.location.removeprefix("/console")).text
    (ask,) = re.findall(r'data-ask="/console([^"]*)"', page)
    stands = ann.look(unescape(ask)).json
    assert stands is not None
    assert stands["is_over"] is False  # its open letter tells of an earlier end
    assert "Sailthru is owed since" in stands["words"]
    with jane.ledger.reading() as connection:
        noted = connection.execute(select(actions).where(actions.c.action == "customer_pushed")).all()
        row = customers.one(connection, 1, 7)
    assert [(one.operator, one.target) for one in noted] == [("ann", "customer 7")]
    assert row is not None
    assert (row.owed, row.due_at) == (True, int(since))
    assert visit("viewer").send("/customers/acme/7/push", page="/customers/acme/7").status_code == 403
