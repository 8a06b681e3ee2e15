"""Another profile holds the new address: whose it is decides, and nobody alive is ever merged away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from schemas.event import Event
from tests.scenarios.conftest import Open
from tests.scenarios.story import Person, Story


def moved(story: Story, person: Person, address: str) -> list[Event]:
    """The user's address changes in Zendesk; what it told, not delivered yet."""
    story.clock.move(10)
    story.zendesk.change_email(person.id, address)
    return story.world.told()


def arrive(story: Story, *told: Sequence[Event]) -> None:
    for events in told:
        story.world.publish(events)
    story.world.work()


def three(story: Story) -> tuple[Person, Person, Person]:
    return tuple(story.person(f"{name}@example.com", tags=[name]) for name in ("a", "b", "c"))  # type: ignore[return-value]


def nobody_was_merged(story: Story, people: int) -> bool:
    return story.sailthru.merges == [] and len(story.sailthru.profiles()) == people


def test_an_address_still_held_by_one_who_has_moved_on_is_taken_in_turn(story: Story) -> None:
    # Given b's address goes from bob to ann, and ann's event comes first
    ann, bob = story.person("a@example.com"), story.person("b@example.com")
    away = moved(story, bob, "elsewhere@example.com")
    over = moved(story, ann, "b@example.com")
    arrive(story, over, away)
    story.later(100)
    assert story.address_of(ann.sid) == "b@example.com"
    assert story.address_of(bob.sid) == "elsewhere@example.com"
    assert nobody_was_merged(story, 2)
    assert story.letters() == []


def test_an_active_holder_makes_a_dead_letter_that_heals_when_he_moves_away(story: Story) -> None:
    # Given the event of bob's leaving is late
    ann, bob = story.person("a@example.com"), story.person("b@example.com")
    away = moved(story, bob, "elsewhere@example.com")
    over = moved(story, ann, "b@example.com")
    arrive(story, over)
    story.later(100)
    # Then ann's move waits for a person, and names bob
    assert story.reasons() == ["email_taken"]
    assert str(bob.id) in story.letters()[0].error
    assert story.state(ann.id) == "email_taken"
    assert story.address_of(ann.sid) == "a@example.com"
    # And her vars go on meanwhile, without the address
    story.zendesk.add_tags(ann.id, ["vip"])
    story.forget()
    story.hear()
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert all("keys" not in write for write in story.writes())
    assert story.reasons() == ["email_taken"]
    # When bob's leaving arrives after all
    arrive(story, away)
    story.later(10)
    assert story.address_of(bob.sid) == "elsewhere@example.com"
    assert story.address_of(ann.sid) == "b@example.com"
    assert story.letters() == []
    assert [letter.reason for letter in story.letters("closed")] == ["email_taken"]
    assert nobody_was_merged(story, 2)


def test_the_same_trouble_again_is_the_same_dead_letter(story: Story) -> None:
    ann = story.person("a@example.com")
    story.sailthru.create_profile("b@example.com")
    arrive(story, moved(story, ann, "b@example.com"))
    for tag in ("one", "two"):
        story.clock.move(10)
        story.zendesk.add_tags(ann.id, [tag])
        story.hear()
    arrive(story, moved(story, ann, "away@example.com"))
    assert story.letters() == []
    arrive(story, moved(story, ann, "b@example.com"))
    story.later(100)
    assert story.reasons() == ["email_conflict"]


def test_a_strangers_profile_at_the_new_address_is_left_alone(story: Story) -> None:
    ann = story.person("a@example.com")
    other = story.sailthru.create_profile("b@example.com", vars={"loyalty": "silver"})
    arrive(story, moved(story, ann, "b@example.com"))
    story.later(100)
    assert story.reasons() == ["email_conflict"]
    assert story.state(ann.id) == "email_conflict"
    assert story.outcomes("user.identity_changed") == [("dead", "email_conflict")]
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.address_of(ann.sid) == "a@example.com"
    assert story.vars_of(other) == {"loyalty": "silver"}
    assert nobody_was_merged(story, 2)


def test_option_merge_joins_a_profile_that_names_nobody(open_story: Open) -> None:
    story = open_story(email_conflict="merge")
    ann = story.person("a@example.com")
    other = story.sailthru.create_profile("b@example.com", vars={"loyalty": "silver"}, optout_email="basic")
    arrive(story, moved(story, ann, "b@example.com"))
    story.later(100)
    profile = story.sailthru.by_sid(ann.sid)
    assert profile is not None
    assert (profile.email, profile.optout_email) == ("b@example.com", "basic")
    assert profile.vars["loyalty"] == "silver"
    assert [(merge.kept, merge.gone) for merge in story.sailthru.merges] == [(ann.sid, other)]
    assert story.letters() == []
    assert story.readings() == []


def test_option_merge_reads_whoever_is_named_and_spares_the_living(open_story: Open) -> None:
    story = open_story(email_conflict="merge")
    ann = story.person("a@example.com")
    living = story.stranger("other@example.com")
    story.sailthru.create_profile("b@example.com", vars={"zendesk_id": living})
    arrive(story, moved(story, ann, "b@example.com"))
    story.later(100)
    assert [call.path for call in story.readings()] == [f"/api/v2/users/{living}"]
    assert story.reasons() == ["email_taken"]
    assert str(living) in story.letters()[0].error
    assert nobody_was_merged(story, 2)


