"""Which profile belongs to which customer: found, created, handed over, never fought over."""

from __future__ import annotations

import pytest

from tests.scenarios.conftest import Open
from tests.scenarios.story import Story

HOUR_S = 3600


def test_without_a_profile_nothing_is_created_and_the_look_is_repeated_with_measure(story: Story) -> None:
    ann = story.stranger("ann@example.com")
    story.publish(story.zendesk.render("user.created", ann).body)
    story.world.work()
    assert story.state(ann) == "no_profile"
    assert (len(story.looks()), story.writes()) == (1, [])
    assert story.outcomes("user.created") == [("ignored", "no profile")]
    # When many events come within the hour, one more look is all they cost, at the hour's end
    story.forget()
    for n in range(10):
        story.later(60)
        story.zendesk.add_tags(ann, [f"tag{n}"])
        story.hear()
    assert story.calls() == (0, 0, 0)
    story.later(HOUR_S)
    assert story.calls() == (0, 1, 0)
    # And then one a day
    story.forget()
    story.later(72 * HOUR_S)
    assert story.calls() == (0, 3, 0)
    assert story.sailthru.profiles() == []
    # Until there is one: the next daily look finds it, and it gets everything
    sid = story.sailthru.create_profile("ann@example.com")
    story.later(24 * HOUR_S)
    assert len(story.vars_of(sid)["zendesk_tags"]) == 10
    assert story.state(ann) == "ok"


def test_with_the_option_a_missing_profile_is_created_with_all_vars(open_story: Open) -> None:
    story = open_story(create_profiles=True)
    ann = story.stranger("ann@example.com", tags=["vip"])
    story.publish(story.zendesk.render("user.created", ann).body)
    story.world.work()
    story.later(100)
    held = story.world.vars("ann@example.com")
    assert (held["zendesk_id"], held["zendesk_tags"], held["zendesk_ticket_count"]) == (ann, ["vip"], 0)
    assert len(story.sailthru.profiles()) == 1
    assert story.state(ann) == "ok"


def test_a_former_address_known_later_leads_to_the_true_profile(open_story: Open) -> None:
    # Given the profile stands at an address the bridge has not heard of when it meets the customer
    story = open_story(create_profiles=True)
    sid = story.sailthru.create_profile("old@example.com", vars={"loyalty": "gold"})
    ann = story.stranger("old@example.com")
    story.clock.move(10)
    story.zendesk.change_email(ann, "new@example.com")
    late = story.world.told()
    story.publish(story.zendesk.render("user.role_changed", ann, event={"current": "end-user"}).body)
    story.world.work()
    made = story.sailthru.profile("new@example.com")
    assert made is not None
    assert made.sid != sid
    # When the event that names the former address arrives at last
    story.world.publish(late)
    story.world.work()
    story.later(100)
    # Then the old profile has the address and everything else, and the bridge's own double is gone
    assert story.address_of(sid) == "new@example.com"
    assert story.vars_of(sid)["zendesk_id"] == ann
    assert story.vars_of(sid)["loyalty"] == "gold"
    assert len(story.sailthru.profiles()) == 1
    assert story.letters() == []


def test_a_new_user_at_a_deleted_users_address_takes_the_profile_over(story: Story) -> None:
    old = story.person("ann@example.com", tags=["vip"])
    story.clock.move(10)
    story.zendesk.delete_user(old.id)
    story.hear()
    story.clock.move(10)
    new = story.zendesk.create_user("ann@example.com", tags=["fresh"]).id
    story.hear()
    story.later(10)
    held = story.vars_of(old.sid)
    assert (held["zendesk_id"], held["zendesk_tags"]) == (new, ["fresh"])
    assert (held["zendesk_active"], held["zendesk_sync"]) == (True, True)
    assert story.world.customer(new).sid == old.sid
    assert story.world.customer(old.id).sid is None
    # And the one who lost it writes no more, whatever is heard, and does not ask again and again
    story.forget()
    story.later(HOUR_S)
    story.publish(story.zendesk.render("user.deleted", old.id).body)
    story.world.work()
    story.later(48 * HOUR_S)
    assert story.writes() == []
    assert len(story.looks()) <= 1
    assert story.vars_of(old.sid)["zendesk_id"] == new
    assert story.letters() == []


