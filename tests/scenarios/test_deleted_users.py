"""A user whom Zendesk erases: tickets and tags leave Sailthru, and some weeks later the ledger forgets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.directory import Directory
from bridge.forgotten import Forgotten
from consumers.audit_samples import AuditSamples
from consumers.deleted_users import DeletedUsers
from tests.scenarios.oblivion import ANN, forgetting, left_of
from tests.scenarios.story import Person, Story

DAY_S = 86_400.0


@pytest.fixture
def ann(story: Story) -> Person:
    ann = story.person(ANN, tags=["vip"])
    story.zendesk.create_ticket(ann.id, subject="Where is my parcel?")
    story.hear()
    story.later(60)
    return ann


def clock_pass(story: Story, *, days: int | None = 30) -> DeletedUsers:
    world = story.world
    known = Directory(world.ledger, world.vault)
    AuditSamples(world.ledger, known, world.clock, size=0).step()  # the installation has its turns
    after = None if days is None else timedelta(days=days)
    return DeletedUsers(world.ledger, known, world.clock, forgetting(story), after)


def test_a_deleted_user_stays_and_one_that_was_erased_loses_tickets_and_tags(
    story: Story, ann: Person
) -> None:
    story.zendesk.delete_user(ann.id)
    story.hear()
    clock = clock_pass(story)
    clock.step()
    story.later(120)
    held = story.vars_of(ann.sid)
    assert (held["zendesk_active"], held["zendesk_tags"], len(held["zendesk_tickets"])) == (False, ["vip"], 1)
    # When Zendesk erases it, which it tells nobody
    story.zendesk.permanently_delete_user(ann.id)
    story.later(DAY_S)
    clock.step()
    story.later(120)
    held = story.vars_of(ann.sid)
    assert (held["zendesk_tags"], held["zendesk_tickets"]) == ([], {})
    assert held["zendesk_id"] == ann.id


def test_who_was_switched_off_loses_them_too(story: Story, ann: Person) -> None:
    story.says_agent(ann.id, sync=False)
    story.zendesk.permanently_delete_user(ann.id)
    story.hear()
    clock_pass(story).step()
    story.later(120)
    assert story.vars_of(ann.sid)["zendesk_tickets"] == {}


def test_the_clock_forgets_it_after_the_days_that_are_set(story: Story, ann: Person) -> None:
    story.zendesk.permanently_delete_user(ann.id)
    story.hear()
    clock = clock_pass(story, days=10)
    clock.step()
    story.later(120)
    for _ in range(9):
        story.later(DAY_S)
        clock.step()
    assert left_of(story, ann.id, [ANN]) != []
    story.later(2 * DAY_S)
    clock.step()
    assert left_of(story, ann.id, [ANN, ann.sid, "parcel"]) == []
    with story.world.ledger.reading() as connection:
        assert Forgotten(story.world.vault).since(connection, 1, ann.id) is not None


def test_it_is_never_forgotten_where_that_is_set(story: Story, ann: Person) -> None:
    story.zendesk.permanently_delete_user(ann.id)
    story.hear()
    clock = clock_pass(story, days=None)
    clock.step()
    story.later(400 * DAY_S)
    clock.step()
    assert story.world.customer(ann.id).sid == ann.sid


def test_nobody_is_forgotten_while_sailthru_still_holds_its_tickets(story: Story, ann: Person) -> None:
    story.zendesk.permanently_delete_user(ann.id)
    story.hear()
    clock = replace(clock_pass(story), forget_after=timedelta(hours=6))
    clock.step()
    story.sailthru.faults.answer(503, None, method="POST", path="/user", times=None)
    story.later(DAY_S / 2)
    clock.step()
    assert story.world.customer(ann.id).owed
    story.sailthru.faults.clear()
    story.later(3600)
    clock.step()
    assert left_of(story, ann.id, [ANN]) == []
    assert story.vars_of(ann.sid)["zendesk_tickets"] == {}
