"""A push that fails, or of which nobody knows: sent again, once more a minute later, never a stale value."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bridge.ledger import installations
from bridge.remotes.sailthru import Sailthru
from consumers.preparing import LEASE_S
from sandbox.web.faults import Fault
from sandbox.web.messages import Reply, Request
from tests.scenarios.story import Person, Story
from tests.services.waiting import wait_until

DAY_S = 86_400


@dataclass(slots=True)
class FaultFor(Fault):
    """What goes wrong for the requests that name one profile."""

    sid: str = ""

    def is_for(self, request: Request) -> bool:
        return request.method == "POST" and self.sid.encode() in request.body


def tag(story: Story, person: Person, name: str) -> None:
    """After a while a tag is added, and the bridge hears of it."""
    story.clock.move(60)
    story.zendesk.add_tags(person.id, [name])
    story.hear()


def sent_at(story: Story) -> list[float]:
    """When something was posted, in seconds after the first."""
    posts = story.sailthru.calls.matching("POST", "/user")
    return [(call.at - posts[0].at).total_seconds() for call in posts]


@pytest.mark.parametrize("code", [43, 0])
def test_too_many_requests_are_tried_again_after_the_time_asked_for(story: Story, code: int) -> None:
    ann = story.person("ann@example.com")
    reset = int(story.clock.now().timestamp()) + 60 + 37
    body = {"error": 43, "errormsg": "Too many"} if code else None
    story.sailthru.faults.answer(429, body, headers={"X-Rate-Limit-Reset": str(reset)}, path="/user")
    tag(story, ann, "vip")
    story.later(36)
    assert len(story.writes()) == 1
    story.later(100)
    assert sent_at(story) == [0, 37]
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.letters() == []


def test_an_internal_error_is_tried_again_and_sent_again(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.sailthru.fail_with(9)
    tag(story, ann, "vip")
    story.later(300)
    assert sent_at(story) == [0, 1]
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("fault", ["reset", "black_hole", "gateway"])
def test_an_unknown_outcome_is_sent_now_and_once_more_a_minute_later(
    story: Story, fault: str, applied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = Sailthru.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "read_s", 0.2)
    story.world.add_process()  # one whose clients give up sooner
    ann = story.person("ann@example.com")
    faults = story.sailthru.faults
    match fault:
        case "reset":
            faults.reset(method="POST", applied=applied)
        case "black_hole":
            faults.black_hole(method="POST", applied=applied)
        case "gateway":
            faults.answer(504, b"<html>", method="POST", applied=applied)
    tag(story, ann, "vip")
    story.later(30)
    first, again = story.writes()
    assert again == first
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    story.later(600)
    assert story.writes() == [first, first, first]
    assert sent_at(story) == [0, 0, 60]
    assert story.letters() == []


def test_an_unknown_move_is_repeated_by_sid_and_ends_at_the_new_address(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.sailthru.faults.reset(method="POST", applied=True)
    story.clock.move(60)
    story.zendesk.change_email(ann.id, "new@example.com")
    story.hear()
    story.later(600)
    assert story.address_of(ann.sid) == "new@example.com"
    assert len(story.sailthru.profiles()) == 1
    assert [write["keys"] for write in story.writes()] == [{"email": "new@example.com"}] * 3
    assert story.letters() == []


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_a_write_that_lands_after_its_lease_leaves_no_stale_value(
    story: Story, pool: ThreadPoolExecutor
) -> None:
    # Given a process whose write Sailthru holds back
    ann = story.person("ann@example.com")
    slow = story.world.add_process(pool=pool)
    held = story.sailthru.hold("POST", "/user")
    story.clock.move(60)
    story.zendesk.add_tags(ann.id, ["old"])
    story.world.deliver()
    slow.worker.step(0)
    slow.pusher.step()
    assert b"old" in held.wait_arrived().body
    # When its lease ends, and another one writes what is true by then
    story.clock.move(1)
    story.zendesk.set_tags(ann.id, ["new"])
    story.world.add_process()
    story.hear()
    assert story.writes() == []
    story.later(LEASE_S + 1)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["new"]
    # And the old one lands after all
    held.release()
    wait_until(lambda: bool(slow.pusher._results), within_s=10, what="the late answer")
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["old"]
    # Then it is put right within a minute even if the old process says nothing
    story.later(60)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["new"]


def test_a_pusher_that_finds_its_lease_gone_marks_what_it_sent_as_owed(
    story: Story, pool: ThreadPoolExecutor
) -> None:
    ann = story.person("ann@example.com")
    slow = story.world.add_process(pool=pool)
    held = story.sailthru.hold("POST", "/user")
    story.clock.move(60)
    story.zendesk.add_tags(ann.id, ["old"])
    story.world.deliver()
    slow.worker.step(0)
    slow.pusher.step()
    held.wait_arrived()
    story.clock.move(1)
    story.zendesk.set_tags(ann.id, ["new"])
    story.world.add_process()
    story.hear()
    story.later(LEASE_S + 120)
    assert not story.world.customer(ann.id).owed
    held.release()
    wait_until(lambda: bool(slow.pusher._results), within_s=10, what="the late answer")
    slow.pusher.write_results()
    assert story.world.customer(ann.id).owed
    story.forget()
    story.world.work()
    assert [write["vars"] for write in story.writes()] == [{"zendesk_tags": ["new"]}]
    story.later(300)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["new"]
    assert len(story.writes()) == 2


def test_a_sailthru_that_is_down_for_days_dead_letters_nothing_and_goes_on_by_itself(story: Story) -> None:
    ann, bob = story.person("ann@example.com"), story.person("bob@example.com")
    story.sailthru.faults.answer(503, None, path="/user", times=None)
    tag(story, ann, "vip")
    story.later(1800)
    # It is tried about once a minute
    assert 25 <= len(story.writes()) <= 40
    for _ in range(60):
        story.clock.move(3600)
        story.later(120)
    assert story.letters() == []
    tag(story, bob, "vip")
    assert story.world.customer(ann.id).owed
    # When it answers again, everybody is served within two minutes
    story.sailthru.faults.clear()
    story.later(130)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.vars_of(bob.sid)["zendesk_tags"] == ["vip"]
    assert story.letters() == []
    assert story.world.customer(ann.id).failing_since is None


def test_one_customer_that_fails_for_a_day_alone_becomes_a_dead_letter_and_not_sooner(story: Story) -> None:
    ann, bob = story.person("ann@example.com"), story.person("bob@example.com")
    story.sailthru.faults.add(FaultFor(Reply(500, {"error": 9, "errormsg": "no"}), times=None, sid=ann.sid))
    tag(story, ann, "vip")
    began_at = story.clock.now()
    for n in range(30):
        story.clock.move(2900)
        story.later(60)
        story.zendesk.set_tags(bob.id, [f"tag{n}"])
        story.hear()
        if (story.clock.now() - began_at).total_seconds() < DAY_S:
            assert story.letters() == []
    (letter,) = story.letters()
    assert (letter.reason, letter.zendesk_id) == ("server_error", ann.id)
    assert story.vars_of(bob.sid)["zendesk_tags"] == ["tag29"]
    assert story.state(ann.id) == "refused"
    # It is not tried again by itself; the next event does, and success closes the letter
    story.sailthru.faults.clear()
    story.later(3600)
    assert story.vars_of(ann.sid)["zendesk_tags"] == []
    tag(story, ann, "beta")
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["beta", "vip"]
    assert story.letters() == []


def test_what_sailthru_refuses_is_one_dead_letter_closed_by_success(story: Story) -> None:
    ann = story.person("ann@example.com")
    fault = story.sailthru.fail_with(16, "Bad value", times=None, method="POST")
    tag(story, ann, "one")
    tag(story, ann, "two")
    (letter,) = story.letters()
    assert (letter.reason, letter.attempts, letter.zendesk_id) == ("bad_value", 2, ann.id)
    assert story.outcomes("user.tags_changed") == [("dead", "bad_value")] * 2
    # It is not tried again by itself
    assert fault.times is None
    story.forget()
    story.later(48 * 3600)
    assert story.calls() == (0, 0, 0)
    # And success closes it
    story.sailthru.faults.clear()
    tag(story, ann, "three")
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["one", "three", "two"]
    assert story.letters() == []
    assert [one.reason for one in story.letters("closed")] == ["bad_value"]


def test_wrong_credentials_halt_and_go_on_after_the_key_is_mended(story: Story) -> None:
    ann, bob = story.person("ann@example.com"), story.person("bob@example.com")
    good = story.sailthru.account
    story.sailthru.faults.answer(401, {"error": 3, "errormsg": "Invalid API key"}, times=None)
    tag(story, ann, "vip")
    tag(story, bob, "vip")
    story.later(600)
    # Tried once a minute, by one call, and no customer is blamed
    assert 10 <= len(story.writes()) <= 13
    assert story.letters() == []
    assert {outcome for outcome, _ in story.outcomes("user.tags_changed")} == {"kept"}
    # When the key works again, all goes on within a minute, by itself
    story.sailthru.faults.clear()
    story.later(61)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.vars_of(bob.sid)["zendesk_tags"] == ["vip"]
    assert good.api_key not in str(story.outcomes("user.tags_changed"))


def test_new_credentials_take_effect_without_a_restart(story: Story) -> None:
    ann = story.person("ann@example.com")
    found = story.world.installation
    wrong = replace(found.settings, sailthru=replace(found.settings.sailthru, api_secret="wrong"))
    _set(story, wrong)
    tag(story, ann, "vip")
    story.later(120)
    assert story.vars_of(ann.sid)["zendesk_tags"] == []
    assert story.letters() == []
    _set(story, found.settings)
    story.later(120)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]


def _set(story: Story, settings: Any) -> None:
    world = story.world
    with world.ledger.writing() as connection:
        installations.replace(
            connection, world.vault, id=world.installation.id, settings=settings, at=story.clock.now()
        )


@pytest.mark.parametrize("objects", ["merged", "replaced"])
@pytest.mark.parametrize("nulls", ["unset", "kept"])
def test_removed_tickets_leave_whether_sailthru_merges_objects_or_replaces_them(
    story: Story, objects: str, nulls: str
) -> None:
    story.sailthru.set_oddity("object_vars", objects)
    story.sailthru.set_oddity("null_vars", nulls)
    ann = story.person("ann@example.com")
    first, second = (story.zendesk.create_ticket(ann.id).id for _ in range(2))
    story.hear()
    for number in (first, second):
        story.clock.move(60)
        story.zendesk.delete_ticket(number)
        story.hear()
        story.later(100)
        shown = story.vars_of(ann.sid)["zendesk_tickets"]
        assert str(number) not in {key for key, ticket in shown.items() if ticket is not None}
    assert story.vars_of(ann.sid)["zendesk_ticket_count"] == 0
    # And after what was learned, a look is not needed any more
    story.forget()
    third = story.zendesk.create_ticket(ann.id).id
    story.hear()
    story.clock.move(60)
    story.zendesk.delete_ticket(third)
    story.hear()
    story.later(100)
    assert story.looks() == []
    assert {k for k, v in story.vars_of(ann.sid)["zendesk_tickets"].items() if v is not None} == set()
