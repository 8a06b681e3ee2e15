"""Triggers carry ids only: the ticket is read, unless what is known of it is newer."""

from __future__ import annotations

from tests.consumers.world import hint
from tests.scenarios.story import Story


def test_a_trigger_reads_its_ticket_once(story: Story) -> None:
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id)
    story.world.told()  # the event is lost, the trigger comes, again and again
    story.clock.move(3)
    now = story.clock.now()
    story.world.publish([hint(ticket.id, ticket.updated_at, now) for _ in range(3)])
    story.world.work()
    assert [call.path for call in story.readings()] == [f"/api/v2/tickets/{ticket.id}"]
    assert list(story.vars_of(ann.sid)["zendesk_tickets"]) == [str(ticket.id)]
    assert [outcome for outcome, _ in story.outcomes("trigger")] == ["applied"] * 3
    assert story.calls() == (1, 0, 1)


def test_a_trigger_older_than_what_is_known_costs_nothing(story: Story) -> None:
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id)
    opened_at = ticket.updated_at
    story.clock.move(5)
    story.zendesk.solve(ticket.id)
    story.hear()
    story.forget()
    story.world.publish([hint(ticket.id, opened_at, story.clock.now())])
    story.world.work()
    assert story.calls() == (0, 0, 0)
    assert story.outcomes("trigger") == [("applied", "already newer")]


def test_a_trigger_in_hand_with_a_newer_event_costs_nothing_either(story: Story) -> None:
    # Given a hand that has grown
    people = [story.person(f"user{n}@example.com") for n in range(4)]
    for person in people:
        story.zendesk.add_tags(person.id, ["warm"])
    story.hear()
    # When a trigger and a newer event of the same ticket are in it, of which nothing was known before
    ticket = story.zendesk.create_ticket(people[0].id)
    story.world.told()
    story.clock.move(5)
    story.zendesk.solve(ticket.id)
    story.forget()
    story.world.publish([hint(ticket.id, ticket.updated_at, story.clock.now()), *story.world.told()])
    assert story.world.processes[0].worker.step(0) == 2
    story.world.work()
    assert story.readings() == []
    assert story.vars_of(people[0].sid)["zendesk_tickets"][str(ticket.id)]["status"] == "solved"
    assert story.outcomes("trigger") == [("applied", "already newer")]


def test_a_trigger_of_the_same_second_is_read_for_the_order_is_not_known(story: Story) -> None:
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id)
    story.hear()
    story.forget()
    story.world.publish([hint(ticket.id, ticket.updated_at, story.clock.now())])
    story.world.work()
    assert len(story.readings()) == 1
    assert story.writes() == []


def test_a_lagging_replica_is_asked_again_until_it_shows_what_the_trigger_names(story: Story) -> None:
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id)
    story.hear()
    story.clock.move(60)
    story.zendesk.oddities.replica_lag_s = 5
    solved = story.zendesk.solve(ticket.id)
    story.world.told()
    story.forget()
    began_at = story.clock.now()
    story.world.publish([hint(ticket.id, solved.updated_at, began_at)])
    story.world.work()
    story.later(30)
    assert [(call.at - began_at).total_seconds() for call in story.readings()] == [0, 2, 4, 6]
    assert story.vars_of(ann.sid)["zendesk_tickets"][str(ticket.id)]["status"] == "solved"
    assert len(story.writes()) == 1


def test_a_replica_that_lags_for_long_is_asked_six_times_and_then_believed_as_of_its_time(
    story: Story,
) -> None:
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id, subject="First")
    story.hear()
    story.clock.move(600)
    story.zendesk.oddities.replica_lag_s = 300
    solved = story.zendesk.solve(ticket.id)
    told = story.world.told()
    story.forget()
    story.world.publish([hint(ticket.id, solved.updated_at, story.clock.now())])
    story.world.work()
    story.later(60)
    assert len(story.readings()) == 6
    assert story.writes() == []
    # What it said at last is old, and does not stand against the event that comes late
    story.world.publish(told)
    story.world.work()
    assert story.vars_of(ann.sid)["zendesk_tickets"][str(ticket.id)]["status"] == "solved"


def test_a_trigger_about_a_ticket_that_is_gone_ends_it(story: Story) -> None:
    ann = story.person("ann@example.com")
    ticket = story.zendesk.create_ticket(ann.id)
    story.hear()
    story.clock.move(60)
    story.zendesk.delete_ticket(ticket.id)
    story.world.told()
    story.world.publish([hint(ticket.id, story.clock.now(), story.clock.now())])
    story.world.work()
    story.later(100)
    assert story.vars_of(ann.sid)["zendesk_ticket_count"] == 0


def test_a_trigger_with_an_invented_id_ends_quietly(story: Story) -> None:
    story.world.publish([hint(4711, story.clock.now(), story.clock.now())])
    story.world.work()
    story.later(200)
    assert len(story.readings()) == 4
    assert story.outcomes("trigger") == [("ignored", "not in Zendesk")]
    assert (story.writes(), story.letters()) == ([], [])
