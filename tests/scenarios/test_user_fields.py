"""Zendesk's user fields: differences only, none that is not there, not too often, and silence afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.scenarios.conftest import Open
from tests.scenarios.story import Person, Story
from tests.scenarios.way_back import fields_of, know, make_fields, row, written, zendesk_writes

DAY_S = 86_400
EVERYTHING: dict[str, Any] = {
    "optout": "basic",
    "engagement": "active",
    "score": 3,
    "last_open": "2026-11-20T08:00:00Z",
    "last_click": "2026-11-19T08:00:00Z",
    "last_pageview": "2026-11-18T08:00:00Z",
    "lists": {"Weekly": "2026-01-02T00:00:00Z", "Daily": None},
    "signup": "2025-05-01T10:00:00Z",
}


@pytest.fixture
def ann(story: Story) -> Person:
    make_fields(story)
    return story.person("ann@example.com")


def reads_of_fields(story: Story) -> int:
    return story.zendesk.calls.count("GET", "/api/v2/user_fields")


def test_all_that_is_known_is_written_in_one_call(story: Story, ann: Person) -> None:
    story.zendesk.create_ticket(ann.id)
    story.hear()
    story.later(60)
    story.forget()
    know(story, ann.id, **EVERYTHING)
    story.world.work()
    assert fields_of(story, ann.id) == {
        "sailthru_optout": "basic",
        "sailthru_engagement": "active",
        "sailthru_value_score": 3,
        "sailthru_last_open": "2026-11-20",
        "sailthru_last_click": "2026-11-19",
        "sailthru_last_pageview": "2026-11-18",
        "sailthru_lists": "Daily\nWeekly",
        "sailthru_signup": "2025-05-01",
    }
    assert written(story) == [("PUT", f"users/{ann.id}")]


def test_without_an_open_ticket_no_date_of_activity_is_kept_current(story: Story, ann: Person) -> None:
    know(story, ann.id, **EVERYTHING)
    story.later(60)
    assert fields_of(story, ann.id).keys() == {
        "sailthru_optout",
        "sailthru_engagement",
        "sailthru_value_score",
        "sailthru_lists",
        "sailthru_signup",
    }
    # and what was written while there was one stays
    ticket = story.zendesk.create_ticket(ann.id)
    story.hear()
    know(story, ann.id, **EVERYTHING)
    story.later(60)
    story.zendesk.solve(ticket.id)
    story.hear()
    know(story, ann.id, **{**EVERYTHING, "last_open": "2026-11-22T09:00:00Z"})
    story.later(60)
    assert fields_of(story, ann.id)["sailthru_last_open"] == "2026-11-20"


def test_only_what_differs_is_written(story: Story, ann: Person) -> None:
    know(story, ann.id, optout="none", engagement="active")
    story.later(60)
    story.forget()
    know(story, ann.id, optout="all", engagement="active")
    story.later(60)
    know(story, ann.id, optout="all", engagement="active")
    story.later(60)
    (call,) = zendesk_writes(story)
    assert call.params == {"user": {"user_fields": {"sailthru_optout": "all"}}}


def test_what_is_not_so_any_more_is_emptied(story: Story, ann: Person) -> None:
    know(story, ann.id, **EVERYTHING)
    story.later(60)
    know(story, ann.id, optout="none")
    story.later(60)
    assert fields_of(story, ann.id) == {"sailthru_optout": "none"}


def test_many_changes_within_a_minute_become_few_updates(story: Story, ann: Person) -> None:
    know(story, ann.id, engagement="new")
    story.later(60)
    story.forget()
    begins_at = story.clock.now()
    for second in range(60):
        know(story, ann.id, engagement=f"state {second}")
        story.later(1)
    within = [call for call in zendesk_writes(story) if (call.at - begins_at).total_seconds() < 60]
    assert 2 <= len(within) <= 5
    assert all(call.status == 200 for call in within)
    story.later(60)
    assert fields_of(story, ann.id)["sailthru_engagement"] == "state 59"


def test_our_own_fields_come_back_and_are_no_news(story: Story, ann: Person) -> None:
    know(story, ann.id, **EVERYTHING)
    story.later(60)
    story.forget()
    story.hear()
    story.later(3_000)
    assert written(story) == []
    assert story.writes() == []
    assert story.readings() == []


def test_an_account_without_some_of_the_fields_gets_the_others_and_is_told_once(story: Story) -> None:
    make_fields(story, "sailthru_engagement", "sailthru_last_open")
    story.zendesk.oddities.unknown_fields = "refused"
    with capture_logs() as lines:
        people = [story.person(f"{name}@example.com") for name in ("ann", "ben", "cid")]
        story.forget()
        for person in people:
            know(story, person.id, **EVERYTHING)
            story.later(DAY_S // 2)
    warnings = [line for line in lines if line["log_level"] == "warning"]
    assert fields_of(story, people[2].id)["sailthru_optout"] == "basic"
    assert [line["fields"] for line in warnings] == [["sailthru_engagement", "sailthru_last_open"]]
    assert story.letters() == []
    assert 1 <= reads_of_fields(story) <= 2  # daily at most


def test_an_account_without_any_field_is_only_tagged(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.forget()
    know(story, ann.id, optout="all", score=4)
    story.later(60)
    assert written(story) == [("PUT", f"users/{ann.id}/tags")]
    assert story.letters() == []


def test_a_field_made_later_is_filled_for_everybody_within_a_day(story: Story) -> None:
    make_fields(story, "sailthru_engagement")
    ann, ben = (story.person(f"{name}@example.com") for name in ("ann", "ben"))
    for person in (ann, ben):
        know(story, person.id, engagement="active", optout="none")
    story.later(60)
    story.zendesk.add_user_field("sailthru_engagement", "text")
    story.later(DAY_S + 100)
    know(story, ann.id, engagement="active", optout="all")
    story.later(2 * 86_400)
    assert fields_of(story, ben.id)["sailthru_engagement"] == "active"


def test_a_field_that_was_deleted_and_made_anew_is_filled_again(story: Story, ann: Person) -> None:
    know(story, ann.id, engagement="active", optout="none")
    story.later(60)
    story.zendesk.remove_user_field("sailthru_engagement")
    story.later(DAY_S + 100)
    know(story, ann.id, engagement="active", optout="basic")
    story.later(DAY_S + 100)
    story.zendesk.add_user_field("sailthru_engagement", "text")
    know(story, ann.id, engagement="active", optout="all")
    story.later(2 * 86_400)
    assert fields_of(story, ann.id)["sailthru_engagement"] == "active"


def test_a_field_that_was_deleted_since_the_last_look_spoils_nothing(story: Story, ann: Person) -> None:
    story.zendesk.oddities.unknown_fields = "refused"
    know(story, ann.id, engagement="active", optout="none")
    story.later(60)
    story.zendesk.remove_user_field("sailthru_engagement")
    know(story, ann.id, engagement="passive", optout="all")
    story.later(60)
    assert fields_of(story, ann.id)["sailthru_optout"] == "all"
    assert story.letters() == []


def test_another_boundary_for_valuable_customers_reaches_all_within_a_day(open_story: Open) -> None:
    story = open_story(high_value_at=4)
    make_fields(story)
    ann, ben = (story.person(f"{name}@example.com") for name in ("ann", "ben"))
    for person in (ann, ben):
        know(story, person.id, score=3)
    story.later(60)
    story.change_options(high_value_at=3)
    story.later(DAY_S + 100)
    know(story, ann.id, score=3, engagement="active")
    story.later(2 * 86_400)
    assert [list(story.zendesk.user(person.id).tags) for person in (ann, ben)] == [["sailthru_highvalue"]] * 2


@pytest.mark.parametrize("why", ["sync off", "inactive", "staff"])
def test_of_whom_nothing_is_synced_nothing_is_written(story: Story, ann: Person, why: str) -> None:
    know(story, ann.id, engagement="new", score=4)
    story.later(60)
    match why:
        case "sync off":
            story.says_agent(ann.id, sync=False)
        case "inactive":
            story.zendesk.delete_user(ann.id)
        case "staff":
            story.zendesk.set_role(ann.id, "agent")
    story.hear()
    story.later(60)
    story.forget()
    know(story, ann.id, engagement="active", score=1)
    story.later(600)
    assert written(story) == []
    assert not row(story, ann.id).owed


def test_what_changed_while_the_switch_was_off_is_written_when_it_is_on_again(
    story: Story, ann: Person
) -> None:
    know(story, ann.id, engagement="new")
    story.later(60)
    story.says_agent(ann.id, sync=False)
    know(story, ann.id, engagement="active")
    story.later(60)
    story.says_agent(ann.id, sync=True)
    story.later(60)
    assert fields_of(story, ann.id)["sailthru_engagement"] == "active"
