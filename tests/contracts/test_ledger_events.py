"""Events, attempts and dead letters in the ledger, over both databases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bridge.clock import to_micros
from bridge.ledger import attempts, dead, event_lists, events, looking
from bridge.ledger.attempts import Attempt, Finished
from bridge.ledger.dead import CLOSED, DROPPED, OPEN, DeadLetter
from bridge.ledger.events import APPLIED, DEAD, IGNORED, KEPT, AppliedEvent, KeptEvent
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import dead_letters
from schemas.event import Event
from tests.bridge.remotes.still_clock import NOW
from tests.contracts.side_by_side import together

T = to_micros(NOW)


def event(name: str = "e1", *, kind: str = "user.tags_changed", subject: str = "user:7") -> Event:
    happened_at = NOW - timedelta(seconds=3, microseconds=5)
    return Event(name, "acme", "zendesk", kind, subject, "webhook", happened_at, NOW, {"user": {"id": 7}})


def keep(ledger: Ledger, installation_id: int, *kept: KeptEvent, at: int = T) -> None:
    with ledger.writing() as connection:
        events.keep(connection, installation_id, kept, at)


def row(ledger: Ledger, installation_id: int, name: str = "e1") -> Mapping[str, Any]:
    with ledger.reading() as connection:
        found = looking.event(connection, installation_id, name)
    assert found is not None
    return dict(found._mapping)


def test_an_event_is_kept_with_everything_it_said(ledger: Ledger, acme: int) -> None:
    keep(ledger, acme, KeptEvent(event(), 7, 3, KEPT), at=T + 9)
    kept = row(ledger, acme)
    assert (kept["zendesk_id"], kept["version"], kept["outcome"], kept["reason"]) == (7, 3, KEPT, "")
    assert (kept["occurred_at"], kept["received_at"], kept["kept_at"]) == (T - 3_000_005, T, T + 9)
    assert (kept["lane"], kept["type"], kept["subject"]) == ("zendesk", "user.tags_changed", "user:7")
    assert (kept["source"], kept["applied_at"], kept["deliveries"]) == ("webhook", None, 1)
    assert json.loads(kept["data"]) == {"user": {"id": 7}}


def test_how_an_event_came_and_what_its_facts_met_is_told_of_the_first_time(
    ledger: Ledger, acme: int
) -> None:
    first = replace(event(), delivery={"secret": 1})
    keep(ledger, acme, KeptEvent(first, 7, 3, KEPT, made=[["user:7", "tag/vip", "first", True]]))
    keep(ledger, acme, KeptEvent(event(), 7, 4, KEPT, made=[["user:7", "tag/vip", "same", True]]))
    kept = row(ledger, acme)
    assert json.loads(kept["delivery"]) == {"secret": 1}
    assert json.loads(kept["made"]) == [["user:7", "tag/vip", "first", True]]


def test_an_event_delivered_again_is_kept_once_and_counted(ledger: Ledger, acme: int) -> None:
    for version in (3, 4, 5):
        keep(ledger, acme, KeptEvent(event(), 7, version, KEPT), at=T + version)
    kept = row(ledger, acme)
    assert (kept["deliveries"], kept["version"], kept["kept_at"]) == (3, 5, T + 3)


def test_an_event_twice_in_one_batch_is_one_row(ledger: Ledger, acme: int) -> None:
    keep(ledger, acme, KeptEvent(event(), 7, 3, KEPT), KeptEvent(event(), 7, 3, KEPT))
    assert row(ledger, acme)["outcome"] == KEPT


def test_one_event_delivered_to_two_consumers_at_once_is_kept_once(ledger: Ledger, acme: int) -> None:
    many = [KeptEvent(event(f"e{number}"), 7, 1, KEPT) for number in range(50)]
    together(lambda: keep(ledger, acme, *many), lambda: keep(ledger, acme, *many[::-1]))
    with ledger.reading() as connection:
        found = event_lists.newest_events(connection, event_lists.EventFilter(), limit=100)
    assert {one.deliveries for one in found} == {2}
    assert len(found) == 50


def test_events_are_applied_up_to_the_version_that_was_pushed(ledger: Ledger, acme: int) -> None:
    keep(ledger, acme, *(KeptEvent(event(f"e{version}"), 7, version, KEPT) for version in (1, 2, 3)))
    keep(ledger, acme, KeptEvent(event("other"), 8, 1, KEPT), KeptEvent(event("hint"), None, None, KEPT))
    with ledger.writing() as connection:
        applied = events.apply_up_to(connection, acme, 7, 2, T + 5)
        again = events.apply_up_to(connection, acme, 7, 2, T + 6)
        assert events.unapplied(connection, acme) == 3
    assert applied == [AppliedEvent("user.tags_changed", T)] * 2
    assert again == []
    assert [row(ledger, acme, f"e{version}")["outcome"] for version in (1, 2, 3)] == [APPLIED, APPLIED, KEPT]
    assert row(ledger, acme, "e1")["applied_at"] == T + 5
    assert row(ledger, acme, "other")["outcome"] == KEPT


def test_an_applied_event_that_comes_again_is_applied_anew(ledger: Ledger, acme: int) -> None:
    keep(ledger, acme, KeptEvent(event(), 7, 1, KEPT))
    with ledger.writing() as connection:
        events.apply_up_to(connection, acme, 7, 1, T)
    keep(ledger, acme, KeptEvent(event(), 7, 2, KEPT))
    assert (row(ledger, acme)["outcome"], row(ledger, acme)["applied_at"]) == (KEPT, None)
    keep(ledger, acme, KeptEvent(event(), 7, 2, APPLIED), at=T + 7)
    assert (row(ledger, acme)["outcome"], row(ledger, acme)["applied_at"]) == (APPLIED, T + 7)


def test_events_that_will_not_be_applied_end_with_a_reason(ledger: Ledger, acme: int) -> None:
    keep(ledger, acme, KeptEvent(event("tags"), 7, 1, KEPT))
    keep(ledger, acme, KeptEvent(event("moved", kind="user.identity_changed"), 7, 1, KEPT))
    with ledger.writing() as connection:
        prefix = ("user.identity_",)
        events.finish(connection, acme, 7, outcome=DEAD, reason="email_taken", types=prefix)
        assert events.unapplied(connection, acme) == 1
        events.finish(connection, acme, 7, outcome=IGNORED, reason="no profile")
        events.finish(connection, acme, 7, outcome=DEAD, reason="too late")
    moved, tags = row(ledger, acme, "moved"), row(ledger, acme, "tags")
    assert (moved["outcome"], moved["reason"]) == (DEAD, "email_taken")
    assert (tags["outcome"], tags["reason"]) == (IGNORED, "no profile")


def test_a_hint_is_adopted_by_the_customer_that_a_reading_names(ledger: Ledger, acme: int) -> None:
    hint = KeptEvent(event("t1", kind="trigger", subject="ticket:991"), None, None, KEPT)
    keep(ledger, acme, hint, replace(hint, event=event("t2", kind="trigger", subject="ticket:992")))
    with ledger.writing() as connection:
        events.adopt(connection, acme, "ticket:991", 7, 4)
        assert events.apply_up_to(connection, acme, 7, 3, T) == []
        assert len(events.apply_up_to(connection, acme, 7, 4, T)) == 1
        events.end_subject(connection, acme, "ticket:992", "not in Zendesk")
    assert row(ledger, acme, "t1")["outcome"] == APPLIED
    assert (row(ledger, acme, "t2")["outcome"], row(ledger, acme, "t2")["reason"]) == (
        IGNORED,
        "not in Zendesk",
    )


def test_an_attempt_is_there_before_its_call_and_ended_after_it(ledger: Ledger, acme: int) -> None:
    begun = [
        Attempt(
            acme, 7, lease, "sailthru", "write", ("zendesk_tags", "email"), version=5, request={"sid": "5f"}
        )
        for lease in (1, 2)
    ]
    timeout = Finished(acme, 7, 1, "write", attempts.UNKNOWN, "sailthru: timeout", {"no_answer": "timeout"})
    with ledger.writing() as connection:
        attempts.start(connection, begun, T)
        attempts.start(connection, [Attempt(acme, 7, 1, "zendesk", "add_tag", ("tag",))], T)
        attempts.finish(connection, [timeout], T + 5)
        attempts.start(connection, [], T)
        attempts.finish(connection, [], T)
    with ledger.reading() as connection:
        back, newest, first = looking.attempts_on(connection, acme, 7, limit=5)
    assert (back["outcome"], back["system"]) == (attempts.SENDING, "zendesk")
    assert (newest["outcome"], newest["finished_at"]) == (attempts.SENDING, None)
    assert (first["outcome"], first["error"], first["finished_at"]) == ("unknown", "sailthru: timeout", T + 5)
    assert first["fields"] == ["zendesk_tags", "email"]
    assert (first["version"], first["request"], first["reply"]) == (
        5,
        {"sid": "5f"},
        {"no_answer": "timeout"},
    )


def letter(reason: str = "email_taken", *, number: int | None = 7, event_id: str | None = None) -> DeadLetter:
    return DeadLetter(
        1, "zendesk", "push.write", reason=reason, error="It is taken.", zendesk_id=number, event_id=event_id
    )


def bury(ledger: Ledger, one: DeadLetter, at: int = T) -> int:
    with ledger.writing() as connection:
        return dead.bury(connection, one, at)


def states(ledger: Ledger) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with ledger.reading() as connection:
        for one in connection.execute(select(dead_letters).order_by(dead_letters.c.id)):
            found.setdefault(one.reason, []).append(one.state)
    return found


def test_one_dead_letter_is_open_for_each_customer_and_reason(ledger: Ledger, acme: int) -> None:
    first = bury(ledger, letter())
    again = bury(ledger, replace(letter(), error="Still taken.", attempts=2, data={"n": 1}), T + 9)
    other = bury(ledger, letter("refused"))
    somebody = bury(ledger, letter(number=8))
    assert first == again
    assert len({first, other, somebody}) == 3
    with ledger.reading() as connection:
        kept = dead.one(connection, first)
        assert dead.one(connection, 999) is None
    assert kept is not None
    assert (kept.attempts, kept.error, kept.data) == (3, "Still taken.", {"n": 1})
    assert (kept.first_seen, kept.last_seen, kept.state) == (T, T + 9, OPEN)


def test_a_letter_about_an_event_stands_for_itself(ledger: Ledger, acme: int) -> None:
    first = bury(ledger, letter("unreadable", number=None, event_id="e1"))
    assert bury(ledger, letter("given_up", number=None, event_id="e1")) == first
    assert bury(ledger, letter("unreadable", number=None, event_id="e2")) != first
    with ledger.writing() as connection:
        found = dead.of_event(connection, acme, "e1")
        dead.close_event(connection, acme, "e1")
        assert dead.of_event(connection, acme, "e1") is None
        assert dead.of_event(connection, acme, "e2") is not None
    assert found is not None
    assert (found.id, found.attempts) == (first, 2)


def test_a_closed_or_dropped_letter_is_not_the_one_to_count_on(ledger: Ledger, acme: int) -> None:
    first = bury(ledger, letter())
    with ledger.writing() as connection:
        dead.mark_dropped(connection, first, T, reason="")
    second = bury(ledger, letter())
    with ledger.writing() as connection:
        assert dead.close(connection, acme, 7) == 1
    assert len({first, second, bury(ledger, letter())}) == 3
    assert states(ledger) == {"email_taken": [DROPPED, CLOSED, OPEN]}


def test_success_in_one_direction_closes_no_letter_of_the_other(ledger: Ledger, acme: int) -> None:
    there = DeadLetter(acme, "zendesk", "push.write", "refused", "No.", zendesk_id=7)
    back = DeadLetter(acme, "sailthru", "push.set_fields", "refused", "No.", zendesk_id=7)
    with ledger.writing() as connection:
        assert dead.bury(connection, there, T) != dead.bury(connection, back, T)
        assert dead.lettered(connection, acme, [7], lanes=("sailthru",)) == {7}
        assert dead.close(connection, acme, 7) == 1
        assert dead.lettered(connection, acme, [7]) == set()
        assert dead.lettered(connection, acme, [7], lanes=("sailthru",)) == {7}
        assert dead.close(connection, acme, 7, lanes=("sailthru",)) == 1


def test_success_closes_the_customers_letters_and_nobody_elses(ledger: Ledger, acme: int) -> None:
    for reason in ("email_taken", "refused", "bug"):
        bury(ledger, letter(reason))
    bury(ledger, letter("other", number=8))
    bury(ledger, letter("unreadable", event_id="e1"))
    with ledger.writing() as connection:
        assert dead.lettered(connection, acme, [7, 8, 9]) == {7, 8}
        assert dead.close(connection, acme, 7, reasons=("refused", "none")) == 1
        assert dead.close(connection, acme, 7, but="email_taken") == 1
    assert states(ledger) == {
        "email_taken": [OPEN], "refused": [CLOSED], "bug": [CLOSED], "other": [OPEN], "unreadable": [OPEN],
    }  # fmt: skip


def test_two_that_bury_at_once_leave_one_open_letter(ledger: Ledger, acme: int) -> None:

    def bury_both(one: DeadLetter) -> None:
        together(lambda: bury(ledger, one), lambda: bury(ledger, one))

    for number in range(10):
        bury_both(letter(number=100 + number))
    with ledger.reading() as connection:
        found = list(connection.execute(select(dead_letters)))
    assert [one.attempts for one in found] == [2] * 10
