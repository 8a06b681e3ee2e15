"""Sailthru tells that something happened to a profile; the profile is read, and nothing else is believed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from bridge import facts
from sandbox.sailthru import Sailthru
from tests.scenarios.conftest import Open
from tests.scenarios.story import Story

ANN = "ann@example.com"

ACTIONS: dict[str, tuple[Callable[[Sailthru], Any], str, Any]] = {
    "out of everything": (lambda box: box.set_optout(ANN, "all"), facts.OPTOUT, "all"),
    "out of marketing": (lambda box: box.set_optout(ANN, "basic"), facts.OPTOUT, "basic"),
    "out of mailings, in the word of old": (lambda box: box.set_optout(ANN, "blast"), facts.OPTOUT, "basic"),
    "a hard bounce": (lambda box: box.hard_bounce(ANN), facts.ENGAGEMENT, "hardbounce"),
    "a campaign's hard bounce": (
        lambda box: box.hard_bounce(ANN, blast_id="99"),
        facts.ENGAGEMENT,
        "hardbounce",
    ),
    "a saved page": (lambda box: box.save_user_page(ANN, optout_email="basic"), facts.OPTOUT, "basic"),
    "a double opt-in": (
        lambda box: (box.set_engagement(ANN, "engaged"), box.verify(ANN)),
        facts.ENGAGEMENT,
        "engaged",
    ),
}


@pytest.mark.parametrize("what", ACTIONS)
def test_every_postback_has_the_profile_read_once_after_it_settled(story: Story, what: str) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    act, field, value = ACTIONS[what]
    act(story.sailthru)
    story.hear()
    story.later(4.9)
    assert story.profile_reads() == []
    story.later(0.1)
    (asked,) = story.profile_reads()
    assert (asked["id"], asked["key"]) == (ann.sid, "sid")
    assert story.fact(ann.id, field) == value
    assert [call.path for call in story.readings()] == []


def test_only_documented_fields_are_asked_for_and_smart_lists_only_where_the_score_comes_from_them(
    open_story: Open,
) -> None:
    usual = {"keys", "vars", "lists", "engagement", "optout_email", "activity", "lifetime", "purchases"}
    for source, asked in (
        ("var:customer_value_score", usual),
        ("percentile:pv_30", usual),
        ("smart_lists:Gold=4,Silver=3", usual | {"smart_lists"}),
    ):
        story = open_story(value_score=source)
        story.person(ANN)
        story.hears_back("verify", email=ANN, send_id="W1")
        story.later(5)
        (read,) = story.profile_reads()
        assert set(read["fields"]) == asked


def test_an_opt_out_taken_back_is_read_as_it_is_not_as_it_was_said(story: Story) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    story.sailthru.set_optout(ANN, "all")
    story.hear()
    story.clock.move(3)
    story.sailthru.set_optout(ANN, "none")
    story.hear()
    story.later(60)
    assert len(story.profile_reads()) == 1
    assert story.fact(ann.id, facts.OPTOUT) == "none"


def test_a_replayed_or_swapped_postback_is_one_harmless_reading(story: Story) -> None:
    ann, bob = story.person(ANN), story.person("bob@example.com")
    story.clock.move(60)
    # The values of a true postback, and another one's address: the signature covers no names
    story.hears_back("optout", email="bob@example.com", mode="all", optout="1")
    story.later(120)
    assert [read["id"] for read in story.profile_reads()] == [bob.sid]
    assert [story.fact(one.id, facts.OPTOUT) for one in (ann, bob)] == ["none", "none"]
    assert story.writes() == []
    assert not story.row(bob.id).owed


def test_a_flood_of_hints_on_one_customer_is_a_few_readings_and_the_last_state_is_not_missed(
    story: Story,
) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    for _ in range(100):
        for mode in ("all", "none", "basic", "all", "none", "basic", "all", "none", "basic", "all"):
            story.sailthru.set_optout(ANN, mode)
        story.hear()
        story.later(1)
    assert 2 <= len(story.profile_reads()) <= 4  # one every thirty seconds
    story.sailthru.set_optout(ANN, "basic")
    story.hear()
    story.later(5)
    assert story.fact(ann.id, facts.OPTOUT) == "basic"
    assert len(story.profile_reads()) <= 5
    story.forget()
    story.later(300)
    assert story.profile_reads() == []


def test_a_burst_that_comes_at_once_is_one_reading(story: Story) -> None:
    story.person(ANN)
    story.clock.move(60)
    _, body = story.sailthru.postbacks.render("optout", email=ANN, mode="all", optout="1")
    story.world.publish(event for _ in range(1000) for event in story.world.read_back(body))
    story.world.work(2000)
    story.later(60)
    assert len(story.profile_reads()) == 1
    outcomes = story.outcomes("postback.optout")
    assert (len(outcomes), set(outcomes)) == (1000, {("applied", "")})


def test_a_reading_that_could_not_wait_any_longer_replaces_nothing_newer(story: Story) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    story.sailthru.lag(ANN, 4)  # Sailthru shows what was so four seconds ago
    for n in range(40):
        story.sailthru.set_optout(ANN, "all" if n % 2 else "none")
        story.hear()
        story.later(1)
    in_between = story.fact(ann.id, facts.OPTOUT)
    assert in_between in ("all", "none")
    story.sailthru.set_optout(ANN, "basic")
    story.hear()
    story.later(40)
    assert story.fact(ann.id, facts.OPTOUT) == "basic"


@pytest.mark.parametrize("lag_s", [3, 12])
def test_a_lagging_read_never_puts_an_old_value_over_a_newer_one(story: Story, lag_s: float) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    story.sailthru.consistency_s = lag_s
    seen = []
    for mode in ("basic", "all", "none"):
        story.sailthru.set_optout(ANN, mode)
        story.hear()
        for _ in range(30):
            story.later(1)
            seen.append(story.fact(ann.id, facts.OPTOUT))
            story.hears_back("verify", email=ANN, send_id="W1")
    story.later(60)
    steps = [mode for mode, _ in itertools.groupby(seen)]
    assert steps == ["none", "basic", "all", "none"][: len(steps)]
    assert story.fact(ann.id, facts.OPTOUT) == "none"


def test_our_own_push_is_let_settle_like_a_hint(story: Story) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    story.hears_back("verify", email=ANN, send_id="W1")
    story.later(4)
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    assert len(story.writes()) == 1
    story.later(4.9)
    assert story.profile_reads() == []
    story.later(0.2)
    assert len(story.profile_reads()) == 1


def test_a_postback_about_nobody_in_zendesk_is_ignored(story: Story) -> None:
    story.sailthru.create_profile("cyd@example.com")
    story.hears_back("optout", email="cyd@example.com", mode="all", optout="1")
    story.later(60)
    assert story.outcomes("postback.optout") == [("ignored", "not in Zendesk")]
    assert story.calls() == (0, 0, 0)
    assert story.profile_reads() == []


def test_a_postback_about_a_customer_without_profile_has_it_looked_for_at_most_hourly(story: Story) -> None:
    number = story.stranger(ANN)
    story.meet(number)
    assert story.state(number) == "no_profile"
    story.later(4000)
    story.forget()
    sid = story.sailthru.create_profile(ANN, optout_email="basic")
    story.hears_back("optout", email=ANN, mode="all", optout="1")
    assert story.outcomes("postback.optout") == [("ignored", "no profile")]
    story.later(60)
    assert story.world.customer(number).sid == sid
    assert story.fact(number, facts.OPTOUT) == "basic"

    bob = story.stranger("bob@example.com")
    story.meet(bob)
    for _ in range(20):
        story.hears_back("optout", email="bob@example.com", mode="all", optout="1")
        story.later(60)
    assert len(story.looks()) <= 1


def test_a_profile_that_moved_in_sailthru_is_found_by_its_sid_and_brought_back(story: Story) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    story.sailthru.change_email(ANN, "elsewhere@example.com")
    story.sailthru.save_user_page("elsewhere@example.com", optout_email="all")
    story.hear()
    story.later(30)
    assert story.fact(ann.id, facts.OPTOUT) == "all"
    assert story.world.customer(ann.id).sid == ann.sid
    assert story.address_of(ann.sid) == ANN  # the address is Zendesk's to say


def test_profiles_that_were_merged_in_sailthru_end_with_the_one_that_stayed(story: Story) -> None:
    ann = story.person(ANN)
    kept = story.sailthru.create_profile("ann.work@example.com", optout_email="basic")
    story.clock.move(60)
    story.sailthru.merge(ann.sid, kept)
    story.sailthru.change_email("ann.work@example.com", ANN)
    story.hears_back("verify", email=ANN, send_id="W1")
    story.later(200)
    assert story.world.customer(ann.id).sid == kept
    assert story.state(ann.id) == "ok"
    assert story.fact(ann.id, facts.OPTOUT) == "basic"


@pytest.mark.parametrize("create_profiles", [False, True])
def test_a_profile_that_disappeared_is_shown_as_such_and_never_made_again(
    open_story: Open, create_profiles: bool
) -> None:
    story = open_story(create_profiles=create_profiles)
    ann = story.person(ANN)
    story.sailthru.set_optout(ANN, "basic")
    story.hear()
    story.later(30)
    assert story.fact(ann.id, facts.OPTOUT) == "basic"
    story.sailthru.delete_profile(ANN)
    story.hears_back("optout", email=ANN, mode="all", optout="1")
    story.later(200)
    assert story.state(ann.id) == "profile_gone"
    assert story.fact(ann.id, facts.OPTOUT) is None
    assert story.outcomes("postback.optout")[-1] == ("ignored", "profile gone")
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    story.later(2 * 86_400)
    assert story.sailthru.profiles() == []
    assert story.row(ann.id).refresh_at is None

    sid = story.sailthru.create_profile(ANN, optout_email="all")  # somebody made it anew
    story.later(86_400)
    assert story.world.customer(ann.id).sid == sid
    assert story.fact(ann.id, facts.OPTOUT) == "all"


def test_a_profile_that_sailthru_does_not_show_for_a_moment_is_not_given_up(story: Story) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    story.sailthru.fail_with(99, "User not found with sid: x", times=2, method="GET")
    story.sailthru.set_optout(ANN, "basic")
    story.hear()
    story.later(200)
    assert story.state(ann.id) == "ok"
    assert story.world.customer(ann.id).sid == ann.sid
    assert story.fact(ann.id, facts.OPTOUT) == "basic"
    assert story.looks() == []


def test_readings_wait_while_sailthru_is_away(story: Story) -> None:
    ann = story.person(ANN)
    story.clock.move(60)
    story.sailthru.fail_with(9, times=None)
    story.sailthru.set_optout(ANN, "basic")
    story.hear()
    story.later(600)
    assert story.fact(ann.id, facts.OPTOUT) == "none"
    assert len(story.profile_reads()) < 40
    story.sailthru.faults.clear()
    story.later(120)
    assert story.fact(ann.id, facts.OPTOUT) == "basic"
    assert story.letters() == []


def test_a_customer_whose_profile_goes_to_another_says_nothing_of_it_any_more(story: Story) -> None:
    ann = story.person(ANN)
    story.sailthru.set_optout(ANN, "all")
    story.hear()
    story.later(10)
    assert story.fact(ann.id, facts.OPTOUT) == "all"
    story.zendesk.delete_user(ann.id)
    story.hear()
    story.later(60)
    bob = story.zendesk.create_user(ANN).id
    story.hear()
    story.later(120)
    assert story.world.customer(bob).sid == ann.sid
    assert story.fact(bob, facts.OPTOUT) == "all"
    assert story.fact(ann.id, facts.OPTOUT) is None


def test_the_times_of_hints_are_those_of_their_arrival(story: Story) -> None:
    """Held up in a queue for long, a hint has settled when it comes."""
    story.person(ANN)
    story.clock.move(60)
    _, body = story.sailthru.postbacks.render("verify", email=ANN, send_id="W1")
    old = story.world.read_back(body)
    story.clock.move(300)
    story.world.publish(old)
    story.world.work()
    assert len(story.profile_reads()) == 1
