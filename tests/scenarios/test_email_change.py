"""An address changes in Zendesk: the profile moves along, once, and the rest of it stays as it was."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from tests.scenarios.conftest import Open
from tests.scenarios.story import Person, Story


def move(story: Story, person: Person | int, address: str, seconds: float = 10) -> None:
    """After a while the user's address changes in Zendesk; nobody has heard of it yet."""
    story.clock.move(seconds)
    story.zendesk.change_email(person.id if isinstance(person, Person) else person, address)


SPELLINGS = list(product(("edited", "replaced"), ("slash", "colon"), ("identity", "current")))


@pytest.mark.parametrize(("change", "spelling", "key"), SPELLINGS)
def test_the_profile_moves_however_zendesk_tells_it(
    story: Story, change: str, spelling: str, key: str
) -> None:
    for name, value in (("email_change", change), ("type_spelling", spelling), ("identity_key", key)):
        story.zendesk.set_oddity(name, value)
    ann = story.person("ann@example.com", vars={"loyalty": "gold"})
    before = story.vars_of(ann.sid)
    move(story, ann, "ann@new.example.com")
    story.hear()
    story.later(100)
    assert story.address_of(ann.sid) == "ann@new.example.com"
    assert story.vars_of(ann.sid) == before
    (write,) = story.writes()
    assert (write["id"], write["key"], write["keys"]) == (ann.sid, "sid", {"email": "ann@new.example.com"})
    assert write["keysconflict"] == "error"
    assert "vars" not in write
    assert story.readings() == []
    assert len(story.sailthru.profiles()) == 1


def test_a_repeated_delivery_moves_nothing_again(story: Story) -> None:
    ann = story.person("ann@example.com")
    move(story, ann, "ann@new.example.com")
    told = story.world.told()
    story.world.publish([*told, *told])
    story.world.work()
    story.world.publish(told)
    story.world.work()
    story.later(100)
    assert len(story.writes()) == 1
    assert story.readings() == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_two_moves_in_any_order_end_at_the_last_address(story: Story, order: tuple[int, ...]) -> None:
    story.zendesk.set_oddity("email_change", "edited")
    ann = story.person("a@example.com")
    for address in ("b@example.com", "c@example.com", "d@example.com"):
        move(story, ann, address)
    told = story.world.told()
    for n in order:
        story.world.publish([told[n]])
        story.world.work()
    story.later(100)
    assert story.address_of(ann.sid) == "d@example.com"
    assert len(story.sailthru.profiles()) == 1
    assert len(story.writes()) <= 3
    assert story.letters() == []


def test_a_chain_that_arrives_at_once_is_one_move(story: Story) -> None:
    ann = story.person("a@example.com")
    move(story, ann, "b@example.com")
    move(story, ann, "c@example.com")
    story.hear()
    story.later(100)
    assert story.address_of(ann.sid) == "c@example.com"
    assert len(story.writes()) == 1


def test_there_and_back_again_is_no_write_when_it_arrives_at_once(story: Story) -> None:
    ann = story.person("a@example.com")
    move(story, ann, "b@example.com")
    move(story, ann, "a@example.com")
    story.hear()
    story.later(100)
    assert story.address_of(ann.sid) == "a@example.com"
    assert story.writes() == []


def test_there_and_back_again_one_after_the_other(story: Story) -> None:
    ann = story.person("a@example.com")
    for address in ("b@example.com", "a@example.com"):
        move(story, ann, address)
        story.hear()
        assert story.address_of(ann.sid) == address
    story.later(100)
    assert len(story.writes()) == 2


def test_an_address_in_another_case_is_the_same_address(story: Story) -> None:
    ann = story.person("ann@example.com")
    move(story, ann, "Someone@example.com")
    move(story, ann, "ANN@Example.COM")
    story.hear()
    story.later(100)
    assert story.writes() == []
    assert story.address_of(ann.sid) == "ann@example.com"


def test_a_second_address_beside_the_main_one_moves_nothing(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.clock.move(10)
    added = story.zendesk.add_identity(ann.id, "ann@home.example.com")
    story.hear()
    story.clock.move(10)
    story.zendesk.remove_identity(ann.id, added.id)
    story.hear()
    story.later(100)
    assert story.writes() == []
    assert story.readings() == []


def test_a_user_without_an_address_is_sent_nowhere(open_story: Open) -> None:
    story = open_story(create_profiles=True)
    ann = story.stranger(None, tags=["vip"])
    story.publish(story.zendesk.render("user.created", ann).body)
    story.world.work()
    story.later(100)
    assert story.state(ann) == "no_email"
    assert (story.writes(), story.looks(), story.sailthru.profiles()) == ([], [], [])
    # Until it gets one
    added = story.zendesk.add_identity(ann, "ann@example.com")
    story.zendesk.make_primary(ann, added.id)
    story.hear()
    assert story.world.vars("ann@example.com")["zendesk_id"] == ann
    assert story.state(ann) == "ok"


def test_a_linked_customer_who_loses_the_address_goes_on_without_one(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.clock.move(10)
    user = story.zendesk.user(ann.id)
    story.zendesk.remove_identity(ann.id, user.identities[0].id)
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    story.later(100)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.address_of(ann.sid) == "ann@example.com"


@pytest.mark.parametrize("creates", [False, True])
def test_the_first_event_ever_leads_from_the_former_address_to_the_profile(
    open_story: Open, creates: bool
) -> None:
    story = open_story(create_profiles=creates)
    sid = story.sailthru.create_profile("ann@example.com", vars={"loyalty": "gold"})
    ann = story.stranger("ann@example.com")
    move(story, ann, "ann@new.example.com")
    story.hear()
    story.later(10)
    assert story.address_of(sid) == "ann@new.example.com"
    assert story.vars_of(sid)["loyalty"] == "gold"
    assert story.vars_of(sid)["zendesk_id"] == ann
    assert len(story.sailthru.profiles()) == 1


@pytest.mark.parametrize("creates", [False, True])
def test_a_profile_deleted_in_sailthru_never_comes_back(open_story: Open, creates: bool) -> None:
    story = open_story(create_profiles=creates)
    ann = story.person("ann@example.com")
    story.sailthru.delete_profile("ann@example.com")
    move(story, ann, "ann@new.example.com")
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    story.later(100)
    assert story.state(ann.id) == "profile_gone"
    assert story.sailthru.profiles() == []
    assert story.letters() == []
    # Nor by later events, nor by the daily look
    for _ in range(3):
        story.later(30 * 3600)
        story.zendesk.create_ticket(ann.id)
        story.hear()
    assert story.sailthru.profiles() == []
    assert [write["key"] for write in story.writes()] == ["sid"]


def test_a_profile_that_a_marketer_makes_anew_is_found_again(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.sailthru.delete_profile("ann@example.com")
    story.clock.move(10)
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    sid = story.sailthru.create_profile("ann@example.com")
    story.later(25 * 3600)
    assert story.vars_of(sid)["zendesk_tags"] == ["vip"]
    assert story.vars_of(sid)["zendesk_id"] == ann.id


def test_what_is_left_at_the_old_address_is_not_taken_for_the_customer(story: Story) -> None:
    story.sailthru.oddities.old_address = "reborn"
    ann = story.person("ann@example.com")
    move(story, ann, "ann@new.example.com")
    story.hear()
    story.clock.move(10)
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    story.later(100)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.address_of(ann.sid) == "ann@new.example.com"
    assert story.world.vars("ann@example.com") == {}
