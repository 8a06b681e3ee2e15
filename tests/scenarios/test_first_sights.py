"""The first time a customer is heard of: read once, with measure, and never guessed at."""

from __future__ import annotations

from datetime import timedelta

from bridge.ledger import waits
from consumers.asking_zendesk import KINDS
from tests.consumers.world import START, hint
from tests.scenarios.conftest import Open
from tests.scenarios.story import Story, iso

INVENTED = 4711


def test_a_user_that_zendesk_does_not_know_is_asked_for_again_and_pushes_nothing(story: Story) -> None:
    # Given a test delivery with an invented id, and a profile that would fit
    story.sailthru.create_profile("invented@example.com")
    body = story.zendesk.render("user.tags_changed", INVENTED, detail={"email": "invented@example.com"}).body
    story.publish(body)
    story.world.work()
    story.later(200)
    # Then it was asked for four times in all
    asked = [call for call in story.readings() if call.path == f"/api/v2/users/{INVENTED}"]
    assert [(call.at - START).total_seconds() for call in asked] == [0, 2, 12, 72]
    # And nothing was sent, or kept as seen
    assert (story.writes(), story.looks()) == ([], [])
    assert story.state(INVENTED) == "not_in_zendesk"
    assert story.world.customer(INVENTED).seen_at is None
    assert story.outcomes("user.tags_changed") == [("ignored", "not in Zendesk")]
    assert story.letters() == []
    # And it rests
    story.forget()
    story.later(48 * 3600)
    assert story.calls() == (0, 0, 0)


def test_a_user_that_appears_on_a_lagging_replica_is_found_by_asking_again(story: Story) -> None:
    story.zendesk.oddities.replica_lag_s = 5
    sid = story.sailthru.create_profile("ann@example.com")
    ann = story.zendesk.create_user("ann@example.com", tags=["vip"]).id
    story.hear()
    assert story.writes() == []
    story.later(20)
    assert story.vars_of(sid)["zendesk_tags"] == ["vip"]
    assert story.vars_of(sid)["zendesk_id"] == ann


def test_waiting_customers_are_read_in_one_call(story: Story) -> None:
    numbers = [story.stranger(f"user{n}@example.com") for n in range(30)]
    story.publish(*(story.zendesk.render("user.created", number).body for number in numbers))
    while story.world.processes[0].worker.step(0):
        pass
    story.world.work()
    (call,) = [call for call in story.readings() if call.path.endswith("show_many")]
    assert len(call.params["ids"].split(",")) == 30


def test_ticket_vars_wait_for_the_last_page_and_a_crash_between_pages_forgets_nothing(story: Story) -> None:
    # Given a user with more tickets than a page holds
    sid = story.sailthru.create_profile("ann@example.com")
    ann = story.stranger("ann@example.com")
    for n in range(150):
        story.zendesk.create_ticket(ann, created_at=START - timedelta(hours=200 - n))
    story.world.told()
    story.publish(story.zendesk.render("user.created", ann).body)
    # When the process ends after the first page
    first = story.world.processes[0]
    first.worker.step(0)
    first.reader.step()
    first.pusher.step()
    first.pusher.step()
    first.pusher.step()
    assert story.vars_of(sid)["zendesk_id"] == ann
    assert "zendesk_tickets" not in story.vars_of(sid)
    assert "zendesk_ticket_count" not in story.vars_of(sid)
    assert story.world.customer(ann).seen_at is None
    # Then another one goes on with the second page
    story.world.add_process()
    story.world.work()
    pages = [call for call in story.readings() if call.path.endswith("/tickets/requested")]
    assert len(pages) == 2
    assert story.vars_of(sid)["zendesk_ticket_count"] == 150
    assert len(story.vars_of(sid)["zendesk_tickets"]) == 50


def test_a_process_that_dies_in_the_middle_of_a_reading_leaves_it_to_the_next(story: Story) -> None:
    sid = story.sailthru.create_profile("ann@example.com")
    ann = story.stranger("ann@example.com")
    story.publish(story.zendesk.render("user.created", ann).body)
    first = story.world.processes[0]
    first.worker.step(0)
    with story.world.ledger.writing() as connection:  # as a reader does before its calls
        held = waits.claim_due(connection, KINDS, story.clock.now(), hold=timedelta(seconds=45), limit=9)
    assert len(held) == 2
    story.world.add_process()
    story.world.work()
    assert story.readings() == []
    story.later(46)
    assert story.vars_of(sid)["zendesk_id"] == ann
    assert story.vars_of(sid)["zendesk_ticket_count"] == 0


def test_tickets_told_of_during_the_first_reading_are_not_lost(story: Story) -> None:
    sid = story.sailthru.create_profile("ann@example.com")
    ann = story.stranger("ann@example.com")
    ticket = story.zendesk.create_ticket(ann).id
    story.hear()
    story.later(10)
    assert list(story.vars_of(sid)["zendesk_tickets"]) == [str(ticket)]
    assert story.vars_of(sid)["zendesk_created"] == iso(START - timedelta(days=30))


def test_first_sights_use_half_the_share_and_never_delay_a_known_customer(open_story: Open) -> None:
    # Given an account with 120 requests a minute of which we may use all, and 80 strangers at once
    story = open_story(zendesk_share=1.0)
    story.zendesk.set_limit("account", 120)
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id)
    story.hear()
    strangers = [story.stranger(f"user{n}@example.com") for n in range(80)]
    bodies = [story.zendesk.render("user.created", number).body for number in strangers]
    story.forget()
    story.publish(*bodies)
    story.world.work()
    # When a minute passes, in which a hint about the known customer arrives every five seconds
    began_at = story.clock.now()
    for _ in range(12):
        story.later(5)
        story.zendesk.update_ticket(ticket.id, subject=f"At {story.clock.now():%H:%M:%S}")
        story.world.told()
        story.world.publish([hint(ticket.id, story.clock.now(), story.clock.now())])
        before = len([call for call in story.readings() if call.path.endswith(f"/tickets/{ticket.id}")])
        story.world.work()
        # Then it is read at once, each time
        after = [call for call in story.readings() if call.path.endswith(f"/tickets/{ticket.id}")]
        assert len(after) == before + 1
        assert after[-1].at == story.clock.now()
    assert (story.clock.now() - began_at).total_seconds() == 60
    sights = [call for call in story.readings() if not call.path.endswith(f"/tickets/{ticket.id}")]
    assert 40 <= len(sights) <= 60 + 8
    assert story.zendesk.quota.refused == 0
    # And all of them come to their turn
    story.later(90)
    assert {story.state(number) for number in strangers} == {"no_profile"}
    assert story.zendesk.quota.refused == 0


def test_zendesk_that_is_down_at_a_first_sight_delays_it_and_nothing_else(story: Story) -> None:
    known = story.person("bob@example.com")
    sid = story.sailthru.create_profile("ann@example.com")
    ann = story.stranger("ann@example.com")
    story.zendesk.faults.answer(503, {"error": "down"}, path="/api/v2/*", times=None)
    story.publish(story.zendesk.render("user.created", ann).body)
    story.world.work()
    story.later(3600)
    # With Zendesk away for an hour the known customer's events are still applied
    story.zendesk.add_tags(known.id, ["vip"])
    story.hear()
    assert story.vars_of(known.sid)["zendesk_tags"] == ["vip"]
    assert story.letters() == []
    # And it was not hammered, and goes on by itself within about a minute
    assert len(story.readings()) < 100
    story.zendesk.faults.clear()
    story.later(120)
    assert story.vars_of(sid)["zendesk_id"] == ann
