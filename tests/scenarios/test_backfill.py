"""Everything that is in Zendesk already comes to Sailthru: once, whole, and in nobody's way."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from bridge.holder import new_holder
from bridge.ledger.backfills import Backfill
from consumers.exporting.backfilling import MOST_WAITING, Backfilling, begin
from consumers.exporting.paging import Overtaken
from consumers.parts import Parts
from tests.scenarios.conftest import Open
from tests.scenarios.story import Story


class Pauses(threading.Event):
    """Told to wait, lets the time of the story pass instead; `left` steps until it says stop."""

    def __init__(self, story: Story, left: int = 10_000) -> None:
        super().__init__()
        self.story, self.left = story, left

    def wait(self, timeout: float | None = None) -> bool:
        self.story.clock.move(timeout or 0.1)
        self.story.world.work()
        return self.is_set()

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def parts_of(story: Story) -> Parts:
    return story.world.processes[0].pusher.parts


def started(story: Story, **options: Any) -> Backfill:
    with story.world.ledger.writing() as connection:
        return begin(
            connection,
            story.world.installation.id,
            since=options.get("since"),
            anew=options.get("anew", False),
            now=story.clock.now(),
        )


def go_on(story: Story, *, steps: int = 10_000) -> Backfill:
    """A process goes on with the backfill, and is stopped after so many looks at the clock."""
    work = Backfilling(parts_of(story), story.world.installation, new_holder(), Pauses(story, steps))
    try:
        return work.run()
    finally:
        work.let_go()


def backfill(story: Story, **options: Any) -> Backfill:
    """All of it, with every push that follows."""
    started(story, **options)
    done = go_on(story)
    story.later(60)
    return done


@pytest.fixture
def town(open_story: Open) -> Story:
    """Nobody of these was ever heard of; each but the agent has a profile, and two tickets."""
    return populate(open_story(exports_per_minute=1000))


def populate(story: Story, count: int = 30) -> Story:
    for number in range(count):
        address = f"p{number}@example.com"
        story.sailthru.create_profile(address)
        user = story.stranger(address, tags=["old"])
        for _ in range(2):
            story.zendesk.create_ticket(user, created_at=story.clock.now() - timedelta(days=9))
    story.stranger("agent@example.com", role="agent")
    story.world.told()
    story.zendesk.oddities.export_page = 7
    story.zendesk.lift_quota()
    story.forget()
    return story


def number_of(story: Story, address: str) -> int:
    return story.zendesk.user_at(address).id


def held(story: Story) -> dict[str, Any]:
    return {profile.email or "": profile.vars for profile in story.sailthru.profiles()}


def test_everybody_is_pushed_once_with_all_tickets_and_nobody_is_read_alone(town: Story) -> None:
    done = backfill(town)
    # Then each profile holds the user and both tickets
    profiles = held(town)
    assert len(profiles) == 30
    assert all(
        one["zendesk_ticket_count"] == 2 and one["zendesk_tags"] == ["old"] for one in profiles.values()
    )
    # And nothing was asked of Zendesk but pages of the exports, and nobody was written to twice
    read = [
        call.path for call in town.readings() if call.path.startswith(("/api/v2/users", "/api/v2/tickets"))
    ]
    assert [path for path in read if "user_fields" not in path] == []
    assert len(town.writes()) == 30
    # And each has a result
    outcomes = town.outcomes("backfill.customer")
    assert sorted(outcomes) == [("applied", "")] * 30 + [("ignored", "staff")]
    assert (done.stage, done.released) == ("done", 31)


def test_it_goes_on_where_it_was_stopped_and_pushes_nobody_twice(town: Story) -> None:
    started(town)
    stops = 0
    while not go_on(town, steps=5).is_done:
        stops += 1
        assert stops < 500
    town.later(60)
    assert stops > 3
    assert len(town.writes()) == 30
    assert all(one["zendesk_ticket_count"] == 2 for one in held(town).values())


def test_a_second_backfill_writes_nothing(town: Story) -> None:
    backfill(town)
    town.forget()
    town.clock.move(600)
    done = backfill(town)
    assert town.writes() == []
    assert (done.released, done.unchanged) == (0, 31)


def test_what_changed_meanwhile_stands_although_the_export_is_read_later(town: Story) -> None:
    # Given a user who changes while the export is being read
    started(town)
    number = number_of(town, "p3@example.com")
    go_on(town, steps=3)
    town.zendesk.set_tags(number, ["new"])
    town.hear()
    # Then the customer is read at once, and pushed whole, whatever the backfill does
    assert held(town)["p3@example.com"]["zendesk_tags"] == ["new"]
    assert held(town)["p3@example.com"]["zendesk_ticket_count"] == 2
    go_on(town)
    town.later(60)
    assert held(town)["p3@example.com"]["zendesk_tags"] == ["new"]


def test_a_customer_known_by_the_export_alone_is_whole_as_soon_as_an_event_comes(town: Story) -> None:
    # Given a backfill that was given up when all users had come, but not all tickets
    started(town)
    while go_on(town, steps=5).stage == "users":
        continue
    number = number_of(town, "p3@example.com")
    assert town.world.customer(number).is_only_exported
    town.zendesk.add_tags(number, ["vip"])
    town.hear()
    assert held(town)["p3@example.com"]["zendesk_tags"] == ["old", "vip"]
    assert held(town)["p3@example.com"]["zendesk_ticket_count"] == 2


def test_sync_off_and_create_profiles_are_obeyed_and_no_list_or_opt_out_is_written(open_story: Open) -> None:
    story = populate(open_story(create_profiles=False, exports_per_minute=1000), 3)
    off = number_of(story, "p0@example.com")
    story.says_agent(off, sync=False)
    story.later(60)
    before = dict(held(story)["p0@example.com"])
    newcomer = story.stranger("nobody@example.com")
    story.forget()
    backfill(story)
    assert held(story)["p0@example.com"] == before
    assert "nobody@example.com" not in held(story)
    assert story.state(newcomer) == "no_profile"
    assert all({"lists", "optout_email"}.isdisjoint(write) for write in story.writes())


def test_with_create_profiles_those_without_get_one(open_story: Open) -> None:
    story = populate(open_story(create_profiles=True, exports_per_minute=1000), 1)
    story.stranger("nobody@example.com")
    backfill(story)
    assert held(story)["nobody@example.com"]["zendesk_ticket_count"] == 0


def test_since_leaves_the_older_alone_and_reads_the_tickets_that_the_export_left_out(
    open_story: Open,
) -> None:
    story = populate(open_story(exports_per_minute=1000), 4)
    touched = number_of(story, "p1@example.com")
    story.clock.move(3600)
    since = story.clock.now()
    story.zendesk.add_tags(touched, ["vip"])
    story.sailthru.create_profile("new@example.com")
    new = story.zendesk.create_user("new@example.com").id
    story.zendesk.create_ticket(new)
    story.world.told()
    story.clock.move(300)
    backfill(story, since=since)
    profiles = held(story)
    assert profiles["p1@example.com"]["zendesk_ticket_count"] == 2
    assert profiles["new@example.com"]["zendesk_ticket_count"] == 1
    assert "zendesk_id" not in profiles["p2@example.com"]


def test_two_processes_never_do_the_same_backfill(town: Story) -> None:
    started(town)
    first = Backfilling(parts_of(town), town.world.installation, "one", Pauses(town, 8))
    first.run()
    with pytest.raises(Overtaken):
        Backfilling(parts_of(town), town.world.installation, "other", Pauses(town)).run()
    first.let_go()
    assert go_on(town).is_done


def test_a_page_that_does_not_come_is_asked_for_again(town: Story) -> None:
    town.zendesk.faults.answer(503, {"error": "down"}, path="/api/v2/incremental/*", times=2)
    town.zendesk.faults.answer(429, {}, headers={"Retry-After": "20"}, path="/api/v2/incremental/*")
    assert backfill(town).is_done
    assert len(town.writes()) == 30


def test_while_sailthru_is_away_no_more_wait_for_their_push_than_live_work_can_stand_behind(
    open_story: Open,
) -> None:
    story = populate(open_story(exports_per_minute=1000), 150)
    story.zendesk.oddities.export_page = 1000
    story.sailthru.faults.answer(503, {}, path="/user", times=None)
    started(story)
    assert go_on(story, steps=60).stage == "customers"
    owing = sum(story.world.customer(number).owed for number in numbers_of(story))
    assert 0 < owing <= MOST_WAITING
    # And when it is back, the backfill goes on by itself
    story.sailthru.faults.clear()
    assert go_on(story).is_done
    story.later(120)
    assert all(one["zendesk_ticket_count"] == 2 for one in held(story).values())


def numbers_of(story: Story) -> list[int]:
    return [number_of(story, f"p{number}@example.com") for number in range(150)]