@pytest.mark.parametrize("creates", [False, True])
def test_of_two_users_at_one_address_the_later_fact_owns(open_story: Open, creates: bool) -> None:
    # Given the event of ann's leaving is late, and bob is new at her address
    story = open_story(create_profiles=creates)
    ann = story.person("shared@example.com")
    story.clock.move(10)
    story.zendesk.change_email(ann.id, "ann@example.com")
    late = story.world.told()
    story.clock.move(10)
    bob = story.zendesk.create_user("shared@example.com").id
    story.hear()
    story.later(10)
    assert story.vars_of(ann.sid)["zendesk_id"] == bob
    assert story.world.customer(ann.id).sid is None
    story.forget()
    story.later(HOUR_S)
    assert story.writes() == []
    # When the late event arrives, ann is looked for at her own address
    story.world.publish(late)
    story.world.work()
    story.later(100)
    assert story.vars_of(ann.sid)["zendesk_id"] == bob
    own = story.sailthru.profile("ann@example.com")
    assert (own is not None) is creates
    assert own is None or own.vars["zendesk_id"] == ann.id
    assert story.letters() == []


def test_agents_and_admins_are_not_synced(open_story: Open) -> None:
    story = open_story(create_profiles=True)
    for role in ("agent", "admin"):
        sid = story.sailthru.create_profile(f"{role}@example.com")
        number = story.stranger(f"{role}@example.com", role=role)
        story.publish(story.zendesk.render("user.created", number).body)
        story.world.work()
        story.zendesk.create_ticket(number)
        story.hear()
        story.later(100)
        assert story.state(number) == "staff"
        assert story.vars_of(sid) == {}
    assert story.writes() == []
    assert {outcome for outcome, _ in story.outcomes("user.created")} == {"ignored"}


def test_a_customer_who_becomes_an_agent_is_synced_no_longer(story: Story) -> None:
    ann = story.person("ann@example.com", tags=["vip"])
    story.clock.move(10)
    story.zendesk.set_role(ann.id, "agent")
    story.hear()
    assert [write["vars"] for write in story.writes()] == [{"zendesk_sync": False}]
    story.forget()
    story.clock.move(10)
    story.zendesk.add_tags(ann.id, ["more"])
    story.zendesk.change_email(ann.id, "agent@example.com")
    story.hear()
    story.later(100)
    assert story.writes() == []
    assert story.state(ann.id) == "staff"
    # And an agent who becomes a customer again is, with all that was missed
    story.clock.move(10)
    story.zendesk.set_role(ann.id, "end-user")
    story.hear()
    held = story.vars_of(ann.sid)
    assert (held["zendesk_sync"], held["zendesk_tags"]) == (True, ["more", "vip"])
    assert story.address_of(ann.sid) == "agent@example.com"


def test_an_agent_who_becomes_a_customer_is_read_with_all_tickets(story: Story) -> None:
    sid = story.sailthru.create_profile("ann@example.com")
    ann = story.stranger("ann@example.com", role="agent")
    story.zendesk.create_ticket(ann)
    story.world.told()
    story.meet(ann)
    assert story.state(ann) == "staff"
    story.clock.move(10)
    story.zendesk.set_role(ann, "end-user")
    story.hear()
    story.later(10)
    held = story.vars_of(sid)
    assert (held["zendesk_id"], held["zendesk_ticket_count"], held["zendesk_sync"]) == (ann, 1, True)


@pytest.mark.parametrize("what", ["other_sid", "other_address"])
def test_a_reply_about_another_profile_unlinks_and_looks_again(story: Story, what: str) -> None:
    ann = story.person("ann@example.com")
    other = "0" * 24 if what == "other_sid" else ann.sid
    email = "someone@example.com" if what == "other_address" else "ann@example.com"
    story.clock.move(10)
    story.sailthru.faults.answer(
        200, {"ok": True, "keys": {"sid": other, "email": email}}, method="POST", path="/user"
    )
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    story.later(100)
    # It is not believed: the profile is looked up again, and everything written to the right one
    assert story.looks()[0]["id"] == "ann@example.com"
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.world.customer(ann.id).sid == ann.sid
    assert story.state(ann.id) == "ok"
    assert len(story.writes()) == 2


def test_an_address_changed_by_hand_in_sailthru_is_put_right_by_the_next_push(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.sailthru.change_email("ann@example.com", "hand@example.com")
    story.clock.move(10)
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    story.later(100)
    assert story.address_of(ann.sid) == "ann@example.com"
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert len(story.sailthru.profiles()) == 1