@pytest.mark.parametrize("erased", [False, True])
def test_option_merge_joins_the_profile_of_a_user_who_is_gone(open_story: Open, erased: bool) -> None:
    story = open_story(email_conflict="merge")
    ann = story.person("a@example.com")
    gone = story.stranger("b@example.com")
    story.zendesk.delete_user(gone)
    if erased:
        story.zendesk.permanently_delete_user(gone)
    story.world.told()
    story.sailthru.create_profile("b@example.com", vars={"zendesk_id": gone})
    arrive(story, moved(story, ann, "b@example.com"))
    story.later(100)
    assert story.address_of(ann.sid) == "b@example.com"
    assert story.vars_of(ann.sid)["zendesk_id"] == ann.id
    assert len(story.sailthru.merges) == 1
    assert len(story.readings()) == 1


def test_option_merge_never_joins_two_customers_who_are_both_active(open_story: Open) -> None:
    story = open_story(email_conflict="merge")
    ann, bob = story.person("a@example.com"), story.person("b@example.com")
    away = moved(story, bob, "elsewhere@example.com")
    arrive(story, moved(story, ann, "b@example.com"))
    story.later(100)
    assert story.reasons() == ["email_taken"]
    assert nobody_was_merged(story, 2)
    arrive(story, away)
    story.later(10)
    assert story.address_of(ann.sid) == "b@example.com"
    assert nobody_was_merged(story, 2)


def test_option_merge_joins_the_profile_of_a_deleted_customer(open_story: Open) -> None:
    story = open_story(email_conflict="merge")
    ann, bob = story.person("a@example.com"), story.person("b@example.com")
    story.clock.move(10)
    story.zendesk.delete_user(bob.id)
    story.hear()
    arrive(story, moved(story, ann, "b@example.com"))
    story.later(100)
    assert story.address_of(ann.sid) == "b@example.com"
    assert [(merge.kept, merge.gone) for merge in story.sailthru.merges] == [(ann.sid, bob.sid)]
    # And the deleted one has nothing to write to any more, and makes no calls for it
    story.forget()
    story.later(3600)
    assert story.vars_of(ann.sid)["zendesk_active"] is True
    assert story.calls() == (0, 0, 0)
    assert story.letters() == []


def test_the_profile_of_a_deleted_customer_is_a_conflict_without_that_option(story: Story) -> None:
    ann, bob = story.person("a@example.com"), story.person("b@example.com")
    story.clock.move(10)
    story.zendesk.delete_user(bob.id)
    story.hear()
    arrive(story, moved(story, ann, "b@example.com"))
    story.later(100)
    assert story.reasons() == ["email_conflict"]
    assert str(bob.id) in story.letters()[0].error
    assert nobody_was_merged(story, 2)


def swap(story: Story, ann: Person, bob: Person) -> tuple[list[Event], list[Event], list[Event]]:
    """Two customers trade their addresses, by way of a third one."""
    aside = moved(story, ann, "t@example.com")
    over = moved(story, bob, "a@example.com")
    return aside, over, moved(story, ann, "b@example.com")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0), (0, 2, 1), (2, 0, 1)])
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("conflicts", ["error", "merge"])
def test_two_customers_trade_addresses_and_both_keep_their_profiles(
    open_story: Open, order: tuple[int, ...], at_once: bool, conflicts: str
) -> None:
    story = open_story(email_conflict=conflicts)
    ann, bob, _ = three(story)
    parts = swap(story, ann, bob)
    if at_once:
        arrive(story, *(parts[n] for n in order))
    else:
        for n in order:
            arrive(story, parts[n])
            story.later(3)
    story.later(100)
    assert (story.address_of(ann.sid), story.address_of(bob.sid)) == ("b@example.com", "a@example.com")
    assert nobody_was_merged(story, 3)
    assert story.letters() == []


def test_a_trade_with_no_third_address_becomes_a_dead_letter_that_names_both(story: Story) -> None:
    # Given nothing is known of the third address: its events were lost, and the last one does not name it
    ann, bob, _ = three(story)
    _, over, last = swap(story, ann, bob)
    arrive(story, over, [_without_previous(event) for event in last if event.type == "user.identity_changed"])
    story.later(600)
    assert nobody_was_merged(story, 3)
    assert (story.address_of(ann.sid), story.address_of(bob.sid)) == ("a@example.com", "b@example.com")
    assert set(story.reasons()) == {"email_conflict"}
    for letter in story.letters():
        assert str(ann.id) in letter.error
        assert str(bob.id) in letter.error
    # And it rests: nobody asks again and again
    story.forget()
    story.later(48 * 3600)
    assert story.calls() == (0, 0, 0)


def _without_previous(event: Event) -> Event:
    return replace(event, data={**event.data, "previous": None})


def test_three_customers_in_a_circle_all_arrive(story: Story) -> None:
    people = three(story)
    steps = [
        moved(story, people[0], "t@example.com"),
        moved(story, people[2], "a@example.com"),
        moved(story, people[1], "c@example.com"),
        moved(story, people[0], "b@example.com"),
    ]
    arrive(story, *reversed(steps))
    story.later(300)
    assert [story.address_of(person.sid) for person in people] == [
        "b@example.com",
        "c@example.com",
        "a@example.com",
    ]
    assert nobody_was_merged(story, 3)
    assert story.letters() == []


def test_a_profile_moved_by_hand_in_sailthru_is_moved_home_first(story: Story) -> None:
    # Given a marketer moved bob's profile to the very address that ann gets now
    ann, bob = story.person("a@example.com"), story.person("b@example.com")
    story.sailthru.change_email("b@example.com", "x@example.com")
    arrive(story, moved(story, ann, "x@example.com"))
    story.later(100)
    assert story.address_of(bob.sid) == "b@example.com"
    assert story.address_of(ann.sid) == "x@example.com"
    assert story.letters() == []
    assert nobody_was_merged(story, 2)
