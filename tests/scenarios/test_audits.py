"""Drift as a number: what Sailthru holds beside what the facts say, and exactly the differences pushed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bridge.deciding.auditing import Difference
from bridge.directory import Directory
from bridge.drift_gauges import drift_gauges
from bridge.ledger import audits
from consumers.audit_samples import AuditSamples
from consumers.auditor import Audited, Auditor, healed
from consumers.parts import Parts
from consumers.quota import RateNotes
from tests.scenarios.conftest import Open
from tests.scenarios.story import Person, Story

ANN = "ann@example.com"


@pytest.fixture
def ann(story: Story) -> Person:
    ann = story.person(ANN, tags=["vip"])
    story.zendesk.create_ticket(ann.id, subject="Where?")
    story.hear()
    story.later(600)
    story.forget()
    return ann


def auditor(story: Story) -> Auditor:
    """As the command wires it; while it waits, the consumer works on."""
    world = story.world
    parts = Parts(
        world.ledger,
        Directory(world.ledger, world.vault),
        world.remotes,
        RateNotes(world.board),
        world.clock,
    )
    return Auditor(parts, world.installation, pause=story.later)


def looked(story: Story) -> Audited:
    one = auditor(story)
    return one.look(one.everybody())


def fixed(story: Story, found: Audited) -> int:
    one = auditor(story)
    return healed(one.heal(one.fix(found, operator="op"), most_s=60))


def gauge(story: Story) -> Mapping[str, float]:
    (family,) = drift_gauges(story.world.ledger)
    return {sample.labels["installation"]: sample.value for sample in family.samples}


def test_a_customer_whose_records_agree_is_no_drift(story: Story, ann: Person) -> None:
    found = looked(story)
    assert (found.examined, found.drift, found.waiting) == (1, {}, 0)
    assert story.writes() == []


def test_what_somebody_changed_in_sailthru_shows_with_both_values_and_is_put_right(
    story: Story, ann: Person
) -> None:
    # Given a marketer who overwrites one var, beside one of their own, and takes the customer off a list
    story.sailthru.set_vars(ANN, zendesk_tags=["vip", "cheap"], loyalty="gold")
    story.later(600)
    story.forget()
    found = looked(story)
    assert found.drift == {ann.id: (Difference("zendesk_tags", ["vip"], ["vip", "cheap"]),)}
    assert gauge(story) == {"acme": 1}
    # When it is fixed, that var is written and nothing else
    assert fixed(story, found) == 1
    assert [write["vars"] for write in story.writes()] == [{"zendesk_tags": ["vip"]}]
    assert all("lists" not in write and "optout_email" not in write for write in story.writes())
    assert story.vars_of(ann.sid)["loyalty"] == "gold"
    # Then both agree again
    assert looked(story).drift == {}
    assert gauge(story) == {"acme": 0}


@pytest.mark.parametrize("object_vars", ["replaced", "merged"])
def test_a_ticket_that_should_not_be_there_goes(open_story: Open, object_vars: str) -> None:
    story = open_story()
    story.sailthru.oddities.object_vars = object_vars  # type: ignore[assignment]
    ann = story.person(ANN)
    story.zendesk.create_ticket(ann.id)
    story.hear()
    story.later(600)
    held = story.vars_of(ann.sid)["zendesk_tickets"]
    story.sailthru.set_vars(ANN, zendesk_tickets={**held, "77": {"id": 77, "subject": "nobody's"}})
    found = looked(story)
    assert found.drift[ann.id] == (
        Difference("zendesk_tickets", {}, {"77": {"id": 77, "subject": "nobody's"}}),
    )
    fixed(story, found)
    story.later(120)  # whether Sailthru merges objects may have to be found out first
    assert looked(story).drift == {}


def test_a_profile_that_was_moved_by_hand_comes_back(story: Story, ann: Person) -> None:
    story.sailthru.change_email(ANN, "moved@example.com")
    found = looked(story)
    assert found.drift[ann.id] == (Difference("email", ANN, "moved@example.com"),)
    assert fixed(story, found) == 1
    assert story.address_of(ann.sid) == ANN


def test_who_waits_for_a_push_who_is_switched_off_and_who_has_no_profile_are_no_drift(
    story: Story, ann: Person
) -> None:
    off, gone = story.person("off@example.com"), story.person("gone@example.com")
    nobody = story.stranger("nobody@example.com")
    story.meet(nobody)
    story.says_agent(off.id, sync=False)
    story.later(600)
    story.sailthru.set_vars("off@example.com", zendesk_tags=["by hand"])
    story.sailthru.delete_profile("gone@example.com")
    story.zendesk.add_tags(ann.id, ["new"])
    story.sailthru.faults.answer(503, None, method="POST", path="/user", times=None)
    story.hear()
    story.forget()
    found = looked(story)
    assert (found.examined, found.drift) == (3, {})
    assert (found.waiting, found.off, found.vanished) == (1, 1, 1)
    with story.world.ledger.reading() as connection:
        assert audits.tally(connection, 1) == (3, 1)
    assert gone.id


def test_the_clock_finds_drift_within_an_hour_and_sees_it_healed(story: Story, ann: Person) -> None:
    world = story.world
    samples = AuditSamples(world.ledger, Directory(world.ledger, world.vault), world.clock, size=10)

    def hour() -> int:
        looked_at = 0
        for _ in range(61):
            looked_at += samples.step()
            story.later(60)
        return looked_at

    story.person("bob@example.com")
    hour()  # its first turn is given
    story.sailthru.set_vars(ANN, zendesk_health="satisfied", zendesk_ticket_count=99)
    story.forget()
    assert hour() == 2
    assert gauge(story) == {"acme": 1}
    with world.ledger.reading() as connection:
        assert audits.drifting(connection, 1, limit=9) == [ann.id]
    assert fixed(story, looked(story)) == 1
    assert gauge(story) == {"acme": 0}


def test_a_sample_is_bounded_and_comes_round(story: Story) -> None:
    people = [story.person(f"p{number}@example.com").id for number in range(5)]
    world = story.world
    samples = AuditSamples(world.ledger, Directory(world.ledger, world.vault), world.clock, size=2)
    samples.step()
    seen: list[list[str]] = []
    for _ in range(4):
        story.later(3600)
        story.forget()
        assert samples.step() <= 2
        story.later(10)
        seen.append([read["id"] for read in story.profile_reads()])
    sids = [str(world.customer(number).sid) for number in sorted(people)]
    assert [set(page) & set(sids) for page in seen] == [
        set(sids[:2]),
        set(sids[2:4]),
        {sids[4]},
        set(sids[:2]),
    ]


def test_an_audit_leaves_most_of_the_share_and_the_agents_reserve_alone(story: Story, ann: Person) -> None:
    from bridge.allowance import AGENT_RESERVE, AUDIT_SHARE, Allowance

    world = story.world
    with world.ledger.writing() as connection:
        allowance = Allowance(connection, world.installation, world.clock)
        granted = sum(allowance.take_for_audit("sailthru.user.get", 10_000).calls for _ in range(3))
        left = allowance.room("sailthru.user.get", 10_000)
    assert 0 < granted < 18_000 * AUDIT_SHARE * (1 - AGENT_RESERVE)
    assert left.calls > 0


def test_a_field_of_a_customer_who_changed_meanwhile_is_left_to_its_own_push(
    story: Story, ann: Person
) -> None:
    story.sailthru.set_vars(ANN, zendesk_tags=[])
    found = looked(story)
    story.zendesk.add_tags(ann.id, ["new"])
    story.sailthru.faults.answer(503, None, method="POST", path="/user", times=1)
    story.hear()
    assert auditor(story).fix(found, operator="op") == []
    story.later(120)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["new", "vip"]


def test_values_that_only_look_different_are_the_same(story: Story, ann: Person) -> None:
    held: dict[str, Any] = story.vars_of(ann.sid)
    story.sailthru.set_vars(ANN, zendesk_id=float(held["zendesk_id"]))
    assert looked(story).drift == {}
    story.sailthru.set_vars(ANN, zendesk_active="true")
    assert [one.field for one in looked(story).drift[ann.id]] == ["zendesk_active"]
