"""An agent sets health and sync, has a profile made, merged, kept apart or read anew."""

from __future__ import annotations

from schemas.agent_action import CREATE, KEEP_APART, MERGE, REFRESH, SET_HEALTH, SET_SYNC
from tests.scenarios.conftest import Open
from tests.scenarios.desk import Desk
from tests.scenarios.story import Person, Story


def test_health_is_saved_when_sailthru_holds_it(story: Story) -> None:
    desk, ann = Desk(story), story.person("ann@example.com")
    action = desk.asks(ann, SET_HEALTH, "unsatisfied")
    story.world.work()
    story.world.work()
    assert desk.state(action) == ("saved", "")
    assert story.vars_of(ann.sid)["zendesk_health"] == "unsatisfied"
    assert len(story.writes()) == 1


def test_the_switch_is_saved_when_sailthru_holds_it(story: Story) -> None:
    desk, ann = Desk(story), story.person("ann@example.com")
    action = desk.asks(ann, SET_SYNC, value=False)
    story.world.work()
    story.world.work()
    assert desk.state(action) == ("saved", "")
    assert story.vars_of(ann.sid)["zendesk_sync"] is False


def test_health_of_a_customer_without_a_profile_is_not_saved_and_says_so(story: Story) -> None:
    number = story.stranger("bob@example.com")
    story.meet(number)
    desk = Desk(story)
    action = desk.asks(Person(number, "none"), SET_HEALTH, "neutral")
    story.later(5)
    assert desk.state(action) == ("failed", "no_profile")


def test_a_profile_that_is_gone_is_made_anew_only_because_an_agent_asks(open_story: Open) -> None:
    story = open_story(create_profiles=True)
    desk, ann = Desk(story), story.person("ann@example.com")
    story.sailthru.delete_profile("ann@example.com")
    story.says_agent(ann.id, health="neutral")
    story.later(100)
    assert story.state(ann.id) == "profile_gone"
    action = desk.asks(ann, CREATE, None)
    story.later(5)
    assert desk.state(action) == ("saved", "")
    profile = story.sailthru.profile("ann@example.com")
    assert profile is not None
    assert profile.vars["zendesk_id"] == ann.id


def test_no_profile_is_made_where_the_installation_does_not_allow_it(story: Story) -> None:
    number = story.stranger("bob@example.com")
    story.meet(number)
    desk = Desk(story)
    action = desk.asks(Person(number, "none"), CREATE, None)
    story.later(5)
    assert desk.state(action) == ("failed", "not_allowed")
    assert story.sailthru.profile("bob@example.com") is None


def taken(story: Story) -> tuple[Desk, Person, str]:
    """Ann moves to an address that a profile holds which belongs to nobody."""
    ann = story.person("ann@example.com")
    other = story.sailthru.create_profile("ann@new.example.com", lists=["Weekly"])
    story.zendesk.change_email(ann.id, "ann@new.example.com")
    story.hear()
    story.later(5)
    assert story.reasons() == ["email_conflict"]
    return Desk(story), ann, other


def test_an_agent_may_merge_the_profile_that_holds_the_new_address(story: Story) -> None:
    desk, ann, other = taken(story)
    action = desk.asks(ann, MERGE, other)
    story.later(10)
    assert desk.state(action) == ("saved", "")
    assert story.address_of(ann.sid) == "ann@new.example.com"
    assert story.letters() == []


def test_a_merge_with_another_profile_than_was_shown_is_not_made(story: Story) -> None:
    desk, ann, _ = taken(story)
    action = desk.asks(ann, MERGE, "0" * 24)
    story.later(10)
    assert desk.state(action) == ("failed", "changed")
    assert story.address_of(ann.sid) == "ann@example.com"


def test_profiles_kept_apart_are_nobodys_trouble_any_more(story: Story) -> None:
    desk, ann, _ = taken(story)
    action = desk.asks(ann, KEEP_APART, None)
    story.later(10)
    assert desk.state(action) == ("saved", "")
    assert story.letters() == []
    assert story.address_of(ann.sid) == "ann@example.com"


def test_a_fresh_reading_is_saved_when_it_was_made(story: Story) -> None:
    desk, ann = Desk(story), story.person("ann@example.com")
    story.later(60)
    story.forget()
    action = desk.asks(ann, REFRESH, None)
    story.later(2)
    assert desk.state(action) == ("saved", "")
    assert len(story.profile_reads()) == 1
