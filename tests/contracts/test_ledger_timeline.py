"""Lists of events and one customer's story, over both databases: whole, in one order, page by page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.agent_action import SAVED, AgentAction
from bridge.clock import from_micros, to_micros
from bridge.filters import BadFilter, read_filters
from bridge.ledger import actions, agent_actions, attempts, customers, dead, events, looking
from bridge.ledger.attempts import Attempt
from bridge.ledger.customers import Mark
from bridge.ledger.dead import DeadLetter
from bridge.ledger.event_lists import EventFilter, Place
from bridge.ledger.events import APPLIED, DEAD, IGNORED, KEPT, KeptEvent
from bridge.ledger.ledger import Ledger
from bridge.timeline.events import Follower, event_filter, event_page
from bridge.timeline.happenings import Moment, happenings, read_moment
from schemas.event import Event
from tests.bridge.remotes.still_clock import NOW

T = to_micros(NOW)
SECOND = 1_000_000


def event(name: str, **changed: object) -> Event:
    standard = Event(name, "acme", "zendesk", "user.tags_changed", "user:7", "webhook", NOW, NOW)
    return replace(standard, **changed)  # type: ignore[arg-type]


def keep(ledger: Ledger, installation_id: int, *kept: KeptEvent, at: int = T) -> None:
    with ledger.writing() as connection:
        events.keep(connection, installation_id, kept, at)


def pages(ledger: Ledger, wanted: EventFilter, *, limit: int) -> list[list[str]]:
    """The ids on each page, until there are no older ones."""
    found: list[list[str]] = []
    before: Place | None = None
    with ledger.reading() as connection:
        while True:
            page = event_page(connection, wanted, limit=limit, before=before)
            found.append([row.id for row in page.rows])
            before = page.older
            if before is None:
                return found


def joined(found: list[list[str]]) -> list[str]:
    return [name for page in found for name in page]


def test_pages_follow_each_other_even_when_many_events_were_kept_at_one_moment(
    ledger: Ledger, acme: int
) -> None:
    for moment in range(3):
        batch = [KeptEvent(event(f"{name}{moment}"), 7, 1, KEPT) for name in ("a", "B", "_", "é", "b")]
        keep(ledger, acme, *batch, at=T + moment)
    whole = [f"{name}{moment}" for moment in (2, 1, 0) for name in ("é", "b", "a", "_", "B")]
    assert joined(pages(ledger, EventFilter(), limit=4)) == whole
    assert [len(page) for page in pages(ledger, EventFilter(), limit=4)] == [4, 4, 4, 3]
    with ledger.writing() as connection:
        customers.add(connection, acme, [7])
    assert joined(pages(ledger, EventFilter(known_as="7"), limit=4)) == whole


def test_what_came_since_is_not_on_an_older_page(ledger: Ledger, acme: int) -> None:
    keep(ledger, acme, *(KeptEvent(event(f"e{number}"), 7, 1, KEPT) for number in range(4)))
    with ledger.reading() as connection:
        first = event_page(connection, EventFilter(), limit=2)
    keep(ledger, acme, KeptEvent(event("new"), 7, 1, KEPT), at=T + 9)
    with ledger.reading() as connection:
        second = event_page(connection, EventFilter(), limit=2, before=first.older)
    assert [[row.id for row in page.rows] for page in (first, second)] == [["e3", "e2"], ["e1", "e0"]]


def test_every_filter_finds_its_own(ledger: Ledger, acme: int) -> None:
    hint = event("hint", lane="sailthru", type="postback.optout", source="postback", subject="")
    keep(
        ledger,
        acme,
        KeptEvent(event("dead"), 7, 1, DEAD, "refused"),
        KeptEvent(
            event("ticket", type="ticket.created", received_at=NOW - timedelta(hours=3)), 8, 1, APPLIED
        ),
        KeptEvent(
            replace(hint, data={"email": "ann@b.com", "sid": None}), None, None, IGNORED, "not in Zendesk"
        ),
    )
    for words, found in (
        ("outcome:dead", ["dead"]),
        ("reason:refused", ["dead"]),
        ("type:ticket", ["ticket"]),
        ("type:tick", []),
        ("since:1h", ["hint", "dead"]),
        ("until:1h", ["ticket"]),
        ("direction:to-zendesk", ["hint"]),
        ("direction:to-zendesk lane:agent", []),
        ("lane:zendesk source:webhook", ["ticket", "dead"]),
        ("customer:ann@b.com", ["hint"]),
        ("customer:8 installation:acme", ["ticket"]),
    ):
        wanted = event_filter(read_filters(words), {"acme": acme}, NOW)
        assert joined(pages(ledger, wanted, limit=9)) == found, words
    with pytest.raises(BadFilter, match="there is no other"):
        event_filter(read_filters("installation:other"), {"acme": acme}, NOW)


def test_a_follower_tells_everything_once_also_what_was_committed_late(ledger: Ledger, acme: int) -> None:
    keep(ledger, acme, KeptEvent(event("before"), 7, 1, KEPT), at=T - 1)
    follower = Follower(EventFilter(type="user"), T)

    def told() -> list[str]:
        with ledger.reading() as connection:
            return [row.id for row in follower.look(connection)]

    assert told() == []
    keep(ledger, acme, KeptEvent(event("first"), 7, 1, KEPT), at=T + 3 * SECOND)
    keep(ledger, acme, KeptEvent(event("other", type="ticket.created"), 7, 1, KEPT), at=T + 3 * SECOND)
    assert told() == ["first"]
    keep(ledger, acme, KeptEvent(event("late"), 7, 1, KEPT), at=T + SECOND)
    keep(ledger, acme, KeptEvent(event("last"), 7, 1, KEPT), at=T + 20 * SECOND)
    assert told() == ["late", "last"]
    assert told() == []


def test_one_customers_story_is_joined_from_all_that_happened(ledger: Ledger, acme: int) -> None:
    keep(ledger, acme, KeptEvent(event("mine"), 7, 1, KEPT), KeptEvent(event("others"), 8, 1, KEPT), at=T)
    with ledger.writing() as connection:
        customers.add(connection, acme, [7, 8])
        customers.mark_owed(connection, acme, [Mark(7, None)], T)
        attempts.start(connection, [Attempt(acme, 7, 1, "sailthru", "write", ("zendesk_tags",))], T + 1)
        letter = dead.bury(
            connection, DeadLetter(acme, "zendesk", "push.write", "refused", "No.", zendesk_id=7), T + 2
        )
        asked = AgentAction("click", acme, 7, "health", "neutral", T + 3, SAVED)
        agent_actions.accept(connection, asked)
        for target, at in ((f"dead letter {letter}", T + 4), ("customer 7", T + 5), ("customer 8", T + 6)):
            actions.note(connection, at, operator="ada", action="x", target=target, installation_id=acme)
        whole = happenings(connection, acme, 7, limit=50)
        found, before = [], None
        while True:
            page = happenings(connection, acme, 7, limit=2, before=before)
            found += page.entries
            if page.older is None:
                break
            before = read_moment(str(page.older))
    kinds = [one["kind"] for one in whole.entries if one["what"] != "agent_health"]
    assert kinds == ["operator", "operator", "agent", "dead letter", "attempt", "event"]
    assert whole.older is None
    assert found == whole.entries


@pytest.mark.parametrize("text", ["", "x", "1~nothing~7", "-1~event~7", f"{'9' * 40}~event~7"])
def test_a_place_that_somebody_made_up_is_none(text: str) -> None:
    assert read_moment(text) is None
    assert read_moment(str(Moment(5, "event", "a~b"))) == Moment(5, "event", "a~b")


def test_a_letter_about_an_event_is_found_and_one_about_its_customers_push(ledger: Ledger, acme: int) -> None:
    with ledger.writing() as connection:
        for name, number in (("e1", None), (None, 7), (None, 8), ("e2", 7)):
            dead.bury(
                connection, DeadLetter(acme, "zendesk", "t", "r", "x", event_id=name, zendesk_id=number), T
            )
        found = looking.letters_about(connection, acme, "e1", 7)
    assert [(one.event_id, one.zendesk_id) for one in found] == [(None, 7), ("e1", None)]
    assert from_micros(found[0].last_seen) == NOW
