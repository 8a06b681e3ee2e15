"""An agent switches the sync of one customer off, and on again."""

from __future__ import annotations

from tests.scenarios.conftest import Open
from tests.scenarios.story import Story


def test_switching_off_is_the_last_push_and_facts_go_on(story: Story) -> None:
    ann = story.person("ann@example.com", tags=["trial"])
    story.says_agent(ann.id, sync=False)
    assert [write["vars"] for write in story.writes()] == [{"zendesk_sync": False}]
    assert story.state(ann.id) == "sync_off"
    # When Zendesk goes on changing
    story.forget()
    story.clock.move(10)
    story.zendesk.add_tags(ann.id, ["vip"])
    ticket = story.zendesk.create_ticket(ann.id).id
    story.zendesk.change_email(ann.id, "ann@new.example.com")
    story.hear()
    story.later(100)
    # Then nothing is written anywhere, not the address either
    assert story.writes() == []
    assert story.address_of(ann.sid) == "ann@example.com"
    assert {outcome for outcome, _ in story.outcomes("user.tags_changed")} == {"applied"}
    # When it is switched on again, one push of the difference follows, made of the facts kept meanwhile
    story.forget()
    story.says_agent(ann.id, sync=True)
    (write,) = story.writes()
    assert set(write["vars"]) == {"zendesk_sync", "zendesk_tags", "zendesk_tickets", "zendesk_ticket_count"}
    assert write["keys"] == {"email": "ann@new.example.com"}
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["trial", "vip"]
    assert list(story.vars_of(ann.sid)["zendesk_tickets"]) == [str(ticket)]
    assert story.readings() == []


def test_a_deletion_is_written_although_the_sync_is_off(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.says_agent(ann.id, sync=False)
    story.forget()
    story.clock.move(10)
    story.zendesk.delete_user(ann.id)
    story.hear()
    assert [write["vars"] for write in story.writes()] == [{"zendesk_active": False}]
    held = story.vars_of(ann.sid)
    assert (held["zendesk_active"], held["zendesk_sync"]) == (False, False)


def test_a_merge_is_written_although_the_sync_is_off(story: Story) -> None:
    loser, winner = story.person("ann@example.com"), story.person("anna@example.com")
    story.says_agent(loser.id, sync=False)
    story.clock.move(10)
    story.zendesk.merge_users(loser.id, winner.id)
    story.hear()
    assert story.vars_of(loser.sid)["zendesk_active"] is False


def test_one_who_is_switched_off_before_the_first_push_gets_only_the_switch(open_story: Open) -> None:
    story = open_story(create_profiles=True)
    sid = story.sailthru.create_profile("ann@example.com")
    ann, bob = story.stranger("ann@example.com"), story.stranger("bob@example.com")
    story.world.publish([story.agent_event(ann, sync=False), story.agent_event(bob, sync=False)])
    story.world.work()
    story.later(10)
    assert story.vars_of(sid) == {"zendesk_sync": False}
    # And nobody's profile is created for the sake of the switch
    assert story.sailthru.profile("bob@example.com") is None


def test_a_deleted_customer_is_no_longer_synced_and_keeps_the_profile(story: Story) -> None:
    ann = story.person("ann@example.com", tags=["vip"])
    story.clock.move(10)
    story.zendesk.delete_user(ann.id)
    story.hear()
    story.later(100)
    held = story.vars_of(ann.sid)
    assert (held["zendesk_active"], held["zendesk_sync"], held["zendesk_tags"]) == (False, False, ["vip"])
    assert story.address_of(ann.sid) == "ann@example.com"
    assert len(story.writes()) == 1
    # And a user who comes back is synced again
    story.zendesk.reactivate(ann.id, "ann@example.com")
    story.hear()
    story.later(5)
    held = story.vars_of(ann.sid)
    assert (held["zendesk_active"], held["zendesk_sync"]) == (True, True)
