"""What no event told of heals: the exports list every record that changed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bridge.clock import to_micros
from bridge.ledger import exports
from bridge.ledger.exports import RECONCILE, Walk
from consumers.exporting import reconciling
from consumers.exporting.reconciling import Found, Schedule
from consumers.reader import Reader
from tests.consumers.world import InlinePool, World
from tests.scenarios.conftest import Open
from tests.scenarios.story import Story

EVERY = timedelta(minutes=5)
MINUTE_S = 60.0


def reconcile(story: Story) -> Found:
    """A pass of the clock at this moment, and what follows from it."""
    story.zendesk.lift_quota()
    with story.world.ledger.writing() as connection:  # time stands still here: the quota is tried elsewhere
        connection.exec_driver_sql("UPDATE quotas SET next_at = 0")
    found = Found()
    parts = story.world.processes[0].pusher.parts
    for kind in reconciling.KINDS:
        is_ended = False
        while not is_ended:
            is_ended = reconciling.read_page(parts, story.world.installation, kind, found)
    story.later(200)
    return found


def begin(story: Story) -> None:
    """The clock has met the installation."""
    with story.world.ledger.writing() as connection:
        reconciling.begin_missing(connection, story.world.installation.id, story.clock.now())


def lose(story: Story) -> None:
    """Nobody hears of what was just done."""
    story.world.told()


def expected(story: Story, number: int) -> dict[str, Any]:
    """What the profile of a user must hold, told from Zendesk's state alone."""
    user = story.zendesk.user(number)
    tickets = [one for one in story.zendesk.tickets_of(number) if one.status != "deleted"]
    held = {
        "zendesk_active": user.active,
        "zendesk_ticket_count": len(tickets),
        "zendesk_tickets": {str(one.id): one.status for one in tickets},
    }
    return held | ({"zendesk_tags": sorted(user.tags), "email": user.email} if user.active else {})


def held(story: Story, number: int, sid: str) -> dict[str, Any]:
    profile = story.sailthru.by_sid(sid)
    assert profile is not None
    tickets = {key: one["status"] for key, one in profile.vars["zendesk_tickets"].items() if one is not None}
    shown = {name: profile.vars.get(name) for name in ("zendesk_active", "zendesk_ticket_count")}
    shown["zendesk_tickets"] = tickets
    if story.zendesk.user(number).active:
        shown |= {"zendesk_tags": profile.vars["zendesk_tags"], "email": profile.email}
    return shown


def test_a_day_on_which_a_third_of_all_deliveries_is_lost_heals_in_one_pass(story: Story) -> None:
    # Given people with profiles and tickets, and a clock that has met the installation
    begin(story)
    chance = random.Random(7)
    people = [story.person(f"p{number}@example.com", tags=["first"]) for number in range(12)]
    tickets = [story.zendesk.create_ticket(one.id).id for one in people for _ in range(2)]
    story.hear()
    gone: set[int] = set()
    # When a day passes in which all kinds of things happen, and every third delivery never arrives
    for _ in range(48):
        story.clock.move(1800)
        _happen(story, chance, [one.id for one in people], tickets, gone)
        heard = [event for event in story.world.told() if chance.random() > 1 / 3]
        story.world.publish(heard)
        story.later(30)
    wrong = [one.id for one in people if held(story, one.id, one.sid) != expected(story, one.id)]
    assert wrong, "the day was too quiet to prove anything"
    # Then one pass heals it all
    story.clock.move(2 * MINUTE_S)
    found = reconcile(story)
    assert {one.id: held(story, one.id, one.sid) for one in people} == {
        one.id: expected(story, one.id) for one in people
    }
    # And says so
    assert found.drift.keys() >= set(wrong)
    assert found.examined >= len(people)
    # And a second one finds nothing, and writes nothing
    story.forget()
    assert reconcile(story).drift == {}
    assert story.writes() == []


def _happen(
    story: Story, chance: random.Random, people: list[int], tickets: list[int], gone: set[int]
) -> None:
    """Something that happens every day, to somebody."""
    zendesk = story.zendesk
    user, other = chance.sample([one for one in people if one not in gone], 2)
    standing = [one for one in tickets if zendesk.ticket(one).status != "deleted"]
    ticket, number = chance.choice(standing), chance.randrange(10**6)

    def merge() -> None:
        if len(gone) < 3:
            zendesk.merge_users(user, other)
            gone.add(user)

    def come_back() -> None:
        if gone:
            back = gone.pop()
            zendesk.reactivate(back, f"back{back}{number}@example.com")

    deeds: list[Callable[[], object]] = [
        lambda: zendesk.add_tags(user, [chance.choice(["vip", "press", "gold"])]),
        lambda: zendesk.set_tags(user, []),
        lambda: zendesk.change_email(user, f"moved{number}@example.com"),
        lambda: tickets.append(zendesk.create_ticket(user).id),
        lambda: zendesk.solve(ticket),
        lambda: zendesk.change_requester(ticket, user),
        lambda: zendesk.delete_ticket(ticket),
        merge,
        come_back,
    ]
    chance.choice(deeds)()


def test_the_most_recent_minute_is_left_to_the_events(story: Story) -> None:
    begin(story)
    jane = story.person("jane@example.com")
    story.later(600)
    # Given an export that was asked for half a minute after a tag came and went again
    story.zendesk.add_tags(jane.id, ["vip"])
    story.clock.move(90)
    added = story.world.told()
    story.zendesk.remove_tags(jane.id, ["vip"])
    story.world.publish(added + story.world.told())
    story.world.work()
    story.clock.move(30)
    # When the pass reads it
    found = reconcile(story)
    # Then what the event says of that minute stands
    assert found.drift == {}
    assert story.vars_of(jane.sid)["zendesk_tags"] == []


