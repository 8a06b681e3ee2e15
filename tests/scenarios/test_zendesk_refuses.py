"""Writes to Zendesk that fail, or of which nobody knows: later, once more, a dead letter, or a pause."""

from __future__ import annotations

import pytest

from bridge.ledger import directions
from bridge.ledger.ledger import Ledger
from bridge.remotes.zendesk import Zendesk
from tests.scenarios.story import Person, Story
from tests.scenarios.way_back import fields_of, know, make_fields, row, written, zendesk_writes


@pytest.fixture
def ann(story: Story) -> Person:
    make_fields(story)
    person = story.person("ann@example.com")
    know(story, person.id, engagement="new")
    story.later(60)
    story.forget()
    return person


def sent_at(story: Story) -> list[float]:
    """When something was written, in seconds after the first."""
    calls = zendesk_writes(story)
    return [(call.at - calls[0].at).total_seconds() for call in calls]


def troubled(ledger: Ledger) -> dict[int, directions.Direction]:
    with ledger.reading() as connection:
        return directions.troubled(connection, "zendesk")


def test_too_many_requests_are_tried_again_after_the_time_asked_for(story: Story, ann: Person) -> None:
    story.zendesk.faults.answer(429, {}, headers={"Retry-After": "37"}, method="PUT")
    know(story, ann.id, engagement="active")
    story.later(36)
    assert len(written(story)) == 1
    story.later(60)
    assert sent_at(story) == [0, 37]
    assert fields_of(story, ann.id)["sailthru_engagement"] == "active"


@pytest.mark.parametrize("applied", [False, True])
def test_an_unknown_outcome_is_sent_now_and_once_more_a_minute_later(
    story: Story, ann: Person, applied: bool
) -> None:
    story.zendesk.faults.reset(method="PUT", applied=applied)
    know(story, ann.id, engagement="active")
    story.later(30)
    assert sent_at(story) == [0, 0]
    story.later(600)
    assert sent_at(story) == [0, 0, 60]
    assert len({str(call.params) for call in zendesk_writes(story)}) == 1
    assert story.letters() == []


def test_a_tag_of_which_nobody_knows_is_sent_again_too(story: Story, ann: Person) -> None:
    story.zendesk.faults.reset(method="PUT", path=f"/api/v2/users/{ann.id}/tags", applied=False)
    know(story, ann.id, engagement="new", score=4)
    story.later(600)
    assert list(story.zendesk.user(ann.id).tags) == ["sailthru_highvalue"]
    tagging = [entry for entry in written(story) if entry[1].endswith("/tags")]
    assert len(tagging) == 3


def test_a_busy_zendesk_is_tried_again_and_pauses_nobody_else(story: Story, ann: Person) -> None:
    story.zendesk.faults.answer(503, {}, times=2, method="PUT")
    know(story, ann.id, engagement="active")
    story.later(60)
    assert sent_at(story) == [0, 1, 3]
    assert troubled(story.world.ledger) == {}


def test_a_user_who_is_gone_is_read_again_and_rests(story: Story, ann: Person) -> None:
    story.zendesk.delete_user(ann.id)  # and the news is still on the way
    know(story, ann.id, engagement="active")
    story.world.work()
    assert written(story) == [("PUT", f"users/{ann.id}")]
    story.later(600)
    assert not row(story, ann.id).owed
    assert story.letters() == []
    assert story.readings() != []


def test_a_refused_value_is_a_dead_letter_closed_by_success_and_the_tag_goes_on(
    story: Story, ann: Person
) -> None:
    details = {"sailthru_engagement": [{"description": "is too odd", "error": "InvalidValue"}]}
    body = {"error": "RecordInvalid", "details": details}
    story.zendesk.faults.answer(422, body, times=9, method="PUT", path=f"/api/v2/users/{ann.id}")
    know(story, ann.id, engagement="odd", score=4)
    story.later(600)
    (letter,) = story.letters()
    assert (letter.lane, letter.type, letter.reason) == ("sailthru", "push.zendesk_set_fields", "invalid")
    assert "sailthru_engagement" in letter.error
    assert list(story.zendesk.user(ann.id).tags) == ["sailthru_highvalue"]
    assert not row(story, ann.id).owed
    story.zendesk.faults.clear()
    know(story, ann.id, engagement="active", score=4)
    story.later(60)
    assert story.letters() == []
    assert fields_of(story, ann.id)["sailthru_engagement"] == "active"


def test_credentials_that_do_not_work_halt_this_way_until_they_do(story: Story, ann: Person) -> None:
    story.zendesk.faults.answer(401, {"error": "invalid_token"}, times=5, method="PUT")
    know(story, ann.id, engagement="active")
    story.world.work()
    (trouble,) = troubled(story.world.ledger).values()
    assert trouble.state == directions.HALTED
    begun = len(written(story))
    story.later(50)
    assert len(written(story)) == begun
    story.zendesk.faults.clear()
    story.later(60)
    assert troubled(story.world.ledger) == {}
    assert fields_of(story, ann.id)["sailthru_engagement"] == "active"
    assert story.letters() == []


def test_while_zendesk_is_down_few_calls_try_it_and_nobody_is_blamed(story: Story) -> None:
    make_fields(story)
    people = [story.person(f"p{number}@example.com") for number in range(9)]
    for person in people:
        know(story, person.id, engagement="new")
    story.later(60)
    story.forget()
    story.zendesk.faults.answer(503, {}, times=100_000, path="/api/v2/*")
    for person in people:
        know(story, person.id, engagement="active")
    story.later(120)
    assert len(written(story)) < 30
    for _ in range(60):
        story.clock.move(1_800)
        story.world.work()
    assert story.letters() == []
    story.zendesk.faults.clear()
    story.later(200)
    assert {fields_of(story, person.id)["sailthru_engagement"] for person in people} == {"active"}


def test_a_pusher_that_comes_back_too_late_leaves_no_stale_value(
    story: Story, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ran out during the call, and another one wrote meanwhile."""
    set_user_fields = Zendesk.set_user_fields
    first = True

    def slow(self: Zendesk, id: int, values: dict[str, object]) -> None:  # noqa: A002
        nonlocal first
        if first:
            first = False
            story.clock.move(120)
            know(story, ann.id, engagement="active")
            story.world.add_process().zendesk_pusher.step()
        set_user_fields(self, id, values)

    monkeypatch.setattr(Zendesk, "set_user_fields", slow)
    know(story, ann.id, engagement="passive")
    story.world.work()
    story.later(600)
    assert fields_of(story, ann.id)["sailthru_engagement"] == "active"
