"""An agent changes lists and opt-out in the sidebar; what loosens consent is sent only as it was seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.broker.embedded import EmbeddedBroker
from bridge.errors import Refused
from bridge.ledger import agent_actions, events
from bridge.repair.replaying import replay
from sandbox.web.calls import Call
from schemas.agent_action import LIST_ADD, LIST_REMOVE, SET_OPTOUT
from schemas.event import Event
from tests.scenarios.desk import Desk
from tests.scenarios.story import Person, Story


class Faulty:
    """Clients with a bug that quotes whom they are about."""

    def sailthru(self, _installation: Any) -> Any:
        raise LookupError("no such profile: Ann Lindqvist")


@pytest.fixture
def desk(story: Story) -> Desk:
    return Desk(story)


@pytest.fixture
def ann(story: Story) -> Person:
    return story.person("ann@example.com")


def optout_of(story: Story, person: Person) -> str:
    profile = story.sailthru.by_sid(person.sid)
    assert profile is not None
    return profile.optout_email


def lists_of(story: Story, person: Person) -> list[str]:
    profile = story.sailthru.by_sid(person.sid)
    assert profile is not None
    return sorted(profile.lists)


def told_by_sailthru(story: Story, person: Person) -> None:
    """A postback about that customer arrives."""
    now = story.clock.now()
    said = {"action": "optout", "email": "ann@example.com", "sid": person.sid}
    story.world.publish(
        [Event("hint", "acme", "sailthru", "postback.optout", "", "postback", now, now, said)]
    )
    story.world.work()


def test_a_stricter_opt_out_is_one_call_without_a_look_and_saved_at_once(
    story: Story, desk: Desk, ann: Person
) -> None:
    action = desk.asks(ann, SET_OPTOUT, "all")
    story.world.work()
    assert desk.state(action) == ("saved", "")
    assert optout_of(story, ann) == "all"
    (write,) = story.writes()
    assert (write["id"], write["key"], write["optout_email"]) == (ann.sid, "sid", "all")
    assert "vars" not in write
    assert story.looks() == []
    assert story.outcomes("agent.optout") == [("applied", "")]


def test_what_was_written_is_read_once_it_has_settled(story: Story, desk: Desk, ann: Person) -> None:
    desk.asks(ann, SET_OPTOUT, "basic")
    story.world.work()
    assert story.profile_reads() == []
    story.later(6)
    assert len(story.profile_reads()) == 1


def test_a_removal_is_held_for_five_seconds_and_then_sent(story: Story, desk: Desk, ann: Person) -> None:
    action = desk.asks(ann, LIST_REMOVE, "News")
    story.world.work()
    assert desk.state(action) == ("held", "")
    story.clock.move(4.9)
    story.world.work()
    assert lists_of(story, ann) == ["News"]
    story.clock.move(0.2)
    story.world.work()
    assert desk.state(action) == ("saved", "")
    assert lists_of(story, ann) == []


def test_a_removal_taken_back_is_never_sent(story: Story, desk: Desk, ann: Person) -> None:
    action = desk.asks(ann, LIST_REMOVE, "News")
    with story.world.ledger.writing() as connection:
        assert agent_actions.undo(
            connection, story.world.installation.id, action, story.world.ledger.micros()
        )
    story.later(60)
    assert desk.state(action) == ("undone", "")
    assert (story.writes(), lists_of(story, ann)) == ([], ["News"])


def test_a_looser_opt_out_is_sent_after_a_look_that_shows_what_the_agent_saw(
    story: Story, desk: Desk, ann: Person
) -> None:
    story.sailthru.edit_optout(ann.sid, "all")
    action = desk.asks(ann, SET_OPTOUT, "none")
    story.world.work()
    assert desk.state(action) == ("saved", "")
    assert (len(story.looks()), optout_of(story, ann)) == (1, "none")


def test_a_looser_opt_out_is_not_sent_when_the_profile_is_no_longer_as_it_was_seen(
    story: Story, desk: Desk, ann: Person
) -> None:
    story.sailthru.edit_optout(ann.sid, "basic")
    seen = {"optout": "basic", "lists": ["News"], "read_at": story.clock.now().isoformat()}
    story.sailthru.edit_optout(ann.sid, "all")  # the customer was quicker
    action = desk.asks(ann, SET_OPTOUT, "none", seen=seen)
    story.world.work()
    assert desk.state(action) == ("failed", "consent_changed")
    assert (story.writes(), optout_of(story, ann)) == ([], "all")
    assert story.reasons() == ["consent_changed"]


def test_a_postback_since_the_page_was_read_stops_it_although_the_profile_looks_the_same(
    story: Story, desk: Desk, ann: Person
) -> None:
    story.sailthru.edit_optout(ann.sid, "all")
    seen = {"optout": "all", "lists": ["News"], "read_at": story.clock.now().isoformat()}
    story.clock.move(3)
    told_by_sailthru(story, ann)
    action = desk.asks(ann, SET_OPTOUT, "basic", seen=seen)
    story.world.work()
    assert desk.state(action) == ("failed", "consent_changed")
    assert (story.writes(), optout_of(story, ann)) == ([], "all")


def test_a_postback_that_comes_while_the_profile_is_looked_at_stops_it_too(
    story: Story, desk: Desk, ann: Person
) -> None:
    story.sailthru.edit_optout(ann.sid, "all")
    worker = story.world.processes[-1].worker

    def tell(call: Call) -> None:
        """The customer decides between the look, which shows nothing of it yet, and the call."""
        if call.method == "GET":
            now, said = story.clock.now(), {"action": "optout", "email": "ann@example.com", "sid": ann.sid}
            hint = Event("hint", "acme", "sailthru", "postback.optout", "", "postback", now, now, said)
            story.world.publish([hint])
            worker.step(0)

    action = desk.asks(ann, SET_OPTOUT, "none")
    story.sailthru.calls.watchers.append(tell)
    story.world.work()
    assert desk.state(action) == ("failed", "consent_changed")
    assert (len(story.looks()), story.writes(), optout_of(story, ann)) == (1, [], "all")


def test_a_consent_that_changed_can_be_replayed_by_nobody(story: Story, desk: Desk, ann: Person) -> None:
    seen = {"optout": "all", "lists": [], "read_at": story.clock.now().isoformat()}
    desk.asks(ann, SET_OPTOUT, "basic", seen=seen)
    story.sailthru.edit_optout(ann.sid, "basic")
    desk.asks(ann, SET_OPTOUT, "none", seen=seen)
    story.world.work()
    publisher = EmbeddedBroker(story.world.ledger).publisher()
    for letter in story.letters():
        with pytest.raises(Refused):
            replay(story.world.ledger, publisher, letter, operator="test")
    assert story.reasons() == ["consent_changed"]


def test_what_loosens_consent_is_not_replayed_whatever_it_failed_of(
    story: Story, desk: Desk, ann: Person
) -> None:
    story.sailthru.edit_optout(ann.sid, "all")
    story.sailthru.fail_with(17, "Invalid value", status=400, method="POST")
    desk.asks(ann, SET_OPTOUT, "none")
    story.world.work()
    (letter,) = story.letters()
    assert letter.reason != "consent_changed"
    with pytest.raises(Refused):
        replay(story.world.ledger, EmbeddedBroker(story.world.ledger).publisher(), letter, operator="test")
    assert optout_of(story, ann) == "all"


def test_a_list_is_added_back_only_as_it_was_seen(story: Story, desk: Desk, ann: Person) -> None:
    story.sailthru.add_lists("Weekly")
    action = desk.asks(ann, LIST_ADD, "Weekly")
    story.world.work()
    assert (desk.state(action), lists_of(story, ann)) == (("saved", ""), ["News", "Weekly"])
    # When the opt-out became stricter meanwhile
    story.sailthru.leave_list(ann.sid, "Weekly")
    seen = {"optout": "none", "lists": ["News"], "read_at": story.clock.now().isoformat()}
    story.sailthru.edit_optout(ann.sid, "all")
    refused = desk.asks(ann, LIST_ADD, "Weekly", seen=seen)
    story.world.work()
    assert desk.state(refused) == ("failed", "consent_changed")
    assert lists_of(story, ann) == ["News"]


def test_of_two_agents_the_later_choice_stands_although_it_arrives_first(
    story: Story, desk: Desk, ann: Person
) -> None:
    story.sailthru.faults.answer(503, None, method="POST", path="/user", times=1)
    earlier = desk.asks(ann, SET_OPTOUT, "basic")
    story.world.work()  # it fails for now
    story.clock.move(0.5)
    later = desk.asks(ann, SET_OPTOUT, "all")
    story.later(120)
    assert desk.state(later) == ("saved", "")
    assert desk.state(earlier) == ("failed", "superseded")
    assert optout_of(story, ann) == "all"


@pytest.mark.parametrize("applied", [True, False])
def test_after_an_unknown_outcome_a_stricter_choice_is_sent_again_and_once_more(
    story: Story, desk: Desk, ann: Person, applied: bool
) -> None:
    story.sailthru.faults.reset(method="POST", applied=applied)
    action = desk.asks(ann, SET_OPTOUT, "all")
    story.later(30)
    assert desk.state(action) == ("saved", "")
    assert len(story.writes()) == 2
    story.later(90)
    assert len(story.writes()) == 3
    assert optout_of(story, ann) == "all"


@pytest.mark.parametrize("applied", [True, False])
def test_after_an_unknown_outcome_what_loosens_is_looked_at_again_first(
    story: Story, desk: Desk, ann: Person, applied: bool
) -> None:
    story.sailthru.edit_optout(ann.sid, "all")
    action = desk.asks(ann, SET_OPTOUT, "none")
    story.sailthru.faults.reset(method="POST", applied=applied)
    story.later(200)
    assert desk.state(action) == ("saved", "")
    assert len(story.writes()) == (1 if applied else 2)
    assert optout_of(story, ann) == "none"


def test_a_stricter_choice_waits_while_sailthru_is_away_and_is_sent_when_it_is_back(
    story: Story, desk: Desk, ann: Person
) -> None:
    story.sailthru.faults.answer(503, None, path="/user", times=None)
    action = desk.asks(ann, SET_OPTOUT, "all")
    story.later(300)
    assert desk.state(action) == ("saving", "")
    story.sailthru.faults.clear()
    story.later(120)
    assert (desk.state(action), optout_of(story, ann)) == (("saved", ""), "all")


def test_a_refused_choice_is_a_dead_letter_that_a_replay_tries_again(
    story: Story, desk: Desk, ann: Person
) -> None:
    story.sailthru.fail_with(17, "Invalid value", status=400, method="POST")
    action = desk.asks(ann, SET_OPTOUT, "all")
    story.world.work()
    assert desk.state(action)[0] == "failed"
    (letter,) = story.letters()
    assert (letter.lane, letter.type) == ("agent", "agent.optout")
    replay(story.world.ledger, EmbeddedBroker(story.world.ledger).publisher(), letter, operator="test")
    story.world.work()
    assert (desk.state(action), optout_of(story, ann)) == (("saved", ""), "all")
    assert story.letters() == []


def test_a_replayed_choice_that_a_later_one_overtook_is_superseded(
    story: Story, desk: Desk, ann: Person
) -> None:
    # given a choice that Sailthru refused, and a later one that it took
    story.sailthru.fail_with(17, "Invalid value", status=400, method="POST")
    earlier = desk.asks(ann, SET_OPTOUT, "basic")
    story.world.work()
    story.clock.move(1)
    desk.asks(ann, SET_OPTOUT, "all")
    story.world.work()
    # when somebody replays the first
    (letter,) = story.letters()
    replay(story.world.ledger, EmbeddedBroker(story.world.ledger).publisher(), letter, operator="test")
    story.world.work()
    # then it is not sent
    assert desk.state(earlier) == ("failed", "superseded")
    assert optout_of(story, ann) == "all"
    assert story.outcomes("agent.optout")[0] == ("ignored", "superseded")


def test_a_letter_about_a_fault_of_ours_quotes_no_customer(story: Story, desk: Desk, ann: Person) -> None:
    agents = story.world.processes[-1].agents
    agents.parts = replace(agents.parts, remotes=Faulty())  # type: ignore[arg-type]
    action = desk.asks(ann, SET_OPTOUT, "all")
    story.later(3600)
    assert desk.state(action) == ("failed", "given_up")
    (letter,) = story.letters()
    assert letter.error == "The bridge tried 8 times: LookupError"


def test_what_an_agent_asked_for_ends_with_its_own_outcome_and_not_with_that_of_a_push(
    story: Story, desk: Desk, ann: Person
) -> None:
    # given a choice that waits for Sailthru, and a push of that customer that Sailthru refuses
    story.sailthru.faults.answer(503, None, method="POST", path="/user", times=1)
    action = desk.asks(ann, SET_OPTOUT, "all")
    story.world.work()
    story.sailthru.fail_with(17, "Invalid value", status=400, method="POST")
    with story.world.ledger.writing() as connection:
        events.finish(connection, story.world.installation.id, ann.id, outcome=events.DEAD, reason="refused")
    # then the choice is not dead with it
    assert story.outcomes("agent.optout") == [("kept", "")]
    story.sailthru.faults.clear()
    story.later(60)
    assert desk.state(action) == ("saved", "")
    assert story.outcomes("agent.optout") == [("applied", "")]


def test_an_action_whose_event_was_never_published_is_carried_out_all_the_same(
    story: Story, desk: Desk, ann: Person
) -> None:
    story.world.publish = lambda events: None  # type: ignore[method-assign]
    action = desk.asks(ann, SET_OPTOUT, "all")
    story.world.work()
    assert desk.state(action) == ("saving", "")
    story.clock.move(timedelta(seconds=15).total_seconds())
    story.world.work()
    story.world.work()
    assert (desk.state(action), optout_of(story, ann)) == (("saved", ""), "all")


def test_of_a_customer_without_a_profile_nothing_is_written(story: Story, desk: Desk) -> None:
    number = story.stranger("bob@example.com")
    story.meet(number)
    action = desk.asks(Person(number, "none"), SET_OPTOUT, "all")
    story.world.work()
    assert (desk.state(action), story.writes()) == (("failed", "no_profile"), [])