def test_a_user_nobody_told_of_is_met(story: Story) -> None:
    begin(story)
    story.clock.move(MINUTE_S)
    sid = story.sailthru.create_profile("ann@example.com")
    number = story.zendesk.create_user("ann@example.com").id
    story.zendesk.create_ticket(number)
    lose(story)
    story.clock.move(2 * MINUTE_S)
    assert set(reconcile(story).drift) == {number}
    assert story.vars_of(sid)["zendesk_ticket_count"] == 1
    kept = story.outcomes("reconcile.customer")
    assert kept
    assert {outcome for outcome, _ in kept} == {"applied"}


def test_a_cursor_that_zendesk_refuses_begins_anew_a_little_earlier(story: Story) -> None:
    begin(story)
    jane = story.person("jane@example.com")
    story.later(600)
    reconcile(story)
    story.zendesk.add_tags(jane.id, ["vip"])
    lose(story)
    story.clock.move(2 * MINUTE_S)
    _spoil_cursors(story)
    assert set(reconcile(story).drift) == {jane.id}
    assert story.vars_of(jane.sid)["zendesk_tags"] == ["vip"]


def _spoil_cursors(story: Story) -> None:
    """Both walks stand in the middle, at a cursor that nobody can read."""
    with story.world.ledger.writing() as connection:
        for walk in exports.walks(connection, story.world.installation.id, RECONCILE):
            connection.exec_driver_sql("UPDATE exports SET cursor = 'rotten', is_ended = 0")
            assert walk.sent_at


def clock_of(world: World) -> tuple[Schedule, Reader]:
    """What one clock process does."""
    parts = world.add_process().pusher.parts
    schedule = Schedule(world.ledger, parts.directory, world.clock, EVERY)
    return schedule, Reader(parts, reconciling.source(EVERY), InlinePool())


def exported(story: Story) -> list[str]:
    return [call.path.split("/")[4] for call in story.readings() if "/incremental/" in call.path]


def test_each_export_is_read_once_every_five_minutes_however_many_clocks_there_are(story: Story) -> None:
    clocks = [clock_of(story.world) for _ in range(2)]
    for _ in range(60):
        story.clock.move(15)
        for schedule, reader in clocks:
            schedule.step()
            reader.step()
    for kind in reconciling.KINDS:
        moments = [call.at for call in story.readings() if f"/incremental/{kind}/" in call.path]
        gaps = [later - before for before, later in itertools.pairwise(moments)]
        assert gaps
        assert all(timedelta(seconds=270) <= gap <= timedelta(seconds=330) for gap in gaps)


def test_long_exports_are_read_at_our_share_of_the_limit(open_story: Open) -> None:
    story = open_story(zendesk_share=0.5)
    schedule, reader = clock_of(story.world)
    schedule.step()
    _make_walks_long(story)
    story.forget()
    for _ in range(240):
        story.clock.move(1)
        reader.step()
    # Then in no minute more than five of the ten that Zendesk allows, and none was refused
    moments = [call.at for call in story.readings() if "/incremental/" in call.path]
    assert len(moments) >= 14
    assert all(sum(one <= other < one + timedelta(minutes=1) for other in moments) <= 5 for one in moments)
    assert story.zendesk.quota.refused == 0


def _make_walks_long(story: Story) -> None:
    """Both walks begin years ago, and Zendesk shows few records a page."""
    world = story.world
    for number in range(40):
        story.stranger(f"old{number}@example.com")
    with world.ledger.writing() as connection:
        begun = [Walk(world.installation.id, RECONCILE, kind, to_micros(world.clock.now()) // 2)
                 for kind in reconciling.KINDS]  # fmt: skip
        exports.begin(connection, begun)
        connection.exec_driver_sql("UPDATE waits SET due_at = 0 WHERE kind = 'reconcile'")
    story.zendesk.oddities.export_page = 2


def test_while_credentials_do_not_work_one_call_a_minute_tries_them(story: Story) -> None:
    schedule, reader = clock_of(story.world)
    story.clock.move(600)
    schedule.step()
    story.zendesk.expire_tokens()
    story.zendesk.faults.answer(401, {"error": "invalid_token"}, path="/api/v2/incremental/*", times=None)
    for _ in range(40):
        story.clock.move(15)
        reader.step()
    tried = len(exported(story))
    assert 3 <= tried <= 24
    # And as soon as they work again, so does the pass
    story.zendesk.faults.clear()
    for _ in range(40):
        story.clock.move(15)
        reader.step()
    with story.world.ledger.reading() as connection:
        walks = exports.walks(connection, story.world.installation.id, RECONCILE)
    assert [walk.is_ended for walk in walks] == [True, True]


def test_an_account_that_may_not_export_is_a_dead_letter_until_it_may(story: Story) -> None:
    schedule, reader = clock_of(story.world)
    story.zendesk.faults.answer(403, {"error": "Forbidden"}, path="/api/v2/incremental/*", times=None)
    for _ in range(40):
        story.clock.move(15)
        schedule.step()
        reader.step()
    assert story.reasons() == ["forbidden"]
    story.zendesk.faults.clear()
    for _ in range(40):
        story.clock.move(15)
        schedule.step()
        reader.step()
    assert story.reasons() == []
