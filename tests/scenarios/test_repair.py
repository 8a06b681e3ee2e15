"""An operator understands, repairs and holds back: previews, replays of many, pauses."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import pausing
from bridge.broker.embedded import EmbeddedBroker
from bridge.directory import Directory
from bridge.ledger import dead, letters, replays
from bridge.ledger.dead import DeadLetter
from bridge.ledger.letters import DeadFilter
from bridge.ledger.replays import FINISHED, STOPPED
from bridge.repair import many
from bridge.repair.foretelling import NOTHING, READ_FIRST, SENT, Change
from bridge.repair.many import Beginning, Replayer
from bridge.repair.preview import FAILS, REFUSED, Foresight, Preview, sum_up
from bridge.repair.replaying import replay
from schemas.agent_action import LIST_ADD, LIST_REMOVE, SET_OPTOUT
from schemas.event import Event
from tests.scenarios.desk import Desk
from tests.scenarios.story import Person, Story
from tests.scenarios.way_back import know, make_fields

LOOSENING: list[tuple[str, Any, str]] = [
    (SET_OPTOUT, "basic", "all"),
    (SET_OPTOUT, "none", "all"),
    (SET_OPTOUT, "none", "basic"),
    (LIST_ADD, "News", "none"),
]


def look_ahead(story: Story, **how: Any) -> list[Preview]:
    world = story.world
    installations = {one.id: one for one in Directory(world.ledger, world.vault).all()}
    with world.ledger.reading() as connection:
        foresight = Foresight(connection, installations, world.ledger.micros(), **how)
        found = letters.some(connection, DeadFilter(), limit=99)
        return [foresight.preview(letter) for letter in found]


def begin(story: Story, *, per_minute: int = 6_000, again: bool = False) -> int:
    beginning = Beginning(DeadFilter(), "all", "ops", per_minute=per_minute, takes_again=again)
    return many.begin(story.world.ledger, beginning).id


def replayer(story: Story) -> Replayer:
    """One process that moves replays on."""
    return Replayer(story.world.ledger, EmbeddedBroker(story.world.ledger).publisher())


def run(story: Story, number: int, seconds: float = 10.0) -> replays.Replay:
    """Let the clock move it on for a while."""
    clock = replayer(story)
    for _ in range(int(seconds)):
        clock.step()
        story.clock.move(1)
    found = many.progress(story.world.ledger, number)
    assert found is not None
    return found[0]


def tags_refused(story: Story, address: str, *, times: int = 1) -> Person:
    """Somebody whose new tag Sailthru does not take."""
    person = story.person(address)
    story.sailthru.fail_with(17, "Invalid value", status=400, method="POST", times=times)
    story.zendesk.add_tags(person.id, ["vip"])
    story.hear()
    return person


def test_a_preview_says_what_the_replay_then_writes(story: Story) -> None:
    ann = tags_refused(story, "ann@example.com")
    (told,) = look_ahead(story)
    assert told.outcome == SENT
    assert {(one.system, one.field): one.value for one in told.changes} == {
        ("sailthru", "zendesk_tags"): ["vip"]
    }
    # When it is replayed
    story.forget()
    (letter,) = story.letters()
    replay(story.world.ledger, EmbeddedBroker(story.world.ledger).publisher(), letter, operator="ops")
    story.world.work()
    # Then just that was written
    assert [list(write["vars"]) for write in story.writes()] == [["zendesk_tags"]]
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]


def test_a_preview_of_what_is_right_already_changes_nothing(story: Story) -> None:
    ann, world = story.person("ann@example.com"), story.world
    letter = DeadLetter(
        world.installation.id, "zendesk", "push.write", "timeout", "It took long.", zendesk_id=ann.id
    )
    with world.ledger.writing() as connection:
        dead.bury(connection, letter, world.ledger.micros())
    (told,) = look_ahead(story)
    assert (told.outcome, told.changes) == (NOTHING, ())


def test_a_preview_of_an_event_that_could_not_be_kept_tells_what_its_facts_would_do(story: Story) -> None:
    ann, world = story.person("ann@example.com"), story.world
    story.zendesk.add_tags(ann.id, ["vip"])
    (event,) = world.told()
    letter = DeadLetter(
        world.installation.id,
        event.lane,
        event.type,
        "bug",
        "The bridge failed to keep the event 8 times: KeyError.",
        event_id=event.id,
        data={"event": event.to_bytes().decode("ascii")},
    )
    with world.ledger.writing() as connection:
        dead.bury(connection, letter, world.ledger.micros())
    (told,) = look_ahead(story)
    assert told.outcome == SENT
    assert [(one.system, one.field, one.value) for one in told.changes] == [
        ("sailthru", "zendesk_tags", ["vip"])
    ]
    # And although the ledger never kept it, a replay brings it through
    assert run(story, begin(story), seconds=1).replayed == 1
    world.work()
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]


def test_a_preview_of_a_refused_user_field_names_the_field_in_zendesk(story: Story) -> None:
    make_fields(story)
    ann = story.person("ann@example.com")
    body = {"error": "RecordInvalid", "details": {"sailthru_optout": [{"description": "is odd"}]}}
    story.zendesk.faults.answer(422, body, times=9, path=f"/api/v2/users/{ann.id}", method="PUT")
    know(story, ann.id, optout="all")
    story.later(60)
    (told,) = look_ahead(story)
    assert told.outcome == SENT
    assert ("zendesk", "sailthru_optout", "all") in {(c.system, c.field, c.value) for c in told.changes}
    with story.world.ledger.reading() as connection:
        (group,) = letters.groups(connection, DeadFilter())
    assert (group.customers, group.consents) == (1, 1)


def test_a_preview_of_an_agents_choice_says_what_would_be_sent(story: Story) -> None:
    ann, desk = story.person("ann@example.com"), Desk(story)
    story.sailthru.fail_with(17, "Invalid value", status=400, method="POST")
    desk.asks(ann, SET_OPTOUT, "all")
    story.world.work()
    (told,) = look_ahead(story)
    assert (told.outcome, [(one.field, one.value) for one in told.changes]) == (
        SENT,
        [("optout_email", "all")],
    )


def test_a_preview_of_what_the_bridge_itself_fails_of_says_so(story: Story) -> None:
    now, world = story.clock.now(), story.world
    odd = Event("odd", "acme", "zendesk", "ticket.created", "ticket:1", "webhook", now, now, {"odd": 1})
    body = odd.to_bytes().decode("ascii")
    letter = DeadLetter(
        world.installation.id, "zendesk", odd.type, "bug", "KeyError.", event_id="odd", data={"event": body}
    )
    with world.ledger.writing() as connection:
        dead.bury(connection, letter, world.ledger.micros())
    assert [told.outcome for told in look_ahead(story)] == [FAILS]


def test_many_previews_are_added_up() -> None:
    change = Change("sailthru", "zendesk_tags", ["vip"], "differs")
    told = [Preview(1, SENT, "x", (change, change)), Preview(2, SENT, "x", (change,))]
    told += [Preview(3, READ_FIRST, "x"), Preview(4, REFUSED, "gone"), Preview(5, REFUSED, "gone")]
    summary = sum_up(told)
    assert summary.looked_at == 5
    assert summary.outcomes == {SENT: 2, REFUSED: 2, READ_FIRST: 1}
    assert summary.fields == {("sailthru", "zendesk_tags"): 2}
    assert summary.refusals == {"gone": 2}


def test_a_replay_of_many_goes_at_its_rate_and_survives_the_process(story: Story) -> None:
    people = [tags_refused(story, f"p{number}@example.com") for number in range(6)]
    number = begin(story, per_minute=60)
    first = run(story, number, seconds=3)
    assert (first.replayed, first.state) == (3, "running")
    # Given the process that moved it died, another one goes on when its hold is over
    story.clock.move(60)
    done = run(story, number, seconds=5)
    assert (done.replayed, done.refused, done.state) == (6, 0, FINISHED)
    story.world.work()
    assert all(story.vars_of(person.sid)["zendesk_tags"] == ["vip"] for person in people)
    assert story.letters() == []


def test_a_stopped_replay_leaves_the_rest_open(story: Story) -> None:
    for number in range(4):
        tags_refused(story, f"p{number}@example.com")
    begun = begin(story, per_minute=60)
    run(story, begun, seconds=2)
    many.stop(story.world.ledger, begun, operator="bob")
    ended = run(story, begun, seconds=5)
    assert (ended.state, ended.stopped_by, ended.replayed) == (STOPPED, "bob", 2)
    assert len(story.letters()) == 2


def test_what_dies_of_the_same_is_not_replayed_in_a_circle(story: Story) -> None:
    ann = tags_refused(story, "ann@example.com", times=2)
    begun = begin(story)
    run(story, begun, seconds=1)
    story.world.work()
    (letter,) = story.letters()
    assert (letter.died_again, letter.replays) == (True, 1)
    found = many.progress(story.world.ledger, begun)
    assert found is not None
    assert found[1] == 1
    # Given the cause stands, nobody replays it by taking all
    assert run(story, begin(story), seconds=2).replayed == 0
    assert look_ahead(story)[0].outcome == REFUSED
    # When it is asked for by name
    assert run(story, begin(story, again=True), seconds=2).replayed == 1
    story.world.work()
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]


@pytest.mark.parametrize(("kind", "value", "before"), LOOSENING)
def test_nothing_that_loosens_consent_is_replayed_by_any_way(
    story: Story, kind: str, value: Any, before: str
) -> None:
    ann, desk = story.person("ann@example.com"), Desk(story)
    story.sailthru.edit_optout(ann.sid, before)
    seen = {"optout": before, "lists": [], "read_at": story.clock.now().isoformat()}
    story.sailthru.fail_with(17, "Invalid value", status=400, method="POST")
    if kind == LIST_ADD:
        story.sailthru.leave_list(ann.sid, "News")
    action = desk.asks(ann, kind, value, seen=seen)
    story.world.work()
    (letter,) = story.letters()
    story.forget()
    # When it is taken with all, by a replay that moves on by itself
    ended = run(story, begin(story, again=True), seconds=2)
    assert (ended.replayed, ended.refused) == (0, 1)
    # And when somebody moves its message back by hand in the broker's own pages
    story.world.publish([desk.event(action)])
    story.later(60)
    # Then it is looked at and not sent
    assert look_ahead(story)[0].outcome == REFUSED
    assert story.writes() == []
    assert [one.id for one in story.letters()] == [letter.id]
    after = story.sailthru.by_sid(ann.sid)
    assert after is not None
    assert (after.optout_email, dict(after.lists)) == (before, {} if kind == LIST_ADD else dict(after.lists))


def pause(story: Story, lane: str, installation: str | None = None) -> None:
    pausing.pause(story.world.ledger, lane, installation, operator="ops", reason="a sale", via="command")


def resume(story: Story, lane: str, installation: str | None = None) -> None:
    pausing.resume(story.world.ledger, lane, installation, operator="ops", via="command")


def test_while_an_installation_is_paused_events_become_facts_and_pushes_wait(story: Story) -> None:
    ann = story.person("ann@example.com")
    pause(story, "", "acme")
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    story.later(60)
    assert story.fact(ann.id, "tag/vip") is True
    assert (story.writes(), story.world.customer(ann.id).owed) == ([], True)
    resume(story, "", "acme")
    story.later(1)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]


def test_a_paused_lane_holds_one_direction_only(story: Story) -> None:
    make_fields(story)
    ann = story.person("ann@example.com")
    pause(story, "sailthru")
    know(story, ann.id, engagement="active")
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    story.later(60)
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.row(ann.id).owed
    resume(story, "sailthru")
    story.later(60)
    assert not story.row(ann.id).owed


def test_what_agents_ask_waits_through_a_pause_however_long(story: Story) -> None:
    ann, desk = story.person("ann@example.com"), Desk(story)
    pause(story, "agent")
    choice = desk.asks(ann, SET_OPTOUT, "all")
    removal = desk.asks(ann, LIST_REMOVE, "News")
    story.later(200)
    assert (desk.state(choice)[0], desk.state(removal)[0], story.writes()) == ("saving", "saving", [])
    resume(story, "agent")
    story.later(5)
    assert (desk.state(choice), desk.state(removal)) == (("saved", ""), ("saved", ""))


def test_a_long_pause_is_nobodys_failure(story: Story) -> None:
    ann = story.person("ann@example.com")
    story.sailthru.faults.answer(503, {}, times=2, method="POST", path="/user")
    story.zendesk.add_tags(ann.id, ["vip"])
    story.hear()
    pause(story, "zendesk")
    story.later(2 * 86_400)
    resume(story, "zendesk")
    # Given it fails once more right after
    story.later(60)
    assert story.letters() == []
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
