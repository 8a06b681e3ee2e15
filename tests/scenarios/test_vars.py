"""The nine vars: their names, types and values, and what must never be among them."""

from __future__ import annotations

from datetime import timedelta

from tests.consumers.world import START
from tests.scenarios.conftest import Open
from tests.scenarios.story import Story, iso


def test_a_customer_met_for_the_first_time_gets_all_vars_with_their_types(story: Story) -> None:
    # Given a user of old with tags and one ticket, and a profile with vars of the marketer's own
    sid = story.sailthru.create_profile("ann@example.com", vars={"loyalty": "gold"}, lists=["News"])
    ann = story.stranger("Ann@Example.com", tags=["vip", "beta"])
    opened_at = START - timedelta(days=2)
    ticket = story.zendesk.create_ticket(ann, subject="Where?", channel="WEB", created_at=opened_at)
    story.world.told()
    # When anything is heard of the user
    story.publish(story.zendesk.render("user.created", ann).body)
    story.world.work()
    # Then the profile holds every var but the health, which no agent has set, and keeps its own
    url = story.zendesk.url
    assert story.vars_of(sid) == {
        "loyalty": "gold",
        "zendesk_profile_url": f"{url}/agent/users/{ann}",
        "zendesk_tags": ["beta", "vip"],
        "zendesk_created": iso(START - timedelta(days=30)),
        "zendesk_sync": True,
        "zendesk_active": True,
        "zendesk_id": ann,
        "zendesk_ticket_count": 1,
        "zendesk_tickets": {
            str(ticket.id): {
                "id": ticket.id,
                "created_at": iso(opened_at),
                "updated_at": iso(opened_at),
                "status": "open",
                "subject": "Where?",
                "channel": "web",
                "url": f"{url}/agent/tickets/{ticket.id}",
            }
        },
    }
    # And the rest of the profile is as it was
    profile = story.sailthru.by_sid(sid)
    assert profile is not None
    assert (profile.email, list(profile.lists), profile.optout_email) == ("ann@example.com", ["News"], "none")


def test_the_health_is_absent_until_an_agent_sets_it(story: Story) -> None:
    ann = story.person("ann@example.com")
    assert "zendesk_health" not in story.vars_of(ann.sid)
    story.says_agent(ann.id, health="satisfied")
    assert story.writes()[-1]["vars"] == {"zendesk_health": "satisfied"}
    assert story.calls() == (0, 0, 1)
    # The same once more is no news
    story.clock.move(5)
    story.says_agent(ann.id, health="satisfied")
    assert story.calls() == (0, 0, 1)


def test_the_subject_of_a_private_ticket_stays_in_zendesk(story: Story) -> None:
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id, subject="A secret", public=False)
    story.hear()
    assert story.vars_of(ann.sid)["zendesk_tickets"][str(ticket.id)]["subject"] == ""
    assert "A secret" not in str(story.writes())


def test_an_installation_can_keep_all_subjects_in_zendesk(open_story: Open) -> None:
    story = open_story(ticket_subjects=False)
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id, subject="A public one")
    story.hear()
    assert story.vars_of(ann.sid)["zendesk_tickets"][str(ticket.id)]["subject"] == ""
    assert "A public one" not in str(story.writes())


def test_the_newest_tickets_are_kept_and_all_are_counted(story: Story) -> None:
    # Given 53 tickets, the first three of them the longest untouched
    story.sailthru.create_profile("ann@example.com")
    ann = story.stranger("ann@example.com")
    tickets = [
        story.zendesk.create_ticket(ann, created_at=START - timedelta(hours=100 - n)).id for n in range(53)
    ]
    story.world.told()
    story.meet(ann)
    held = story.world.vars("ann@example.com")
    assert held["zendesk_ticket_count"] == 53
    assert sorted(held["zendesk_tickets"]) == sorted(str(number) for number in tickets[3:])
    # When the oldest is answered it comes back in, and the then oldest leaves
    story.zendesk.solve(tickets[0])
    story.hear()
    held = story.world.vars("ann@example.com")
    assert sorted(held["zendesk_tickets"]) == sorted(str(number) for number in [tickets[0], *tickets[4:]])
    assert held["zendesk_tickets"][str(tickets[0])]["status"] == "solved"
    assert held["zendesk_ticket_count"] == 53


def test_deleted_tickets_do_not_count(story: Story) -> None:
    ann = story.person("ann@example.com")
    kept, gone = story.zendesk.create_ticket(ann.id).id, story.zendesk.create_ticket(ann.id).id
    story.hear()
    story.clock.move(10)
    story.zendesk.delete_ticket(gone)
    story.hear()
    held = story.vars_of(ann.sid)
    assert (held["zendesk_ticket_count"], list(held["zendesk_tickets"])) == (1, [str(kept)])
    # And one that is restored counts again
    story.clock.move(10)
    story.zendesk.undelete_ticket(gone)
    story.hear()
    assert story.vars_of(ann.sid)["zendesk_ticket_count"] == 2
    assert story.readings() == []


def test_a_ticket_marked_as_spam_is_read_and_no_longer_counts(story: Story) -> None:
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id).id
    story.hear()
    story.clock.move(10)
    story.zendesk.mark_as_spam(ticket)
    story.hear()
    story.later(100)  # a 404 is asked again before it is believed
    assert story.vars_of(ann.sid)["zendesk_ticket_count"] == 0
    assert story.vars_of(ann.sid)["zendesk_active"] is True


def test_a_ticket_that_moves_leaves_one_profile_and_joins_the_other(story: Story) -> None:
    ann, bob = story.person("ann@example.com"), story.person("bob@example.com")
    ticket = story.zendesk.create_ticket(ann.id).id
    story.hear()
    story.clock.move(10)
    story.forget()
    story.zendesk.change_requester(ticket, bob.id)
    story.hear()
    left, joined = story.vars_of(ann.sid), story.vars_of(bob.sid)
    assert (left["zendesk_ticket_count"], left["zendesk_tickets"]) == (0, {})
    assert (joined["zendesk_ticket_count"], list(joined["zendesk_tickets"])) == (1, [str(ticket)])
    assert story.calls() == (0, 0, 2)


def test_tags_come_and_go_one_by_one_and_are_sorted(story: Story) -> None:
    ann = story.person("ann@example.com", tags=["trial"])
    story.zendesk.add_tags(ann.id, ["vip", "beta"])
    story.hear()
    story.clock.move(10)
    story.zendesk.remove_tags(ann.id, ["trial"])
    story.hear()
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["beta", "vip"]
    assert [set(write["vars"]) for write in story.writes()] == [{"zendesk_tags"}] * 2


def test_an_account_without_user_tags_sends_no_tags_at_all(story: Story) -> None:
    story.zendesk.oddities.user_tagging = False
    ann = story.person("ann@example.com")
    assert "zendesk_tags" not in story.vars_of(ann.sid)
    story.zendesk.create_ticket(ann.id)
    story.hear()
    assert "zendesk_tags" not in str(story.writes())
